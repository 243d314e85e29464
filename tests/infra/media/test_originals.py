"""What a team is shown of a picture: the same pixels, and nothing of where, when and by what it was taken."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from PIL import ExifTags, Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from actors.domain.item import MediaKind
from infra.media.cleaning import for_the_team, published
from infra.media.originals import shown
from tests.hostile import bent, few
from tests.infra.media.films import FTYP, FilmPlan, box, film, moov

SECRETS = (b"Nikon of Anna", b"52 deg 31", b"a remark", b"behind the end", b"xmp of Anna")
TURNED = 6  # https://exiftool.org/TagNames/EXIF.html
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 90, "comment": b"a remark"},
    "PNG": {},
    "WEBP": {"lossless": True},
}


def telling(kind: str, way: int = 1, **how: Any) -> bytes:
    """A picture that tells its camera, its place, a remark, and something behind its end."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Nikon of Anna"
    exif[ExifTags.Base.Orientation] = way
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = b"52 deg 31"
    info = PngInfo()
    info.add_text("Comment", "a remark")
    content = BytesIO()
    picture = Image.effect_noise((90, 161), 90).convert("RGB")
    picture.save(content, kind, exif=exif, xmp=b"xmp of Anna", pnginfo=info, **FORMATS[kind] | how)
    return content.getvalue() + b"behind the end"


def opened(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


@pytest.mark.parametrize("how", [{}, {"icc_profile": PROFILE}], ids=["plain", "with a profile"])
@pytest.mark.parametrize("kind", FORMATS)
def test_pixels_and_colours_stay_bit_for_bit_and_nothing_is_told(kind: str, how: dict[str, Any]) -> None:
    content = telling(kind, **how)

    made = shown(content)

    assert len([secret for secret in SECRETS if secret in content]) >= 4
    assert [secret for secret in SECRETS if secret in made] == []
    assert (opened(made).format, opened(made).tobytes()) == (kind, opened(content).tobytes())
    assert opened(made).info.get("icc_profile") == how.get("icc_profile")
    assert not opened(made).getexif()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("way", range(2, 9))
def test_camera_held_another_way_is_seen_upright_still(kind: str, way: int) -> None:
    content = telling(kind, way)

    made = shown(content)

    assert dict(opened(made).getexif()) == {ExifTags.Base.Orientation: way}
    assert ImageOps.exif_transpose(opened(made)).tobytes() == ImageOps.exif_transpose(opened(content)).tobytes()
    assert [secret for secret in SECRETS if secret in made] == []


@pytest.mark.parametrize("kind", FORMATS)
def test_what_was_cleaned_stays_as_it_is(kind: str) -> None:
    made = shown(telling(kind, TURNED))

    assert shown(made) == made


def test_head_of_a_webp_promises_nothing_that_went() -> None:
    """https://developers.google.com/speed/webp/docs/riff_container#extended_file_format: 8 is Exif, 4 is XMP."""
    told, turned = telling("WEBP"), telling("WEBP", TURNED)

    assert (told[20] & 12, shown(told)[20] & 12, shown(turned)[20] & 12) == (12, 0, 8)


def test_transparency_and_palette_stay() -> None:
    layer = Image.new("RGBA", (90, 160), (255, 0, 0, 99))
    png, webp, palette = BytesIO(), BytesIO(), BytesIO()
    layer.save(png, "PNG")
    layer.save(webp, "WEBP", lossless=True, exif=Image.Exif())
    layer.convert("P").save(palette, "PNG", transparency=0)

    assert opened(shown(png.getvalue())).tobytes() == layer.tobytes()
    assert opened(shown(webp.getvalue())).tobytes() == layer.tobytes()
    assert opened(shown(palette.getvalue())).convert("RGBA") == opened(palette.getvalue()).convert("RGBA")


def test_parts_that_cannot_be_told_apart_are_made_anew_upright() -> None:
    """Pillow passes over bytes between two segments that the standard has no word for."""
    content = telling("JPEG", TURNED)
    table = content.index(b"\xff\xdb")

    made = shown(content[:table] + b"\xff\x00" + content[table:])

    assert opened(made).size == (161, 90)
    assert [secret for secret in SECRETS if secret in made] == []
    assert not opened(made).getexif()


def test_broken_exif_tells_no_way_and_goes() -> None:
    exif = b"Exif\0\0II*\0\xff\xff\xff\xff"
    content = telling("JPEG")
    made = shown(content[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + content[2:])

    assert not opened(made).getexif()


def test_picture_in_a_chunk_that_nobody_knows_goes() -> None:
    content = telling("PNG")
    own = b"prVt" + b"52 deg 31"
    chunk = struct.pack(">I", len(own) - 4) + own + struct.pack(">I", zlib.crc32(own))

    assert b"52 deg 31" not in shown(content[:33] + chunk + content[33:])


PLACE = box(b"udta", box(b"\xa9xyz", b"+52.5200+013.4050/"))


def test_film_of_an_earlier_release_is_shown_and_published_without_its_place() -> None:
    told = FTYP + moov(FilmPlan(), PLACE) + box(b"mdat", b"film")

    assert b"+52.5200" in told
    assert b"+52.5200" not in for_the_team(MediaKind.VIDEO, told)
    assert published(MediaKind.VIDEO, told) == for_the_team(MediaKind.VIDEO, told)
    assert published(MediaKind.VIDEO, published(MediaKind.VIDEO, told)) == published(MediaKind.VIDEO, told)


@pytest.mark.parametrize("content", [b"", b"no picture", film(), b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"])
def test_what_is_no_picture_stays_as_it_is(content: bytes) -> None:
    """A card needs its file, whatever became of it."""
    assert for_the_team(MediaKind.PHOTO, content) == content


@few(2)
@given(bent(telling("JPEG", TURNED)) | bent(telling("PNG", TURNED)) | bent(telling("WEBP", TURNED)))
def test_hostile_picture_is_shown_somehow(content: bytes) -> None:
    assert isinstance(for_the_team(MediaKind.PHOTO, content), bytes)
