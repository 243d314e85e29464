"""What helps a person who types: the name that works, what was meant, examples, completion, a width that is read."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.console.app import build
from infra.console.program import NAME, PROGRAM, VERSION, in_full, name_to_type
from tests.infra.console.fakes import ITEM, FakeConsole

ROOT = Path(__file__).parent.parent.parent.parent
AT = "2026-01-31T17:31:02+00:00"
TYPED = "python main.py"


@pytest.fixture
def typed_as() -> Iterator[None]:
    """The program is typed as docs/operations.md says."""
    token = PROGRAM.set(TYPED)
    yield
    PROGRAM.reset(token)


def type_in(*words: str, outside: FakeConsole | None = None, columns: int = 80) -> Result:
    app = build((outside or FakeConsole()).opened())
    return CliRunner().invoke(app, list(words), prog_name=PROGRAM.get() or NAME, env={"COLUMNS": str(columns)})


def test_version_is_the_one_that_is_released() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert type_in("--version").stdout == f"everytap {project['version']}\n"
    assert project["version"] == VERSION


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["chta", "list"], "Did you mean 'chat'?"),
        (["queue", "ad"], "Did you mean 'add'?"),
        (["queue", "list", "--jsn"], "Did you mean '--json'?"),
        (["chat", "add", "-100", "--tilte", "x"], "Did you mean '--title'?"),
        (["chat", "add", "--tilte", "x", "-100"], "Did you mean '--title'?"),
        (["chat", "set", "-100", "--resme"], "Did you mean '--resume'?"),
    ],
)
def test_what_was_meant_is_asked(words: list[str], meant: str) -> None:
    done = type_in(*words)

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.endswith(f". {meant}\n")


@pytest.mark.usefixtures("typed_as")
@pytest.mark.parametrize(
    ("words", "command"),
    [
        ([], "`python main.py --help`"),
        (["chat"], "`python main.py chat --help`"),
        (["why"], "`python main.py why --help`"),
        (["chat", "add", "-5", "--xyzzy"], "`python main.py chat add --help`"),
        (["chat", "list"], "`python main.py chat add CHAT_ID`"),
    ],
)
def test_what_a_person_is_told_to_type_can_be_typed(words: list[str], command: str) -> None:
    assert command in type_in(*words).output


@pytest.mark.usefixtures("typed_as")
def test_sentence_keeps_what_is_no_command_of_ours() -> None:
    assert in_full("`queue list` shows `it`, `. bin/activate` not.") == (
        "`python main.py queue list` shows `it`, `. bin/activate` not."
    )


def test_name_is_the_short_one_only_where_the_shell_finds_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = ["python", "main.py", "chat", "list"]
    monkeypatch.setenv("PATH", str(tmp_path))
    before = name_to_type(line, "main.py", str(tmp_path / "python"))
    (tmp_path / NAME).write_text("#!/bin/sh\n")
    (tmp_path / NAME).chmod(0o755)

    assert before == TYPED
    assert name_to_type(line, "main.py", str(tmp_path / "python")) == NAME
    assert name_to_type(line, "main.py", "/elsewhere/bin/python") == TYPED
    assert name_to_type(["/a b/python", "-X", "dev", "main.py"], "main.py", "/a b/python") == (
        "'/a b/python' -X dev main.py"
    )


def test_help_is_grouped_and_gives_examples() -> None:
    text = type_in("--help").stdout

    titles = [text.index(f"─ {title} ─") for title in ("Set up", "Every day", "Run and look after")]
    assert titles == sorted(titles)
    assert "$ everytap why 1" in text
    assert "$ everytap chat add" in type_in("chat", "add", "--help").stdout
    assert "─ Limits ─" in type_in("chat", "set", "--help").stdout


@pytest.mark.parametrize("words", [["chat", "set"], ["media", "add"], ["queue", "add"], ["queue", "requeue"], ["why"]])
def test_each_help_text_with_a_choice_has_an_example(words: list[str]) -> None:
    assert f"$ everytap {' '.join(words)}" in type_in(*words, "--help").stdout


def test_why_fits_eighty_columns_with_everything_in_it() -> None:
    outside = FakeConsole()
    tap: dict[str, Any] = {"id": 12, "at": AT, "version": 1, "user_name": "Anna Álvarez-Montoya de la Cruz"}
    tap |= {"tap_id": "4382000000000000001", "message_id": 100}
    outside.admin.lines = [
        ITEM | {"state": "skipped", "lost_sends": 0},
        tap | {"what": "decision", "step": "skip", "from": "in_review", "to": "skipped", "note": None},
        tap | {"what": "tap", "step": "auto_post", "outcome": "stale"},
    ]

    lines = type_in("why", "12", outside=outside).stdout.splitlines()

    said = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= 80
    assert "Cruz: skip: in review → skipped (version 1, message 100, tap 4382000000000000001)" in said
    assert "tapped auto post: refused: too late, or the card had changed" in said


def complete(tmp_path: Path, line: str) -> list[str]:
    """What bash is told when a person types this and then TAB."""
    (tmp_path / NAME).write_text("#!/bin/sh\n")
    (tmp_path / NAME).chmod(0o755)
    # The name counts where it stands beside the interpreter, as `make venv` puts it.
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    own = {"PATH": f"{tmp_path}:{os.defpath}", "PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C.UTF-8"}
    words = {"_EVERYTAP_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run(
        [str(python), str(ROOT / "main.py")], env=own | words, capture_output=True, text=True, timeout=50, check=False
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("everytap ch", ["chat"]),
        ("everytap queue re", ["remove", "requeue"]),
        ("everytap chat add --ti", ["--title", "--timezone"]),
    ],
)
def test_shell_is_offered_what_can_follow(tmp_path: Path, line: str, offered: list[str]) -> None:
    assert complete(tmp_path, line) == offered


@pytest.mark.usefixtures("typed_as")
def test_what_cannot_be_completed_is_not_installed() -> None:
    done = type_in("--install-completion")

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert ".venv/bin/activate" in done.stderr


def test_make_puts_a_name_beside_the_interpreter_that_runs_the_checkout(tmp_path: Path) -> None:
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / ".ready").write_bytes((ROOT / "requirements.lock").read_bytes())
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    (tmp_path / "main.py").write_text("import sys\nprint(sys.argv[1:])\n")
    (tmp_path / "linked").symlink_to(venv / "bin" / NAME)

    subprocess.run(["make", "-s", "-C", str(ROOT), "venv", f"VENV={venv}"], check=True, timeout=50)
    done = subprocess.run(
        [str(tmp_path / "linked"), "chat", "a b"], capture_output=True, text=True, timeout=50, check=True
    )

    assert done.stdout == "['chat', 'a b']\n"
