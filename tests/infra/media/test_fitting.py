"""What becomes of a picture before Instagram is given it."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Literal

import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from infra.media import fitting
from infra.media.fitting import MOST_BYTES, STORY

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SWAPPED = 6  # the camera was held upright: https://exiftool.org/TagNames/EXIF.html


def fit(content: bytes) -> bytes:
    return fitting.fit(content).content


def saved(picture: Image.Image, kind: str = "JPEG", **how: Any) -> bytes:
    content = BytesIO()
    picture.save(content, kind, **how)
    return content.getvalue()


def plain(size: tuple[int, int], colour: tuple[int, int, int] = RED) -> Image.Image:
    return Image.new("RGB", size, colour)


def opened(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


def seen(picture: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    """The colour there, to the next corner of the cube: JPEG is not exact."""
    pixel = picture.getpixel(place)
    assert isinstance(pixel, tuple)
    return tuple(255 if part > 127 else 0 for part in pixel)


@pytest.mark.parametrize("size", [(1080, 1920), (720, 1280), (1440, 2560), (360, 640)])
def test_picture_that_is_fit_stays_as_it_is(size: tuple[int, int]) -> None:
    content = saved(plain(size))

    assert fit(content) == content


def profile_of(space: Literal["sRGB"] = "sRGB") -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()


def pixels(content: bytes) -> bytes:
    return opened(content).tobytes()


def test_srgb_profile_is_fit() -> None:
    content = saved(Image.radial_gradient("L").resize(STORY).convert("RGB"), icc_profile=profile_of())

    story = fit(content)

    assert pixels(story) == pixels(content)
    assert "icc_profile" not in opened(story).info


def test_colours_decide_what_is_srgb_not_the_name() -> None:
    """Phones call Display P3 "DCI-P3 D65 Gamut with sRGB Transfer"; here two lights are swapped under sRGB's name."""
    odd = profile_of().replace(b"rXYZ", b"swap").replace(b"gXYZ", b"rXYZ").replace(b"swap", b"gXYZ")

    story = opened(fit(saved(plain(STORY, RED), icc_profile=odd)))

    assert seen(story, (540, 960)) == GREEN


SECRETS = (b"Nikon of Anna", b"52 deg 31", b"a remark", b"behind the end", b"xmp of Anna")


