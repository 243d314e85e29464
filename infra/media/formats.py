"""What may become a story: pictures and videos that Telegram shows as such, told by their bytes, never by their names.

The limits are those of https://core.telegram.org/bots/api#sendphoto and #sendvideo there; a video has to be within
Instagram's as well, because nothing fits it later. Pure.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from actors.domain.item import MediaKind
from infra.media.films import faults, read_film

MEGABYTE = 1024 * 1024
PHOTO_BYTES = 10 * MEGABYTE
VIDEO_BYTES = 50 * MEGABYTE  # Instagram would take 100, but no card could show it
LONGEST_SIDES = 10_000  # width and height together
STEEPEST_RATIO = 20

# All that Pillow was seen to raise for bytes that are not what they begin like.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,  # of a PNG without a pixel
    struct.error,
    zlib.error,
    MemoryError,
    Image.DecompressionBombError,
)
STILL_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"}
ONLY = "only JPEG, PNG and WebP pictures and MP4 and MOV videos can be stories"


class Unfit(Exception):
    """These bytes cannot be a story; the text completes the sentence "sunset.jpg …"."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a file is: how it is sent, and the ending under which it is stored."""

    kind: MediaKind
    ending: str


JPEG, PNG, WEBP = Format(MediaKind.PHOTO, "jpg"), Format(MediaKind.PHOTO, "png"), Format(MediaKind.PHOTO, "webp")
MP4, MOV = Format(MediaKind.VIDEO, "mp4"), Format(MediaKind.VIDEO, "mov")
PILLOW_NAMES = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}
MOST_BYTES = {MediaKind.PHOTO: PHOTO_BYTES, MediaKind.VIDEO: VIDEO_BYTES}


def recognise(head: bytes) -> Format:
    """Tell a format by its first bytes (12 are enough), or raise Unfit."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] != b"ftyp":
        raise Unfit(f"is not a picture or video that Telegram shows: {ONLY}.")
    if head[8:12] in STILL_BRANDS:
        raise Unfit(f"is a HEIC or AVIF picture: save it as JPEG, for {ONLY}.")
    return MOV if head[8:12] == b"qt  " else MP4


def check_size(found: Format, size: int) -> None:
    """Raise Unfit for a file that Telegram would not take."""
    most = MOST_BYTES[found.kind]
    if size > most:
        what = "picture" if found.kind is MediaKind.PHOTO else "video"
        raise Unfit(f"is too large: {size / MEGABYTE:.1f} MB, and a {what} may have {most // MEGABYTE} MB at most.")


def check(found: Format, content: bytes) -> None:
    """Read the whole file as what it says it is; raises Unfit."""
    check_size(found, len(content))
    if found.kind is MediaKind.PHOTO:
        _check_picture(found, content)
    else:
        _check_video(content)


def _check_picture(found: Format, content: bytes) -> None:
    try:
        # Pillow only warns of a small bomb, which is far beyond our bound; its other warnings are of odd metadata.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=[PILLOW_NAMES[found]]) as picture:
                _check_shape(picture)
                picture.verify()
            with Image.open(BytesIO(content), formats=[PILLOW_NAMES[found]]) as picture:
                picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Unfit(_too_many_pixels()) from error
    except BROKEN as error:
        raise Unfit(
            f"cannot be read as the {PILLOW_NAMES[found]} picture that it begins like: it is broken."
        ) from error


def _check_shape(picture: Image.Image) -> None:
    """Before a pixel is unpacked: the header alone says how many there are."""
    width, height = picture.size
    if width + height > LONGEST_SIDES:
        raise Unfit(_too_many_pixels(f"{width} × {height} pixels"))
    if max(width, height) > STEEPEST_RATIO * min(width, height):
        raise Unfit(f"is too narrow: {width} × {height} pixels, and Telegram takes 1:{STEEPEST_RATIO} at most.")
    # Cameras put a preview behind a JPEG, which counts as a second frame there.
    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise Unfit("is animated, which Telegram shows as a still: save it as MP4.")


def _too_many_pixels(found: str = "more than 89 million pixels") -> str:
    return f"is too large: {found}, and width and height together may be {LONGEST_SIDES} at most."


def _check_video(content: bytes) -> None:
    film = read_film(content)
    if film is None:
        raise Unfit("cannot be read as the video that it begins like: it is broken or not complete.")
    for fault in faults(film):
        raise Unfit(fault)
