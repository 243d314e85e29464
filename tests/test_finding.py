"""One search of CONTRIBUTING.md's table leads to one file, and the answer stands in it."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"`(grep [^`]*) WORDS ([^`]*)`")
ROW = re.compile(r"^\| [^|]+\? \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)
SCREEN = 24  # lines


def found_by(words: str) -> list[str]:
    """What the page's command prints."""
    command = COMMAND.search(PAGE)
    assert command is not None
    typed = [*shlex.split(command[1]), *shlex.split(words), *shlex.split(command[2])]
    return subprocess.run(typed, cwd=ROOT, capture_output=True, text=True, check=True, timeout=50).stdout.splitlines()


def test_there_is_a_row_for_each_question() -> None:
    assert len(ROW.findall(PAGE)) == 9


@pytest.mark.parametrize(("words", "place", "answer"), ROW.findall(PAGE))
def test_one_search_fits_on_a_screen_and_leads_to_one_file(words: str, place: str, answer: str) -> None:
    lines = found_by(words)

    assert len(lines) <= SCREEN
    assert [line.split(":")[0] for line in lines if line.split(":")[1] == "1"] == [place]
    assert answer in (ROOT / place).read_text(encoding="utf-8")
