"""What Instagram documents of stories, and what nothing published may tell: held against the files themselves."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image

from infra.media.boxes import boxes, inside
from infra.media.probe import Film, look
from tests.media.kind import SECRETS

MEGABYTE = 1024 * 1024
LATEST = {b"moov": 0, b"mdat": 1}


def broken_rules(kind: str, published: Path) -> list[str]:
    """Name each rule that a published file breaks."""
    content = published.read_bytes()
    told = [f"tells {secret!r}" for secret in SECRETS if secret in content]
    return told + list(_of_film(published, content) if kind == "video" else _of_picture(content))


def _of_picture(content: bytes) -> Iterator[str]:
    with Image.open(BytesIO(content)) as picture:
        picture.load()
        shape = picture.width * 16 == picture.height * 9 and 320 <= picture.width <= 1440
        facts = {"JPEG": picture.format == "JPEG", "RGB": picture.mode == "RGB", "9:16": shape}
        facts |= {"no Exif": not picture.getexif(), "no profile": "icc_profile" not in picture.info}
    facts["8 MB"] = len(content) <= 8 * MEGABYTE
    yield from (rule for rule, is_kept in facts.items() if not is_kept)


def _of_film(published: Path, content: bytes) -> Iterator[str]:
    film = look(published)
    assert film is not None
    names = [box.name for box in boxes(content)]
    edits = list(inside(content, b"moov", b"trak", b"edts", b"elst"))
    facts = {"index in front": names.index(b"moov") < names.index(b"mdat"), "no edit lists": not edits}
    facts |= {"not in fragments": b"moof" not in names, "50 MB": len(content) <= 50 * MEGABYTE}
    facts |= _facts(film)
    yield from (rule for rule, is_kept in facts.items() if not is_kept)


def _facts(film: Film) -> dict[str, bool]:
    picture, sound = film.picture, film.sound
    assert picture is not None
    assert film.seconds is not None
    return {
        "codec": (picture.codec, picture.tag) in {("AVC", "avc1"), ("HEVC", "hvc1")},
        "4:2:0 of 8 bits": (picture.chroma, picture.depth) == ("4:2:0", 8),
        "SDR": picture.light not in {"HLG", "PQ"},
        "progressive": not picture.interlaced,
        "23 to 60 frames a second": 22.9 <= picture.rate <= 60.1,
        "1920 columns": picture.width <= 1920,
        "3 to 60 s": 2.9 <= film.seconds <= 60.1,
        "25 Mbit/s": film.size_bytes * 8 <= 25_000_000 * film.seconds,
        "AAC": sound is None or (sound.codec == "AAC" and sound.hertz <= 48_000 and sound.channels <= 2),
    }
