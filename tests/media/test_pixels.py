"""What is seen of a picture or a film that was made fit: which way is up, and which colours."""

from __future__ import annotations

import struct
import subprocess
from io import BytesIO
from pathlib import Path

import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms

from infra.media import fitting
from infra.media.boxes import boxes, inside
from infra.media.encoding import arguments
from infra.media.ffmpeg import program, run
from infra.media.films import Cut, plan
from infra.media.probe import look
from tests.media.kinds_of_films import hdr
from tests.media.kinds_of_pictures import saved

pillow_heif.register_heif_opener()

RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
CORNERS = ((100, 100), (980, 100), (100, 1820), (980, 1820))
# How a picture is turned before it is stored, so that its orientation turns it back.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters() -> Image.Image:
    """Red, green, blue and yellow, each in its corner."""
    picture = Image.new("RGB", (180, 320), RED)
    picture.paste(GREEN, (90, 0, 180, 160))
    picture.paste(BLUE, (0, 160, 90, 320))
    picture.paste(YELLOW, (90, 160, 180, 320))
    return picture


def opened(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


def corners(content: bytes) -> list[tuple[int, ...]]:
    story = opened(fitting.fit(content).content)
    found = [story.getpixel(place) for place in CORNERS]
    return [tuple(255 if part > 127 else 0 for part in pixel) for pixel in found if isinstance(pixel, tuple)]


def turned(way: int) -> tuple[Image.Image, Image.Exif]:
    exif, method = Image.Exif(), STORED_AS[way]
    exif[ExifTags.Base.Orientation] = way
    return (quarters() if method is None else quarters().transpose(method)), exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("way", STORED_AS)
def test_picture_stands_upright_whatever_its_orientation(kind: str, way: int) -> None:
    picture, exif = turned(way)

    assert corners(saved(picture, kind, exif=exif)) == [RED, GREEN, BLUE, YELLOW]


def quarter_turned(content: bytes, turns: int) -> bytes:
    """The same HEIC with a rotation of its own, `turns` quarters anticlockwise: a property (irot) of its picture."""
    irot = struct.pack(">I4sB", 9, b"irot", turns)
    made = bytearray(content)
    number = len(list(boxes(properties_of(content)))) + 1
    count = made.index(b"ipma") + 4 + 4 + 4 + 2
    made[count + 1 : count + 1] = bytes((0x80 | number,))  # essential
    made[count] += 1
    end = made.index(b"ipco") - 4 + int.from_bytes(made[made.index(b"ipco") - 4 : made.index(b"ipco")], "big")
    made[end:end] = irot
    for name, more in ((b"ipco", 9), (b"ipma", 1), (b"iprp", 10), (b"meta", 10)):
        at = made.index(name) - 4
        made[at : at + 4] = (int.from_bytes(made[at : at + 4], "big") + more).to_bytes(4, "big")
    return moved(made, 10)


def properties_of(content: bytes) -> memoryview:
    (meta,) = inside(content, b"meta")
    (properties,) = inside(meta[4:], b"iprp", b"ipco")
    return properties


def moved(content: bytearray, by: int) -> bytes:
    """Tell the places of all items anew, as many bytes further back; of libheif's table, with its fields of 4 bytes."""
    at = content.index(b"iloc") + 4
    assert (content[at], content[at + 4], content[at + 5]) == (0, 0x44, 0x40)
    items, at = int.from_bytes(content[at + 6 : at + 8], "big"), at + 8
    for _ in range(items):
        assert content[at + 8 : at + 10] == b"\0\1"
        place = int.from_bytes(content[at + 4 : at + 8], "big") + by
        content[at + 4 : at + 8] = place.to_bytes(4, "big")
        at += 18
    return bytes(content)


@pytest.mark.parametrize(("turns", "way"), [(1, 8), (2, 3), (3, 6)])
def test_heic_with_a_rotation_of_its_own_and_one_in_its_exif_is_turned_once(turns: int, way: int) -> None:
    """Phones write both, and the one of Exif is not to be followed: ISO/IEC 23008-12, annex A."""
    picture, exif = turned(way)

    content = quarter_turned(saved(picture, "HEIF", exif=exif, quality=90), turns)

    assert corners(content) == [RED, GREEN, BLUE, YELLOW]


def test_heic_is_not_turned_by_its_exif_alone() -> None:
    content = saved(quarters(), "HEIF", exif=turned(6)[1], quality=90)

    assert corners(content) == [RED, GREEN, BLUE, YELLOW]


def test_heic_that_names_display_p3_by_number_is_converted() -> None:
    picture = Image.new("RGB", (180, 320), (200, 60, 60))
    heif = pillow_heif.from_pillow(picture)
    made = BytesIO()
    heif.save(made, quality=100, color_primaries=12, transfer_characteristics=13, matrix_coefficients=6)

    pixel = opened(fitting.fit(made.getvalue()).content).getpixel((540, 960))

    assert isinstance(pixel, tuple)
    assert [abs(part - wanted) <= 6 for part, wanted in zip(pixel, (217, 41, 51), strict=True)] == [True] * 3


def display_p3() -> bytes:
    """A profile with sRGB's curve and the three lights of Display P3, under sRGB's name."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for name, light in (
        (b"rXYZ", (0.51512, 0.2412, -0.00105)),
        (b"gXYZ", (0.29198, 0.69225, 0.04189)),
        (b"bXYZ", (0.1571, 0.06657, 0.78407)),
    ):
        tag = content.index(name)
        at = int.from_bytes(content[tag + 4 : tag + 8], "big") + 8
        content[at : at + 12] = b"".join(round(part * 65536).to_bytes(4, "big", signed=True) for part in light)
    return bytes(content)


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "P"), ("PNG", "RGBA"), ("HEIF", "RGB"), ("AVIF", "RGB")]
)
def test_red_of_display_p3_is_converted_by_its_lights(kind: str, mode: str) -> None:
    """(200, 60, 60) of Display P3 is (217, 41, 51) of sRGB, as measured with two other programs."""
    picture = Image.new("RGB", (180, 320), (200, 60, 60))
    picture = picture.quantize(2) if mode == "P" else picture.convert(mode)

    story = opened(fitting.fit(saved(picture, kind, icc_profile=display_p3())).content)

    pixel = story.getpixel((540, 960))
    assert isinstance(pixel, tuple)
    assert [abs(part - wanted) <= 4 for part, wanted in zip(pixel, (217, 41, 51), strict=True)] == [True] * 3


def first_frame(path: Path, *filters: str) -> Image.Image:
    size, more = (64, 112), ("-vf", ",".join(filters)) if filters else ()
    words = ["-v", "error", "-i", str(path), *more, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    made = subprocess.run([program(), *words], check=True, capture_output=True).stdout
    return Image.frombytes("RGB", size, made)


@pytest.mark.parametrize(("number", "light"), [(18, "arib-std-b67"), (16, "smpte2084")], ids=["HLG", "PQ"])
def test_frame_of_an_hdr_film_is_that_of_zscale_and_tonemap(tmp_path: Path, number: int, light: str) -> None:
    """The reference is made by the chain of filters that ffmpeg's documentation of tonemap gives, frame by frame."""
    source, made = tmp_path / "hdr.mp4", tmp_path / "sdr.mp4"
    hdr(number, light)(source)
    film = look(source)
    assert film is not None
    assert film.seconds is not None
    reference = first_frame(
        source, f"zscale=tin={light}:pin=2020:min=2020_ncl:t=linear:npl=100", "format=gbrpf32le", "zscale=p=bt709",
        "tonemap=tonemap=hable:desat=0", "zscale=t=bt709:m=bt709:r=tv", "format=yuv420p",
    )  # fmt: skip

    run(arguments(film, plan(film, Cut(0.0, film.seconds)), str(source), str(made)), film.seconds)

    differences = [
        abs(one - other) for one, other in zip(first_frame(made).tobytes(), reference.tobytes(), strict=True)
    ]
    assert sum(differences) / len(differences) < 4
    unmapped = [abs(one - other) for one, other in zip(first_frame(source).tobytes(), reference.tobytes(), strict=True)]
    assert sum(unmapped) / len(unmapped) > 8