def telling(size: tuple[int, int], **how: Any) -> bytes:
    """A picture that tells its camera, its place, a remark, and something behind its end."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Nikon of Anna"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = b"52 deg 31"
    noise = Image.effect_noise(size, 90).convert("RGB")
    return saved(noise, exif=exif, comment=b"a remark", xmp=b"xmp of Anna", **how) + b"behind the end"


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"restart_marker_rows": 2}, {"subsampling": 0}], ids=str)
def test_picture_that_is_fit_keeps_its_pixels_and_tells_nothing_else(how: dict[str, Any]) -> None:
    content = telling(STORY, quality=60, **how)

    story = fit(content)

    assert all(secret in content for secret in SECRETS)
    assert [secret for secret in SECRETS if secret in story] == []
    assert pixels(story) == pixels(content)


@pytest.mark.parametrize("size", [(1080, 1940), (1080, 1080), (1920, 1080)])
def test_picture_that_is_made_fit_tells_nothing_of_what_it_was(size: tuple[int, int]) -> None:
    story = fit(telling(size))

    assert [secret for secret in SECRETS if secret in story] == []


def test_pixels_are_written_anew_where_the_segments_cannot_be_told_apart() -> None:
    """Pillow passes over bytes between two segments that the standard has no word for."""
    content = telling(STORY, quality=60)
    table = content.index(b"\xff\xdb")

    story = fit(content[:table] + b"\xff\x00" + content[table:])

    assert opened(story).size == STORY
    assert [secret for secret in SECRETS if secret in story] == []


@pytest.mark.parametrize(
    "content",
    [
        saved(plain((1080, 1080))),
        saved(plain((1920, 1080))),
        saved(plain((1170, 2532))),
        saved(plain((40, 40))),
        saved(plain((90, 160))),
        saved(plain((2160, 3840))),
        saved(plain((1, 20))),
        saved(plain((20, 1))),
        saved(plain(STORY), "PNG"),
        saved(plain(STORY), "WEBP"),
        saved(plain(STORY).convert("CMYK")),
        saved(plain((300, 300)).convert("P"), "PNG"),
        saved(plain(STORY), icc_profile=b"no profile"),
    ],
)
def test_any_other_picture_becomes_a_story_of_the_same_colour(content: bytes) -> None:
    story = opened(fit(content))

    assert (story.format, story.mode, story.size) == ("JPEG", "RGB", STORY)
    assert seen(story, (540, 960)) == RED


def test_shape_is_kept_between_bars_of_the_blurred_picture() -> None:
    wide = plain((800, 400), BLUE)
    wide.paste(RED, (300, 0, 500, 400))

    story = opened(fit(saved(wide)))

    assert [seen(story, place) for place in ((20, 960), (540, 960), (1060, 960))] == [BLUE, RED, BLUE]
    above, below = story.getpixel((540, 300)), story.getpixel((540, 960))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[0] < below[0] - 40


def test_shape_that_is_off_by_a_few_rows_is_cropped() -> None:
    near = plain((1080, 1940), BLUE)
    near.paste(RED, (0, 0, 1080, 10))

    story = opened(fit(saved(near, "PNG")))

    assert {seen(story, place) for place in ((5, 5), (540, 2), (1075, 1915))} == {BLUE}


def test_camera_held_upright_stays_upright() -> None:
    sideways = plain((1920, 1080), BLUE)
    sideways.paste(RED, (0, 0, 960, 1080))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = SWAPPED

    story = opened(fit(saved(sideways, exif=exif)))

    assert (seen(story, (540, 300)), seen(story, (540, 1600))) == (RED, BLUE)
    assert not story.getexif()


def test_what_is_seen_through_lies_on_white() -> None:
    layer = Image.new("RGBA", STORY, (255, 0, 0, 0))
    layer.paste((0, 0, 255, 255), (0, 0, 1080, 960))

    story = opened(fit(saved(layer, "PNG")))

    assert (seen(story, (540, 400)), seen(story, (540, 1500))) == (BLUE, WHITE)


def test_sixteen_bits_of_grey_become_eight() -> None:
    grey = Image.new("I;16", STORY, 0x8000)

    pixel = opened(fit(saved(grey, "PNG"))).getpixel((540, 960))

    assert isinstance(pixel, tuple)
    assert all(abs(part - 0x80) <= 2 for part in pixel)


def test_other_colour_space_is_converted() -> None:
    """In a space whose first light is green, what is written as red is green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    odd = srgb.replace(b"rXYZ", b"swap").replace(b"gXYZ", b"rXYZ").replace(b"swap", b"gXYZ")

    story = opened(fit(saved(plain((300, 300), RED), "PNG", icc_profile=odd)))

    assert seen(story, (540, 960)) == GREEN
    assert "icc_profile" not in story.info


@pytest.mark.parametrize("space", ["LAB", "XYZ"])
def test_profile_of_another_kind_of_picture_is_passed_over(space: Literal["LAB", "XYZ"]) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()

    story = opened(fit(saved(plain(STORY, GREEN), icc_profile=profile)))

    assert seen(story, (540, 960)) == GREEN
    assert "icc_profile" not in story.info


def test_noise_stays_within_the_bytes_that_instagram_takes() -> None:
    noise = Image.effect_noise((3000, 3000), 200).convert("RGB")

    assert len(fit(saved(ImageOps.autocontrast(noise), "JPEG", quality=100, subsampling=0))) <= MOST_BYTES
