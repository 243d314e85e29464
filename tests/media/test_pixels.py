"""What is seen of a picture or a film that was made fit: which way is up, and which colours."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path

import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms

from infra.media import fitting
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
