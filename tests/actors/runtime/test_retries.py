"""The head of actors/runtime/backoff.py names every file that tries something again."""

from __future__ import annotations

import re
from pathlib import Path

CORE = Path(__file__).parents[3] / "actors"
HEAD = (CORE / "runtime/backoff.py").read_text(encoding="utf-8").split('"""')[1]
PLACE = re.compile(r"\w+/\w+\.py")
RETRIES = re.compile(r"\bBackoff\b|\bask_until_answered\b|_(?:PAUSES|RETRY)\.after\(")


def test_head_names_every_file_that_tries_again_and_no_other() -> None:
    files = {str(path.relative_to(CORE)): path.read_text(encoding="utf-8") for path in CORE.glob("*/*.py")}
    again = {name for name, text in files.items() if RETRIES.search(text)} - {"runtime/backoff.py"}

    assert {place for place in PLACE.findall(HEAD) if place != "updates/poll_lease.py"} == again
