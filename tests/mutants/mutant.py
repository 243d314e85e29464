"""A mistake that somebody could make, as a change of the source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Edit:
    """In this file `old`, which stands there exactly once, becomes `new`."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """`key`: the failure of the replaced system (F1 to F40) or the rule (T6: of the test plan) that it brings back.

    `promise`: the one that it has to break, beside whatever else breaks with it; None: any. `profile`: the worlds in
    which it is hunted, if those by turns do not play it.
    """

    name: str
    key: str
    mistake: str
    edits: tuple[Edit, ...]
    promise: str | None = None
    profile: str | None = None


def mutant(
    name: str, key: str, mistake: str, *edits: Edit, promise: str | None = None, profile: str | None = None
) -> Mutant:
    """Write a mutant down as it stands in the catalogue: its edits last."""
    return Mutant(name, key, mistake, edits, promise, profile)


class DoesNotFit(Exception):
    """The source has changed: an edit's old text is not there exactly once."""


def apply(mistake: Mutant, root: Path) -> None:
    """Make the mistake in the sources below this folder."""
    for edit in mistake.edits:
        place = root / edit.path
        place.write_text(edited(edit, place.read_text(encoding="utf-8")), encoding="utf-8")


def edited(edit: Edit, source: str) -> str:
    """Return the file's text with the mistake."""
    if source.count(edit.old) != 1:
        raise DoesNotFit(f"{edit.path}: the old text stands there {source.count(edit.old)} times")
    return source.replace(edit.old, edit.new)
