"""Films without a picture in them, the boxes alone, as small as they can be; and one that can be seen."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.media.kind import AAC, SMALL
from tests.media.kind import film as film_maker

UPRIGHT, QUARTER_TURN = (1, 0, 0, 1), (0, 1, -1, 0)


def box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


@dataclass(frozen=True)
class FilmPlan:
    """What a video shall say of itself."""

    seconds: float = 12.0
    size: tuple[int, int] = (1080, 1920)
    picture: bytes | None = b"avc1"
    sounds: tuple[bytes, ...] = (b"mp4a",)
    turn: tuple[int, int, int, int] = UPRIGHT
    brand: bytes = b"isom"
    wide: bool = False  # 64 bits for lengths


FTYP = box(b"ftyp", b"isom", bytes(4))
MDAT = box(b"mdat", b"film")


def film(plan: FilmPlan = FilmPlan()) -> bytes:
    """Build a whole file, its description in front."""
    return box(b"ftyp", plan.brand, bytes(4)) + moov(plan) + MDAT


def moov(plan: FilmPlan = FilmPlan(), *more: bytes) -> bytes:
    pictures = [_track(plan, b"vide", plan.picture)] if plan.picture else []
    sounds = [_track(plan, b"soun", codec) for codec in plan.sounds]
    return box(b"moov", length(plan.seconds, plan.wide), *pictures, *sounds, *more)


def length(seconds: float, wide: bool = False) -> bytes:
    ticks = round(seconds * 1000)
    if wide:
        return box(b"mvhd", b"\1\0\0\0", bytes(16), struct.pack(">IQ", 1000, ticks), bytes(80))
    return box(b"mvhd", bytes(12), struct.pack(">II", 1000, ticks), bytes(80))


def _track(plan: FilmPlan, media: bytes, codec: bytes | None) -> bytes:
    described = box(b"stsd", bytes(4), struct.pack(">I", 1), box(codec, bytes(28))) if codec else b""
    table = box(b"minf", box(b"stbl", described))
    return box(b"trak", _header(plan), box(b"mdia", box(b"hdlr", bytes(8), media, bytes(13)), table))


def _header(plan: FilmPlan) -> bytes:
    a, b, c, d = (part * 0x10000 for part in plan.turn)
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    size = struct.pack(">II", plan.size[0] << 16, plan.size[1] << 16)
    times = b"\1\0\0\0" + bytes(48) if plan.wide else bytes(40)
    return box(b"tkhd", times, matrix, size)


@cache
def real_film(ending: str = "mp4") -> bytes:
    """A film that is fit but for its index, which stands at its end, and for what it tells."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"film.{ending}"
        film_maker(*SMALL, *AAC)(path)
        return path.read_bytes()
