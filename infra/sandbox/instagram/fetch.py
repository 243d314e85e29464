"""A media link, fetched as Meta does: one GET, no redirect followed, the file checked."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout
from PIL import Image, UnidentifiedImageError

from infra.sandbox.instagram.model import Fetched
from infra.sandbox.instagram.rules import IMAGE_BYTES, NARROWEST, VIDEO_BYTES, WIDEST, GraphRefusal

AGENT = {"user-agent": "facebookexternalhit/1.1 (sandbox)"}
VIDEO_TYPES = ("video/mp4", "video/quicktime")


async def fetch(url: str, kind: str, timeout_seconds: float) -> Fetched:
    """Fetch and check a file; raises the `GraphRefusal` of one that cannot be had or cannot be a story."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise GraphRefusal(9004, 2207052, url)
    try:
        file = await _get(url, IMAGE_BYTES if kind == "image" else VIDEO_BYTES, timeout_seconds)
    except TimeoutError as error:
        raise GraphRefusal(-2, 2207003) from error
    except (ClientError, OSError, ValueError) as error:
        raise GraphRefusal(9004, 2207052, url) from error
    if kind == "image":
        _check_image(file)
    else:
        _check_video(file)
    return file


async def _get(url: str, most_bytes: int, timeout_seconds: float) -> Fetched:
    timeout = ClientTimeout(total=timeout_seconds)
    async with (
        ClientSession(timeout=timeout, headers=AGENT) as http,
        http.get(url, allow_redirects=False) as reply,
    ):
        if reply.status != 200:
            raise GraphRefusal(9004, 2207052, url)
        content = bytearray()
        async for chunk in reply.content.iter_any():
            content += chunk
            if len(content) > most_bytes:
                break
        return Fetched(bytes(content), reply.content_type)


def _check_image(file: Fetched) -> None:
    if len(file.content) > IMAGE_BYTES:
        raise GraphRefusal(36000, 2207004)
    try:
        with Image.open(io.BytesIO(file.content)) as picture:
            kind, (width, height) = picture.format, picture.size
    except (UnidentifiedImageError, OSError) as error:
        raise GraphRefusal(36001, 2207005, file.content_type) from error
    if kind != "JPEG" or file.content_type != "image/jpeg":
        raise GraphRefusal(36001, 2207005, file.content_type)
    if not NARROWEST <= width / height <= WIDEST:
        raise GraphRefusal(36003, 2207009, f"{width}/{height}")


def _check_video(file: Fetched) -> None:
    is_video = file.content[4:8] == b"ftyp" and file.content_type in VIDEO_TYPES
    if len(file.content) > VIDEO_BYTES or not is_video:
        raise GraphRefusal(352, 2207026, "video")
