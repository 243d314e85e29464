"""A picture as it was given, but for what it tells: its pixels bit for bit, its colours, and which way is up. Pure.

No place, no camera, no day, no remark, no preview, and nothing behind its end, where phones put a film or a second
picture. PNG: https://www.w3.org/TR/png-3/; WebP: https://developers.google.com/speed/webp/docs/riff_container.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image, ImageOps

from infra.media import bare_heif, bare_pictures
from infra.media.formats import BROKEN, Format, recognise

EXIF = b"Exif\0\0"
APP1, APP2 = 0xE1, 0xE2
UPRIGHT = 1
PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}
PNG_KEPT |= {b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD", b"pHYs"}
WEBP_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM", b"ANMF"}
TELLS = 0x08 | 0x04  # of VP8X: Exif and XMP follow
HAS_EXIF = 0x08
LOSSLESS: dict[str, dict[str, Any]] = {"PNG": {}, "WEBP": {"lossless": True}}
ANEW = {"quality": 95}


def shown(content: bytes) -> bytes:
    """Return what a team may be shown of a picture that was taken in; made anew only if its parts cannot be told."""
    found = recognise(content[:200])
    try:
        return _bare(found, content)
    except (ValueError, struct.error):
        return _made_anew(content)


def _bare(found: Format, content: bytes) -> bytes:
    match found:
        case Format.JPEG:
            return bare_pictures.bare(content, _look)
        case Format.PNG:
            return b"".join(_png(content, _orientation(content)))
        case Format.WEBP:
            return b"".join(_webp(content, _orientation(content)))
        case Format.HEIC | Format.AVIF:
            return bare_heif.bare(content)
        case _:
            raise ValueError("no picture that is kept")


def _look(marker: int, segment: bytes) -> bytes | None:
    """What else of a JPEG says how it looks."""
    if marker == APP2 and segment.startswith(b"ICC_PROFILE\0"):
        return segment
    if marker != APP1 or not segment.startswith(EXIF):
        return None
    way = _told_by(segment)
    return None if way == UPRIGHT else EXIF + _tiff(way)


def _orientation(content: bytes) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(content)) as picture:
            return _known(picture.getexif())


def _told_by(segment: bytes) -> int:
    found = Image.Exif()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.load(segment)
            return _known(found)
    except BROKEN:
        return UPRIGHT


def _known(found: Image.Exif) -> int:
    way = found.get(ExifTags.Base.Orientation, UPRIGHT)
    return way if isinstance(way, int) and 1 <= way <= 8 else UPRIGHT


def _tiff(way: int) -> bytes:
    """Exif that says which way is up, and nothing else."""
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, ExifTags.Base.Orientation, 3, 1, way, 0, 0)


def _png(content: bytes, way: int) -> Iterator[bytes]:
    yield content[:8]
    at, name = 8, b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + 12 + size]
        if len(chunk) != 12 + size:
            raise ValueError("a chunk is not complete")
        if name == b"IDAT" and way != UPRIGHT:
            yield _chunk(b"eXIf", _tiff(way))
            way = UPRIGHT
        if name in PNG_KEPT:
            yield chunk
        at += len(chunk)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _webp(content: bytes, way: int) -> Iterator[bytes]:
    chunks = list(_kept_of_webp(content))
    if way != UPRIGHT:
        tiff = _tiff(way)
        chunks.append(b"EXIF" + struct.pack("<I", len(tiff)) + tiff)
    body = b"".join(_with_flags(chunk, way) for chunk in chunks)
    yield b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _kept_of_webp(content: bytes) -> Iterator[bytes]:
    (size,) = struct.unpack_from("<I", content, 4)
    at, end = 12, min(8 + size, len(content))
    while at + 8 <= end:
        name, size = struct.unpack_from("<4sI", content, at)
        chunk = content[at : at + 8 + size]
        if len(chunk) != 8 + size:
            raise ValueError("a chunk is not complete")
        if name in WEBP_KEPT:
            yield chunk + b"\0" * (size % 2)
        at += 8 + size + size % 2


def _with_flags(chunk: bytes, way: int) -> bytes:
    if chunk[:4] != b"VP8X":
        return chunk
    flags = chunk[8] & ~TELLS | (HAS_EXIF if way != UPRIGHT else 0)
    return chunk[:8] + bytes((flags,)) + chunk[9:]


def _made_anew(content: bytes) -> bytes:
    """The pixels upright, in the same format; Pillow reads more than the standards allow."""
    made = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(content)) as picture:
            kind, profile = picture.format or "", picture.info.get("icc_profile")
            upright = ImageOps.exif_transpose(picture)
            upright.info.clear()
            upright.save(made, kind if kind in LOSSLESS else "JPEG", icc_profile=profile, **LOSSLESS.get(kind, ANEW))
    return made.getvalue()
