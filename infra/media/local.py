"""The files of the stories under one folder, each named after its content."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from anyio import to_thread

from actors.errors import Refused, Unreachable
from actors.rules.item import Kind, Story
from infra.media.formats import VIDEO_BYTES, Format, Unfit, check, check_size, recognise


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that was taken in; `path` is relative to the folder, `file_name` is what it was called before."""

    kind: Kind
    path: str
    file_name: str
    bytes: int
    sha256: str


class LocalMedia:
    """Fills ports.MediaSource, and takes files in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, story: Story) -> bytes:
        """Return the uncompressed file; `Refused` when it is missing."""
        return await to_thread.run_sync(self._read, story)

    async def check_and_store(self, path: Path) -> Stored:
        """Check that the file can be a story and keep a copy; the same content is kept once.

        Raises `Refused` with a sentence for the person who named it, `Unreachable` when our own folder cannot be used.
        """
        return await to_thread.run_sync(self._check_and_store, path)

    def _read(self, story: Story) -> bytes:
        try:
            folder = self._folder.resolve()
            path = (folder / story.path).resolve()
            if not path.is_relative_to(folder):
                raise Refused(f"the path of media {story.media_id} leads out of the media folder")
            return path.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError) as error:
            raise Refused(f"the file of media {story.media_id} is missing") from error
        except OSError as error:
            raise Unreachable(f"the file of media {story.media_id} cannot be read: {error.strerror}") from error

    def _check_and_store(self, path: Path) -> Stored:
        content, found = _fit_content(path)
        digest = hashlib.sha256(content).hexdigest()
        stored = f"{digest[:2]}/{digest}.{found.ending}"
        try:
            _write_once(self._folder / stored, content)
        except OSError as error:
            raise Unreachable(f"{self._folder} cannot be written to: {error.strerror}") from error
        # A name that is no text is kept as well as it can be: the database takes nothing else.
        name = os.fsencode(path.name).decode(errors="replace")
        return Stored(found.kind, stored, name, len(content), digest)


def _fit_content(path: Path) -> tuple[bytes, Format]:
    """Read once, so that what is checked is what is kept."""
    name = os.fsencode(path).decode(errors="replace")
    try:
        size = _size(path)
        with path.open("rb") as file:
            head = file.read(12)
            found = recognise(head)
            check_size(found, size)
            content = head + file.read(VIDEO_BYTES + 1)  # it may grow while we read
        check(found, content)
    except Unfit as unfit:
        raise Refused(f"{name} {unfit}") from unfit
    except FileNotFoundError as error:
        raise Refused(f"{name} does not exist.") from error
    except (OSError, ValueError) as error:
        raise Refused(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    return content, found


def _size(path: Path) -> int:
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Unfit("is a folder: name the files in it.")
    if not stat.S_ISREG(found.st_mode):
        raise Unfit("is not a file.")
    if found.st_size == 0:
        raise Unfit("is empty.")
    return found.st_size


def _write_once(path: Path, content: bytes) -> None:
    """Have the whole file or nothing at `path`, also when we are killed; a torn one of before is replaced."""
    if path.is_file() and path.stat().st_size == len(content):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
