"""Fits a picture to a story: 9:16 JPEG in sRGB, on a blurred copy of itself where its shape is another. Pure.

The limits are those of "Story Image Specifications" at
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
"""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import ExifTags, Image, ImageCms, ImageEnhance, ImageFilter, ImageOps

STORY = (1080, 1920)
NARROWEST, WIDEST = 320, 1440
MOST_BYTES = 8 * 1024 * 1024
MOST_CROPPED = 0.02  # a picture that is 9:16 but for some rows loses them; a blurred line would look like a mistake
JPEG_QUALITY = 92
BLUR_AT = (135, 240)  # blurred small and then enlarged: the same look in a fiftieth of the time
BLUR_RADIUS = 6
BACKGROUND_LIGHT = 0.7
SRGB = ImageCms.createProfile("sRGB")


def fit(content: bytes) -> bytes:
    """Return the bytes that Instagram is given for a picture that was checked before; its own if they will do."""
    # Odd metadata makes Pillow warn; what matters of it was checked.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(content)) as picture:
            if is_fit(picture, len(content)):
                return content
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
    profile = _profile(picture)
    try:
        return profile is None or "srgb" in ImageCms.getProfileDescription(profile).lower()
    except ImageCms.PyCMSError:
        return False


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
    """Nothing of the original's metadata goes along: no place, no camera."""
    made = BytesIO()
    story.save(made, "JPEG", quality=JPEG_QUALITY, optimize=True)
    assert made.tell() <= MOST_BYTES
    return made.getvalue()
