"""Reads which changes are no mistakes: the program with them does the same, or nothing that a test may demand."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutate.change import Change
from tests.mutate.finder import changes

FILE = Path(__file__).parent / "equivalents.toml"


@dataclass(frozen=True, slots=True)
class Equivalent:
    """These lines of a file may become those, because of `why`."""

    path: str
    before: str
    after: str
    why: str


@cache
def known() -> tuple[Equivalent, ...]:
    """Read the file that keeps them."""
    kept = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Equivalent(**entry) for entry in kept["equivalent"])


def reason(change: Change, source: bytes) -> str | None:
    """Say why it is no mistake, if that is known."""
    made = (change.path, change.before(source), change.after(source))
    return next((one.why for one in known() if (one.path, one.before, one.after) == made), None)


def stale(root: Path) -> list[Equivalent]:
    """List those that can no longer be made: where the line has changed its reason has to be thought of afresh."""
    return [one for one in known() if not _can_be_made(one, root / one.path)]


def _can_be_made(one: Equivalent, place: Path) -> bool:
    if not place.exists():
        return False
    source = place.read_bytes()
    return (one.before, one.after) in [(each.before(source), each.after(source)) for each in changes(one.path, source)]
