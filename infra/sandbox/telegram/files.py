"""Files that were sent: checked, kept, sent again by id, downloaded."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from PIL import Image, UnidentifiedImageError

from infra.sandbox.telegram.arguments import ReceivedFile
from infra.sandbox.telegram.model import Json
from infra.sandbox.telegram.rules import (
    DOWNLOAD_BYTES,
    FILE_BYTES,
    MEGABYTE,
    PHOTO_BYTES,
    BotApiError,
    bad_request,
)

PHOTO_SIZES = (("m", 320), ("y", 1280))
# What Telegram finds out of a film by itself, if its sender does not tell; of a large one it looks at nothing:
# https://github.com/tdlib/telegram-bot-api/issues/127, 442 and 468.
LOOKED_AT_BYTES = 10 * MEGABYTE
FOUND = (1080, 1920, 5)  # width, height, seconds
NOT_LOOKED_AT = (320, 320, 0)
THUMBNAIL_BYTES, THUMBNAIL_SIDE = 200_000, 320
NAMES = {"photo": "Photo", "video": "Video", "document": "Document"}


@dataclass(frozen=True, slots=True)
class TelegramFile:
    """One upload, and what a message says of it."""

    kind: str
    path: str
    content_type: str
    content: bytes
    media: Any


@dataclass(frozen=True, slots=True)
class ToldOfFilm:
    """What its sender tells of a film: pixels and seconds, 0 if it does not say, and a small picture of it.

    https://core.telegram.org/bots/api#sendvideo
    """

    width: int = 0
    height: int = 0
    seconds: int = 0
    thumbnail: ReceivedFile | str = ""


NOTHING_TOLD = ToldOfFilm()


class FileStore:
    """Every file by id; equal contents are kept in memory once."""

    def __init__(self) -> None:
        self._by_id: dict[str, TelegramFile] = {}
        self._by_path: dict[str, TelegramFile] = {}
        self._contents: dict[bytes, bytes] = {}

    def media(self, kind: str, file: ReceivedFile | str, told: ToldOfFilm = NOTHING_TOLD) -> Any:
        """Return what a message of that kind shows: a new file, or one that was sent before, as it was told of then."""
        if isinstance(file, ReceivedFile):
            return self._keep(kind, file, told).media
        if file.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        known = self._by_id.get(file)
        if known is None:
            raise bad_request(
                "wrong file identifier/HTTP URL specified" if file else f"there is no {kind} in the request"
            )
        if known.kind != kind:
            raise bad_request(f"can't use file of type {NAMES[known.kind]} as {NAMES[kind]}")
        return known.media

    def wire(self, file_id: str) -> Json:
        """Write a File, with the path to download it from."""
        known = self._by_id.get(file_id)
        if known is None:
            raise bad_request("invalid file_id")
        if len(known.content) > DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        return _file_wire(file_id, known.content) | {"file_path": known.path}

    def at_path(self, path: str) -> TelegramFile | None:
        """Return what is downloaded from a path."""
        return self._by_path.get(path)

    def _keep(self, kind: str, upload: ReceivedFile, told: ToldOfFilm) -> TelegramFile:
        if len(upload.content) > FILE_BYTES:
            raise BotApiError(413, "Request Entity Too Large")
        if not upload.content:
            raise bad_request("file must be non-empty")
        number = len(self._by_path) + 1
        file_id = f"{kind[0].upper()}QACAgSandbox{number:08d}"
        content = self._contents.setdefault(hashlib.sha256(upload.content).digest(), upload.content)
        media: Any = _photo(file_id, content) if kind == "photo" else _file(file_id, upload)
        if kind == "video":
            media |= _film(file_id, len(upload.content), told)
        suffix = ".jpg" if kind == "photo" else PurePosixPath(upload.name).suffix
        stored = TelegramFile(kind, f"{kind}s/file_{number}{suffix}", upload.content_type, content, media)
        self._by_path[stored.path] = stored
        sizes: list[Json] = stored.media if kind == "photo" else [stored.media]
        self._by_id |= {size["file_id"]: stored for size in sizes}
        return stored


def _file_wire(file_id: str, content: bytes) -> Json:
    return {"file_id": file_id, "file_unique_id": f"u{file_id[-10:]}", "file_size": len(content)}


def _photo(file_id: str, content: bytes) -> list[Json]:
    width, height = _measure(content)
    sizes = []
    for letter, bound in PHOTO_SIZES:
        scale = min(1, bound / max(width, height))
        size = {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}
        sizes.append(_file_wire(file_id + letter, content) | size)
    return sizes


def _measure(content: bytes) -> tuple[int, int]:
    if len(content) > PHOTO_BYTES:
        size = f"file of size {len(content)} bytes is too big for a photo"
        raise bad_request(f"{size}; the maximum size is {PHOTO_BYTES} bytes")
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
    except UnidentifiedImageError as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _file(file_id: str, upload: ReceivedFile) -> Json:
    named = {"file_name": upload.name, "mime_type": upload.content_type}
    return _file_wire(file_id, upload.content) | named


def _film(file_id: str, size_bytes: int, told: ToldOfFilm) -> Json:
    """Write of a film what was told, and for the rest what Telegram finds: nothing, if it is large."""
    found = FOUND if size_bytes <= LOOKED_AT_BYTES else NOT_LOOKED_AT
    width, height, seconds = (
        one or other for one, other in zip((told.width, told.height, told.seconds), found, strict=True)
    )
    film: Json = {"width": width, "height": height, "duration": seconds}
    return film | _thumbnail(file_id, told.thumbnail)


def _thumbnail(file_id: str, given: ReceivedFile | str) -> Json:
    """Write the small picture of a film; what is none of JPEG, 200 kB and 320 pixels is left away without a word."""
    if not isinstance(given, ReceivedFile) or len(given.content) > THUMBNAIL_BYTES:
        return {}
    try:
        with Image.open(io.BytesIO(given.content), formats=["JPEG"]) as picture:
            width, height = picture.size
    except UnidentifiedImageError:
        return {}
    if max(width, height) > THUMBNAIL_SIDE:
        return {}
    return {"thumbnail": _file_wire(f"{file_id}t", given.content) | {"width": width, "height": height}}
