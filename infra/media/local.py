"""The files of the stories under one folder, each named after its content."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from anyio import to_thread

from actors.domain.item import Longer, Story
from actors.errors import Refused, Unreachable
from infra.media.cleaning import for_the_team, published, remember
from infra.media.links import SignedLinks
from infra.media.making import Asked, Told, clean, make, work_folder
from infra.media.names import content_type, is_ours, published_path, stem, thumbnail_path
from infra.media.stored import Stored, Taken, unfitted


class LocalMedia:
    """Fills ports.MediaSource, takes files in, and has our own web server show them to clients with a signed link."""

    def __init__(self, folder: Path, links: SignedLinks | None = None) -> None:
        self._folder = folder
        self._links = links
        self._bare: set[str] = set()  # published files that tell nothing, as far as this process knows

    async def shown(self, story: Story) -> bytes:
        """Return what goes live, or the picture itself of before pictures were fitted; `Refused` when it is missing."""
        path = published_path(story.kind, story.path)
        if await self.place(path) is None:
            path = story.path
        return await to_thread.run_sync(self._read, story, path)

    async def thumbnail(self, story: Story) -> bytes | None:
        """Return a small picture of a film; None: it has none."""
        path = await self.place(thumbnail_path(story.path))
        return None if path is None else await to_thread.run_sync(path.read_bytes)

    async def original(self, story: Story) -> bytes:
        """Return the uncompressed file without what it tells; `Refused` when it is missing."""
        return await to_thread.run_sync(self._read, story, story.path)

    async def take_in(
        self, path: Path, longer: Longer = Longer.REFUSED, told: Told = lambda _: None
    ) -> Sequence[Stored]:
        """Make a story of the file, or several of a long film, and keep it; the same content is kept once.

        Raises `Refused` with a sentence for the person who named it, `Unreachable` when our own folder cannot be used.
        """
        try:
            await to_thread.run_sync(self._prepare)
            with work_folder(self._folder) as folder:
                _give_to_the_owner(folder)
                taken = await make(Asked(path, folder, longer, told))
                await to_thread.run_sync(self._keep, taken)
        except OSError as error:
            raise Unreachable(f"{self._folder} cannot be written to: {error.strerror}") from error
        return [one.stored for one in taken]

    async def check_and_store(self, path: Path) -> Stored:
        """Take in a file that becomes one story."""
        return (await self.take_in(path))[0]

    async def remove_strays(self, kept: Collection[str], before: datetime) -> tuple[int, int]:
        """Remove files of no story among these paths that are older than a moment; returns how many, and their bytes.

        A file that is not named as ours are is left alone. Raises `Unreachable`.
        """
        try:
            return await to_thread.run_sync(self._remove_strays, {stem(path) for path in kept}, before.timestamp())
        except OSError as error:
            raise Unreachable(f"{self._folder} cannot be cleaned: {error.strerror}") from error

    async def link(self, story: Story, name: str = "") -> str:
        """Return an address at which Instagram can fetch the story for a while; `Refused` if there is nothing to."""
        if self._links is None:
            raise Refused("Instagram cannot fetch stories from here: the operator has to set PUBLIC_URL.")
        path = published_path(story.kind, story.path)
        place = await self.place(path)
        if place is None:
            raise unfitted(story)
        if path not in self._bare:
            await to_thread.run_sync(self._make_bare, story, place)
            remember(path, self._bare)
        return self._links.link(path, name)

    def opens(self, path: str, until: str, signature: str) -> bool:
        """Say whether this is a link of ours, and still good; files are looked for only after that."""
        return self._links is not None and self._links.opens(path, until, signature)

    async def place(self, path: str) -> Path | None:
        """Find a file of the folder; None if there is none, or if the path leads elsewhere."""
        return await to_thread.run_sync(self._place, path)

    def content_type(self, path: str) -> str:
        """Name the kind of a file, for HTTP."""
        return content_type(path)

    def _place(self, path: str) -> Path | None:
        try:
            folder = self._folder.resolve()
            found = (folder / path).resolve()
            return found if found.is_relative_to(folder) and found.is_file() else None
        except (OSError, ValueError):  # a name too long, a NUL in it
            return None

    def _read(self, story: Story, name: str) -> bytes:
        try:
            folder = self._folder.resolve()
            path = (folder / name).resolve()
            if not path.is_relative_to(folder):
                raise Refused(f"the path of media {story.media_id} leads out of the media folder")
            return for_the_team(story.kind, path.read_bytes())
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, ValueError) as error:
            raise Refused(f"the file of media {story.media_id} is missing") from error
        except OSError as error:
            raise Unreachable(f"the file of media {story.media_id} cannot be read: {error.strerror}") from error

    def _make_bare(self, story: Story, path: Path) -> None:
        """An earlier release may have left the place in it: then the file is written anew, once."""
        try:
            content = path.read_bytes()
            clean = published(story.kind, content)
            if clean != content:
                _write(path, clean)
        except ValueError as error:
            raise unfitted(story) from error
        except OSError as error:
            raise Unreachable(f"the file of media {story.media_id} cannot be cleaned: {error.strerror}") from error

    def _remove_strays(self, kept: Collection[str], before: float) -> tuple[int, int]:
        clean(self._folder)
        number = size = 0
        for path in self._folder.glob("??/*.*"):
            found = path.stat()
            if is_ours(path.name) and stem(path.name) not in kept and found.st_mtime < before:
                path.unlink()
                number, size = number + 1, size + found.st_size
        return number, size

    def _prepare(self) -> None:
        _make(self._folder)
        clean(self._folder)

    def _keep(self, taken: Sequence[Taken]) -> None:
        for one in taken:
            for name, made in one.files.items():
                _place(made, self._folder / name)


def _place(made: Path, path: Path) -> None:
    """Have the whole file or nothing at `path`, also when we are killed; a torn one of before is replaced."""
    if path.is_file() and path.stat().st_size == made.stat().st_size:
        return
    _make(path.parent)
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.chmod(0o600)
    _give_to(path.parent, made)
    made.replace(path)


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            _give_to_the_owner(unfinished)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    """Have a folder and those above it, which no other account may enter: the stories in it are not out yet."""
    if not folder.exists():
        _make(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            _give_to_the_owner(folder)


def _give_to_the_owner(path: Path) -> None:
    _give_to(path.parent, path)


def _give_to(folder: Path, path: Path) -> None:
    """What root takes in for a worker that is not root is the worker's to read: it belongs to whose folder it is in."""
    if os.geteuid() == 0:
        above = folder.stat()
        os.chown(path, above.st_uid, above.st_gid)
