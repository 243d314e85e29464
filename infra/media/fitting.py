"""Fits a picture to a story: 9:16 JPEG in sRGB, on a blurred copy of itself where its shape is another. Pure.

The limits are those of "Story Image Specifications" at
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from io import BytesIO
from itertools import product

from PIL import ExifTags, Image, ImageChops, ImageCms, ImageEnhance, ImageFilter, ImageOps

from infra.media.bare_pictures import bare

STORY = (1080, 1920)
NARROWEST, WIDEST = 320, 1440
MOST_BYTES = 8 * 1024 * 1024
MOST_CROPPED = 0.02  # a picture that is 9:16 but for some rows loses them; a blurred line would look like a mistake
JPEG_QUALITY = 92
BLUR_AT = (135, 240)  # blurred small and then enlarged: the same look in a fiftieth of the time
BLUR_RADIUS = 6
BACKGROUND_LIGHT = 0.7
STEPS = (0, 85, 170, 255)
SAME_COLOUR = 2  # of 255; what rounding makes of a profile that is sRGB in other numbers
SRGB = ImageCms.createProfile("sRGB")


def fit(content: bytes) -> bytes:
    """Return the bytes that Instagram is given for a picture that was checked before: its own pixels if they will do.

    Whatever else the picture tells stays here: the place, the camera, its preview, a remark, a film behind its end.
    """
    # Odd metadata makes Pillow warn; what matters of it was checked.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(content)) as picture:
            if is_fit(picture, len(content)):
                with suppress(ValueError):  # Pillow reads more than the standard allows
                    return bare(content)
            return _jpeg(_compose(_flat(_srgb(ImageOps.exif_transpose(picture)))))


def is_fit(picture: Image.Image, size_bytes: int) -> bool:
    """Say whether Instagram can be given the file as it is."""
    width, height = picture.size
    return (
        picture.format == "JPEG"
        and picture.mode == "RGB"
        and size_bytes <= MOST_BYTES
        and NARROWEST <= width <= WIDEST
        and width * STORY[1] == height * STORY[0]
        and picture.getexif().get(ExifTags.Base.Orientation, 1) == 1
        and _is_srgb(picture)
    )


def _is_srgb(picture: Image.Image) -> bool:
    """Try it: a name says little ("DCI-P3 D65 Gamut with sRGB Transfer" is not)."""
    profile = _profile(picture)
    if profile is None:
        return True
    colours = Image.frombytes("RGB", (4, 16), bytes(part for colour in product(STEPS, repeat=3) for part in colour))
    try:
        seen = ImageCms.profileToProfile(colours, profile, SRGB)
    except ImageCms.PyCMSError:
        return False
    return seen is not None and max(ImageChops.difference(colours, seen).tobytes()) <= SAME_COLOUR


def _profile(picture: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The picture's own colours; one that cannot be read counts as none, as browsers have it."""
    described = picture.info.get("icc_profile")
    if not described:
        return None
    try:
        return ImageCms.ImageCmsProfile(BytesIO(described))
    except (OSError, ImageCms.PyCMSError):
        return None


def _srgb(picture: Image.Image) -> Image.Image:
    profile = _profile(picture)
    if profile is None or picture.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        return ImageCms.profileToProfile(picture, profile, SRGB, outputMode=mode) or picture
    except ImageCms.PyCMSError:  # a profile of another kind of picture
        return picture


def _flat(picture: Image.Image) -> Image.Image:
    """The picture in RGB; what is seen through lies on white."""
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I").point(lambda light: light / 256).convert("L")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _compose(picture: Image.Image) -> Image.Image:
    if _cropped_share(picture.size) <= MOST_CROPPED:
        return ImageOps.fit(picture, STORY, Image.Resampling.LANCZOS)
    story = _background(picture)
    front = ImageOps.contain(picture, STORY, Image.Resampling.LANCZOS)
    story.paste(front, ((STORY[0] - front.width) // 2, (STORY[1] - front.height) // 2))
    return story


def _cropped_share(size: tuple[int, int]) -> float:
    """How much of the picture is lost when it fills the story."""
    shape, wanted = size[0] / size[1], STORY[0] / STORY[1]
    return 1 - min(shape, wanted) / max(shape, wanted)


def _background(picture: Image.Image) -> Image.Image:
    small = ImageOps.fit(picture, BLUR_AT, Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(BLUR_RADIUS))
    return ImageEnhance.Brightness(small).enhance(BACKGROUND_LIGHT).resize(STORY, Image.Resampling.BICUBIC)


def _jpeg(story: Image.Image) -> bytes:
    """Nothing of the original's metadata goes along: no place, no camera, no remark, which Pillow would hand on."""
    made = BytesIO()
    story.info.clear()
    story.save(made, "JPEG", quality=JPEG_QUALITY, optimize=True)
    assert made.tell() <= MOST_BYTES
    return made.getvalue()
