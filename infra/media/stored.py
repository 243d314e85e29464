"""What comes of a file that is taken in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actors.domain.item import Dimensions, MediaKind, Story
from actors.errors import Refused


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was taken in; `path` is relative to the store, `file_name` is what it was called before.

    `notes` say what a person would want to know of what goes live, a few words each.
    """

    kind: MediaKind
    path: str
    file_name: str
    bytes: int
    sha256: str
    dimensions: Dimensions
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A story that was made, and the files to keep: each path with where its content is now."""

    stored: Stored
    files: Mapping[str, Path]


def shown_path(path: Path) -> str:
    """Return a path for a sentence."""
    return os.fsencode(path).decode(errors="replace")


def unfitted(story: Story) -> Refused:
    """What the team is told of a story that was taken in before pictures were fitted, or whose file is gone."""
    why = f"Media {story.media_id} has no file that Instagram could be given"
    return Refused(f"{why}: run `media add` with {story.file_name} again.")
