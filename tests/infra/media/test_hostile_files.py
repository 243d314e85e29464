"""Files that nobody would post: each is refused with one sentence, or becomes a picture that Instagram takes."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from actors.errors import Refused
from infra.media.fitting import is_fit
from infra.media.formats import Unfit, check_picture, recognise
from infra.media.taking import Wish, take_in
from tests.hostile import bent, few
from tests.infra.media.films import FilmPlan, box, film


def picture(kind: str) -> bytes:
    made = BytesIO()
    Image.linear_gradient("L").resize((90, 160)).convert("RGB").save(made, kind)
    return made.getvalue()


def zip_bomb() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr("a.jpg", bytes(20_000_000))
    return made.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(size: tuple[int, int], *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def with_text_bomb() -> bytes:
    """A good picture, with 100 MB of text in a few kilobytes."""
    made, told = BytesIO(), PngImagePlugin.PngInfo()
    told.add_text("Comment", " " * 100_000_000, zip=True)
    Image.new("RGB", (90, 160)).save(made, "PNG", pnginfo=told)
    return made.getvalue()


JPEG, PNG, WEBP, HEIC, FILM = picture("JPEG"), picture("PNG"), picture("WEBP"), picture("HEIF"), film(FilmPlan())
PIXELS = chunk(b"IDAT", zlib.compress(bytes(10_000_000)))
NESTED = b""
for _ in range(2_000):
    NESTED = box(b"moov", NESTED)
CRUEL_FILES = {
    "zeros": bytes(4096),
    "zeros that begin like a JPEG": b"\xff\xd8\xff" + bytes(4096),
    "zip bomb": zip_bomb(),
    "zip bomb that begins like a PNG": PNG[:8] + zip_bomb(),
    "page of HTML that begins like a JPEG": b"\xff\xd8\xff<script>alert(1)</script>",
    "GIF": picture("GIF"),
    "TIFF": picture("TIFF"),
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="16"/>',
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 16\n",
    "PNG of 4 billion pixels": png((2**16, 2**16), PIXELS),
    "PNG as wide as can be said": png((2**31 - 1, 1), PIXELS),
    "PNG without a pixel": png((0, 0), PIXELS),
    "PNG of many chunks": png((9, 16), *[chunk(b"tEXt", b"a\0b")] * 20_000),
    "PNG with a bomb of text": with_text_bomb(),
    "PNG with a bomb for a profile": png((9, 16), chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(100_000_000))), PIXELS),
    "WebP that claims 4 GB": b"RIFF\xff\xff\xff\xffWEBP" + WEBP[12:],
    "film of boxes in boxes": FILM[:16] + NESTED,
    "film of a million boxes": FILM[:16] + struct.pack(">I4s", 8, b"free") * 500_000,
    "film with a box of no length": FILM[:16] + struct.pack(">I4sQ", 1, b"moov", 0),
    "film with a box without an end": FILM[:16] + struct.pack(">I4sQ", 1, b"moov", 2**64 - 1),
}


def taken(content: bytes) -> dict[str, bytes] | str:
    """Take a file in; returns what is kept, or the sentence if it was refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "story.jpg"
        path.write_bytes(content)
        made = Path(folder) / "made"
        made.mkdir()
        try:
            return {
                name.partition(".")[2]: place.read_bytes()
                for one in take_in(Wish(path, made))
                for name, place in one.files.items()
            }
        except Refused as refusal:
            return str(refusal).removeprefix(str(path))


def checked(content: bytes) -> str:
    """What is wrong with the head of a picture, or that nothing is."""
    try:
        found = recognise(content[:200])
        if found.pillow_name:
            check_picture(found, content)
    except Unfit as unfit:
        return f" {unfit}"
    return " is fit."


def is_one_sentence(words: str) -> bool:
    return words.startswith(" ") and words.endswith(".") and words.isprintable() and len(words) < 250


def is_answer(made: dict[str, bytes] | str) -> bool:
    """Whether the file was refused with a sentence, or became what Instagram takes."""
    return is_one_sentence(made) if isinstance(made, str) else fits(made)


def fits(made: dict[str, bytes]) -> bool:
    content = made["story.jpg"]
    with Image.open(BytesIO(content), formats=["JPEG"]) as shown:
        return is_fit(shown, len(content))


@pytest.mark.parametrize("content", CRUEL_FILES.values(), ids=CRUEL_FILES)
def test_cruel_file_is_refused_or_fit(content: bytes) -> None:
    assert is_answer(taken(content))


@pytest.mark.parametrize("good", [JPEG, PNG, WEBP], ids=["JPEG", "PNG", "WebP"])
@pytest.mark.parametrize("behind", [zip_bomb(), b"<?php system($_GET['x']); ?>", FILM], ids=["zip", "PHP", "film"])
def test_of_a_file_that_is_two_things_the_picture_alone_is_fitted(good: bytes, behind: bytes) -> None:
    made = taken(good + behind)

    assert isinstance(made, dict)
    assert fits(made)
    assert behind not in made["story.jpg"]


@given(st.one_of(bent(JPEG), bent(PNG), bent(WEBP), bent(HEIC), st.binary(max_size=60)))
def test_any_bytes_are_a_story_or_told_why_not(content: bytes) -> None:
    assert is_one_sentence(checked(content))


@few(10)
@given(st.one_of(bent(JPEG), bent(PNG), bent(WEBP)))
def test_any_picture_that_is_taken_in_is_fit(content: bytes) -> None:
    assert is_answer(taken(content))
