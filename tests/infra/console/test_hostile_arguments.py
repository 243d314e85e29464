"""Words that nobody would type: each command ends with 0, 1 or 2 and, if not with 0, with one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from infra.console.app import build
from tests.hostile import CRUEL_NUMBERS, few, texts
from tests.infra.console.fakes import ACCOUNT, CHAT, ITEM, MEDIA, MEMBER, FakeConsole, FakeDesk

GROUP = "-1001234567890"
DUE = "2026-01-31T18:30+01:00"
COMMANDS = [
    ["chat", "add", GROUP, "--title", "Studio", "--timezone", "Europe/Berlin", "--gap-seconds", "30"],
    ["chat", "set", GROUP, "--review-hours", "5", "--repost-days", "3"],
    ["chat", "list", "--json"],
    ["media", "list", "--chat", GROUP],
    ["queue", "add", "--chat", GROUP, "--media", "3", "--due", DUE],
    ["queue", "list", "--chat", GROUP],
    ["queue", "requeue", "12", "--due", DUE],
    ["queue", "remove", "12"],
    ["member", "set", GROUP, "7", "--name", "Anna", "--role", "admin"],
    ["account", "set", "4"],
    ["why", "12"],
]

words = (
    texts.filter(lambda text: "\0" not in text)  # no process can be given one
    | st.sampled_from([str(number) for number in CRUEL_NUMBERS if abs(number) < 2**70] + ["9" * 5_000])
    | st.sampled_from(["--", "-", "--json=1", "--chat", "-1", "--help=x", "\udcff", "9999-12-31T23:59:59-23:59"])
    | st.sampled_from(["0001-01-01T00:00+23:59", "2026-02-30T00:00Z", "\u0661", "Europe/../Berlin", "/etc/passwd"])
)


ANY_LINE = CHAT | MEDIA | ITEM | MEMBER | ACCOUNT  # whatever is asked finds what it wants to show


def typed(line: list[str]) -> Result:
    outside = FakeConsole(FakeDesk([ANY_LINE]))
    return CliRunner().invoke(build(outside.opened()), line, env={"COLUMNS": "200"})


@few(2)
@given(st.sampled_from(COMMANDS), st.data())
def test_any_words_end_a_command_with_a_sentence_at_most(command: list[str], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(1, len(command) - 1), min_size=1, max_size=2), label="places")
    line = list(command)
    for place in places:
        line[place] = data.draw(words, label=f"word {place}")

    done = typed(line)

    assert done.exit_code in {0, 1, 2}
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    assert (done.exit_code == 0) or done.stderr.count("\n") == 1


@pytest.mark.parametrize("word", ["", "\n", "\u2028", "x" * 70_000])
def test_command_of_no_such_name_is_one_sentence(word: str) -> None:
    done = typed([word])

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
