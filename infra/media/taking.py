"""Takes a file in: reads it once, checks it, and makes what is kept of it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from actors.domain.item import Dimensions, MediaKind, Story
from actors.errors import Refused
from infra.media.bare_films import bare
from infra.media.films import read_film
from infra.media.fitting import fit
from infra.media.formats import BROKEN, VIDEO_BYTES, Format, Unfit, check, check_size, recognise
from infra.media.names import published_path


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was taken in; `path` is relative to the store, `file_name` is what it was called before."""

    kind: MediaKind
    path: str
    file_name: str
    bytes: int
    sha256: str
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken in, and the files to keep: each path with its content."""

    stored: Stored
    files: Mapping[str, bytes]


def take_in(path: Path) -> Taken:
    """Check that a file can be a story; raises `Refused` with a sentence for the person who named it. Blocks."""
    content, found = _fit_content(path)
    if found.kind is MediaKind.VIDEO:
        content = _bare(path, content)
    digest = hashlib.sha256(content).hexdigest()
    kept = f"{digest[:2]}/{digest}.{found.ending}"
    # A name that is no text is kept as well as it can be: the database takes nothing else.
    name = os.fsencode(path.name).decode(errors="replace")
    files = {kept: content}
    if found.kind is MediaKind.PHOTO:
        files[published_path(found.kind, kept)] = _fitted(path, content)
    dimensions = _dimensions(found.kind, files[published_path(found.kind, kept)])
    return Taken(Stored(found.kind, kept, name, len(content), digest, dimensions), files)


def _dimensions(kind: MediaKind, content: bytes) -> Dimensions:
    if kind is MediaKind.PHOTO:
        with Image.open(BytesIO(content)) as picture:
            return Dimensions(*picture.size)
    film = read_film(content)
    assert film is not None  # it was checked
    seen = next(track for track in film.tracks if track.media == b"vide")
    return Dimensions(seen.width, seen.height, film.seconds)


def unfitted(story: Story) -> Refused:
    """What the team is told of a story that was taken in before pictures were fitted, or whose file is gone."""
    why = f"Media {story.media_id} has no file that Instagram could be given"
    return Refused(f"{why}: run `media add` with {story.file_name} again.")


def _fitted(path: Path, content: bytes) -> bytes:
    try:
        return fit(content)
    except BROKEN as error:
        raise Refused(f"{_told(path)} cannot be made fit for a story: save it as JPEG.") from error


def _bare(path: Path, content: bytes) -> bytes:
    """A video is published as it is kept; so what it tells of place and device goes before it is."""
    try:
        return bare(content)
    except ValueError as error:
        raise Refused(f"{_told(path)} cannot be read as a video: it is broken.") from error


def _fit_content(path: Path) -> tuple[bytes, Format]:
    """Read once, so that what is checked is what is kept."""
    try:
        size = _size(path)
        with path.open("rb") as file:
            head = file.read(12)
            found = recognise(head)
            check_size(found, size)
            content = head + file.read(VIDEO_BYTES + 1)  # it may grow while we read
        check(found, content)
    except Unfit as unfit:
        raise Refused(f"{_told(path)} {unfit}") from unfit
    except FileNotFoundError as error:
        raise Refused(f"{_told(path)} does not exist.") from error
    except (OSError, ValueError) as error:
        raise Refused(f"{_told(path)} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    return content, found


def _told(path: Path) -> str:
    return os.fsencode(path).decode(errors="replace")


def _size(path: Path) -> int:
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Unfit("is a folder: name the files in it.")
    if not stat.S_ISREG(found.st_mode):
        raise Unfit("is not a file.")
    if found.st_size == 0:
        raise Unfit("is empty.")
    return found.st_size
