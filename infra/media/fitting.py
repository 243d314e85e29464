"""Fits a picture to a story: 9:16 JPEG in sRGB, on a blurred copy of itself where its shape is another. Pure.

The limits are those of "Story Image Specifications" at
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import product

from PIL import ExifTags, Image, ImageChops, ImageCms, ImageEnhance, ImageFilter, ImageOps, ImageStat

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
QUARTER_TURNED = {5, 6, 7, 8}  # of Exif's orientations: https://exiftool.org/TagNames/EXIF.html
AVERAGED = {"RGB", "RGBA", "L", "CMYK", "RGBX"}  # modes in which neighbours may be mixed
GROUND = "ground"
# By number of ITU-T H.273: red, green and blue in XYZ under the light of profiles (D50).
LIGHTS = {
    9: ((0.67345, 0.27903, -0.00193), (0.16566, 0.67533, 0.02997), (0.12505, 0.04561, 0.79686)),  # BT.2020
    12: ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407)),  # Display P3
}
OPAQUE, NEARLY_WHITE = 255, 230
SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True, slots=True)
class Fitted:
    """What Instagram is given for a picture: JPEG; and how many times it had to be enlarged (below 1: made smaller)."""

    content: bytes
    width: int
    height: int
    enlarged: float


def fit(content: bytes) -> Fitted:
    """Make a picture fit that was checked before: its own pixels, bit for bit, if they will do.

    Whatever else the picture tells stays here: the place, the camera, its preview, a remark, a film behind its end.
    It needs memory for the picture once, for a JPEG for a small part of it. Raises what is BROKEN, and MemoryError.
    """
    # Odd metadata makes Pillow warn; what matters of it was checked.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(content)) as picture:
            width, height = picture.size[::-1] if _is_turned(picture) else picture.size
            enlarged = 1.0
            if is_fit(picture, len(content)):
                with suppress(ValueError):  # Pillow reads more than the standard allows
                    picture.load()  # a broken one is told here
                    return Fitted(bare(content), width, height, enlarged)
            else:
                enlarged = min(STORY[0] / width, STORY[1] / height)
            return Fitted(_jpeg(_compose(_small(picture))), *STORY, enlarged)


def _small(picture: Image.Image) -> Image.Image:
    """The picture upright, in RGB and sRGB; where it is far larger than a story, not all of its pixels."""
    needed = _needed(picture)
    if picture.format == "JPEG":
        picture.draft(None, needed)  # the decoder leaves out what would be thrown away
    picture.load()
    times = min(picture.width // needed[0], picture.height // needed[1])
    if times > 1 and picture.mode in AVERAGED:
        picture = _reduced(picture, times)
    return in_srgb(ImageOps.exif_transpose(picture))


def in_srgb(picture: Image.Image) -> Image.Image:
    """The picture in RGB, its colours converted by its profile; what is seen through lies on one colour."""
    return _flat(_srgb(_plain(picture)))


def _reduced(picture: Image.Image, times: int) -> Image.Image:
    small = picture.reduce(times)
    small.getexif()[ExifTags.Base.Orientation] = picture.getexif().get(ExifTags.Base.Orientation, 1)
    picture.close()  # its pixels are needed no more
    return small


def _needed(picture: Image.Image) -> tuple[int, int]:
    """How many pixels are wanted at least of a picture, as it is stored, before it is scaled with care."""
    width, height = picture.size
    across, down = STORY[::-1] if _is_turned(picture) else STORY
    scale = min(1.0, min(across / width, down / height) * (1 + 2 * MOST_CROPPED))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _is_turned(picture: Image.Image) -> bool:
    return picture.getexif().get(ExifTags.Base.Orientation, 1) in QUARTER_TURNED


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
    described = picture.info.get("icc_profile") or _told_in_numbers(picture)
    if not described:
        return None
    try:
        return ImageCms.ImageCmsProfile(BytesIO(described))
    except (OSError, ImageCms.PyCMSError):
        return None


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in a mode that a profile may be of: palettes resolved, 16 bits made 8."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I;16") or picture.mode == "I":
        plain = picture.convert("I").point(lambda light: light / 256).convert("L")
    elif picture.mode in {"P", "PA", "La", "LA", "RGBa"}:
        plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif picture.mode == "1":
        plain = picture.convert("L")
    else:
        return picture
    plain.info["icc_profile"] = profile
    return plain


def _told_in_numbers(picture: Image.Image) -> bytes | None:
    """A profile for the lights that a HEIC names by their number in ITU-T H.273, with sRGB's curve."""
    number = (picture.info.get("nclx_profile") or {}).get("color_primaries", 0)
    lights = LIGHTS.get(number)
    if lights is None:
        return None
    made = bytearray(ImageCms.ImageCmsProfile(SRGB).tobytes())
    for name, light in zip((b"rXYZ", b"gXYZ", b"bXYZ"), lights, strict=True):
        entry = made.index(name)  # of the table of tags: name, place, size
        place = int.from_bytes(made[entry + 4 : entry + 8], "big") + 8
        made[place : place + 12] = b"".join(round(part * 65536).to_bytes(4, "big", signed=True) for part in light)
    return bytes(made)


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
    """The picture in RGB; what is seen through lies on white, or on black where what is seen is nearly white."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    ground = Image.new("RGBA", layer.size, _ground(layer))
    flat = Image.alpha_composite(ground, layer).convert("RGB")
    if any(layer.getchannel("A").histogram()[:OPAQUE]):
        flat.info[GROUND] = _ground(layer)
    return flat


def _ground(layer: Image.Image) -> str:
    light = ImageStat.Stat(layer.convert("L"), layer.getchannel("A").point(lambda part: part > 127 and 255)).mean
    return "black" if light and light[0] > NEARLY_WHITE else "white"


def _compose(picture: Image.Image) -> Image.Image:
    if _cropped_share(picture.size) <= MOST_CROPPED:
        return ImageOps.fit(picture, STORY, Image.Resampling.LANCZOS)
    ground = picture.info.get(GROUND)
    # A cut-out lies on its ground all over: it would look like a box on a blurred one.
    story = Image.new("RGB", STORY, ground) if ground else _background(picture)
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
