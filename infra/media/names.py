"""Which file is which: of each story, what was given, what goes live, and a film's thumbnail. Pure.

They share a stem, the digest of the content, and the rule is the only link between them: neither a row nor a second
look-up is needed. `ab/abc….heic` is a picture as it was given, `ab/abc….story.jpg` what goes live. A film that is
`ab/abc….original.mov` has `ab/abc….story.mp4`; any other film goes live as it is.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from actors.domain.item import MediaKind

ORIGINAL = ".original"
OURS = re.compile(r"[0-9a-f]{64}\.")  # the digest of SHA-256, and an ending
CONTENT_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".bmp": "image/bmp",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
}


def published_path(kind: MediaKind, path: str) -> str:
    """Name the file that Instagram fetches, and that cards show, for a story kept at `path`."""
    if kind is MediaKind.PHOTO:
        return _beside(path, ".story.jpg")
    return _beside(path, ".story.mp4") if PurePosixPath(path).suffixes[:1] == [ORIGINAL] else path


def thumbnail_path(path: str) -> str:
    """Name the small picture of a film kept at `path`."""
    return _beside(path, ".thumbnail.jpg")


def stem(path: str) -> str:
    """Return what the files of a story share, without their folder."""
    return PurePosixPath(path).name.partition(".")[0]


def is_ours(name: str) -> bool:
    """Say whether a file is named as those of stories are."""
    return OURS.match(name) is not None


def content_type(path: str) -> str:
    """Name the kind of a file that was kept, for HTTP."""
    return CONTENT_TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")


def _beside(path: str, ending: str) -> str:
    return str(PurePosixPath(path).with_name(stem(path) + ending))
