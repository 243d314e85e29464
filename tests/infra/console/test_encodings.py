"""Terminals that are not UTF-8, and bytes that are no text: characters may be lost, a command never."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.console.app import build
from infra.console.exit_codes import say
from tests.infra.console.fakes import ACCOUNT, CHAT, ITEM, MEDIA, MEMBER, FakeConsole, FakeDesk

MAIN = Path(__file__).parent.parent.parent.parent / "main.py"
GROUP = "-1001234567890"
SUNSET = "Sunset 🌅 of Zoë – נועה"
NO_TEXT = os.fsdecode(b"caf\xe9")
ANY_LINE = CHAT | MEDIA | MEMBER | ACCOUNT | ITEM
LINE = ANY_LINE | {"title": SUNSET, "chat_title": SUNSET, "name": SUNSET, "account": SUNSET, "username": SUNSET}
SHOWING = [
    ["chat", "add", GROUP, "--title", SUNSET],
    ["chat", "list"],
    ["media", "list"],
    ["queue", "list"],
    ["queue", "remove", "12"],
    ["member", "set", GROUP, "7", "--name", SUNSET],
    ["member", "list"],
    ["account", "list"],
    ["why", "12"],
]
TAKING_TEXT = [
    ["chat", "add", GROUP, "--title", NO_TEXT],
    ["chat", "add", GROUP, f"--title={NO_TEXT}"],
    ["chat", "set", GROUP, "--timezone", NO_TEXT],
    ["chat", "set", GROUP, "--account", NO_TEXT],
    ["media", "add", f"{NO_TEXT}.jpg", "--chat", GROUP],
    ["media", "add", "a.jpg", "--chat", GROUP, "--caption", NO_TEXT],
    ["queue", "add", "--chat", GROUP, "--media", "3", "--due", NO_TEXT],
    ["member", "set", GROUP, "7", "--name", NO_TEXT],
    ["account", "add", "--chat", GROUP, "--login", "facebook", "--ig-user-id", NO_TEXT],
    ["why", NO_TEXT],
    [NO_TEXT],
]


def typed(words: list[str], charset: str = "utf-8", lines: list[dict[str, Any]] | None = None) -> Result:
    outside = FakeConsole(FakeDesk([LINE] if lines is None else lines))
    return CliRunner(charset=charset).invoke(build(outside.opened()), words, env={"COLUMNS": "200"})


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
@pytest.mark.parametrize("words", [*SHOWING, *([*words, "--json"] for words in SHOWING), ["chat", "add", "--help"]])
def test_b12_terminal_that_lacks_a_character_is_shown_another(words: list[str], charset: str) -> None:
    done = typed(words, charset)

    assert (done.exit_code, done.exception) == (0, None)
    assert done.stdout


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
def test_b12_json_loses_nothing(charset: str) -> None:
    """A program reads it, and JSON has a spelling for each character."""
    assert json.loads(typed(["chat", "list", "--json"], charset).stdout) == LINE


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
def test_b12_refusal_is_one_sentence_there_too(charset: str) -> None:
    done = typed(["why", SUNSET], charset)

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)


OBEYED = "evil\u202egpj.\u200b\x1b[2J\x9b1m\x7f\u2066"
OBEYED_LINE = {name: OBEYED if isinstance(value, str) and value == SUNSET else value for name, value in LINE.items()}
OBEYED_LINE |= {"file_name": OBEYED, "note": OBEYED, "caption": OBEYED}


@pytest.mark.parametrize("words", [*SHOWING, *([*words, "--json"] for words in SHOWING)])
def test_nothing_that_a_terminal_obeys_comes_out_of_a_command(words: list[str]) -> None:
    """A file is named by anybody who sends one; so are people and groups."""
    done = typed(words, lines=[OBEYED_LINE])

    assert done.exit_code == 0
    assert {one for one in done.stdout if not one.isprintable()} == {"\n"}
    assert ("\\u202e" in done.stdout) == ("\\u001b" in done.stdout)


def test_json_gives_back_what_it_escaped() -> None:
    assert json.loads(typed(["media", "list", "--json"], lines=[OBEYED_LINE]).stdout) == OBEYED_LINE


def test_sentence_that_repeats_a_strange_name_shows_it_by_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"{OBEYED}.jpg does not exist")

    said = capsys.readouterr().err
    assert {one for one in said if not one.isprintable()} == {"\n"}
    assert said.startswith("evil\\u202egpj.\\u200b\\u001b[2J")


@pytest.mark.parametrize("words", TAKING_TEXT)
def test_b12_bytes_that_are_no_text_are_wrong_input_wherever_they_stand(words: list[str]) -> None:
    outside = FakeConsole(FakeDesk([LINE]))

    done = CliRunner().invoke(build(outside.opened()), words)

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "bytes that are no UTF-8" in done.stderr
    assert "caf\\udce9" in done.stderr
    assert outside.admin.asked == []


def test_token_of_bytes_that_are_no_text_is_no_token() -> None:
    done = CliRunner().invoke(
        build(FakeConsole(FakeDesk([LINE])).opened()),
        ["account", "add", "--chat", GROUP, "--login", "facebook"],
        input=b"\xff\xfe\n",
    )

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "is no token" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_b12_chat_with_an_emoji_is_set_up_and_the_command_has_not_failed(database_url: str, encoding: str) -> None:
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "DATABASE_URL": database_url, "PYTHONIOENCODING": encoding}

    done = subprocess.run(
        [sys.executable, str(MAIN), "chat", "add", GROUP, "--title", SUNSET],
        env=environment,
        capture_output=True,
        timeout=50,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Sunset ? of" in done.stdout
