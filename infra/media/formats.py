"""What may become a story, told by its bytes, never by its name; and which pictures are taken. Pure.

The limits are our own: what is published is made anew, within Instagram's and Telegram's, from whatever is taken.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from enum import Enum
from io import BytesIO

import pillow_heif
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

MEGABYTE = 1024 * 1024
PICTURE_BYTES = 50 * MEGABYTE  # Telegram sends no larger file as the original
FILM_BYTES = 2048 * MEGABYTE
MOST_PIXELS = 210_000_000  # a phone's 200 megapixels; in memory three bytes each
STEEPEST_RATIO = 20

pillow_heif.register_heif_opener()
# Pillow warns beyond this and refuses twice as many; what is within is checked below, before a pixel is unpacked.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS

# All that Pillow was seen to raise for bytes that are not what they begin like.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,  # of a PNG without a pixel
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
ONLY = "only pictures (JPEG, PNG, WebP, HEIC, AVIF, GIF) and films (MP4, MOV, WebM) can be stories"
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"MiHE"}
AVIF_BRANDS = {b"avif", b"avis"}
DNG_VERSION, SUBFILE = 50706, 254  # of TIFF: a RAW file, and (1) a preview in the place of the picture itself
SEGMENT = b"\x47"  # each packet of an MPEG transport stream begins so


class Unfit(Exception):
    """These bytes cannot be a story; the text completes the sentence "sunset.jpg …"."""


class Format(Enum):
    """What a file is: Pillow's name for it, or none for a film, and the ending under which an original is kept."""

    JPEG = ("JPEG", "jpg")
    PNG = ("PNG", "png")
    WEBP = ("WEBP", "webp")
    HEIC = ("HEIF", "heic")
    AVIF = ("AVIF", "avif")
    GIF = ("GIF", "gif")
    TIFF = ("TIFF", "tif")
    BMP = ("BMP", "bmp")
    MP4 = ("", "mp4")
    MOV = ("", "mov")
    OTHER_FILM = ("", "film")

    @property
    def pillow_name(self) -> str:
        """The name by which Pillow opens it; empty for a film."""
        return self.value[0]

    @property
    def ending(self) -> str:
        """What its name ends in."""
        return self.value[1]


STARTS = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"BM", Format.BMP),
    (b"\x1a\x45\xdf\xa3", Format.OTHER_FILM),  # Matroska and WebM
    (b"\x30\x26\xb2\x75", Format.OTHER_FILM),  # WMV
    (b"FLV\x01", Format.OTHER_FILM),
    (b"\0\0\x01\xba", Format.OTHER_FILM),  # MPEG program stream
)
# Old QuickTime begins without its type.
OLD_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a picture's head says: its size, upright or not, and how many pictures there are."""

    width: int
    height: int
    frames: int


def recognise(head: bytes) -> Format:
    """Tell a format by its first bytes (200 are enough), or raise Unfit."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if (head[:4] == b"RIFF" and head[8:12] == b"AVI ") or (head[:1] == head[188:189] == SEGMENT):
        return Format.OTHER_FILM
    for start, found in STARTS:
        if head.startswith(start):
            return found
    if head[4:8] == b"ftyp":
        return _of_boxes(head[8:12])
    if head[4:8] in OLD_QUICKTIME:
        return Format.MOV
    raise Unfit(f"is not a picture or film that can be read: {ONLY}.")


def _of_boxes(brand: bytes) -> Format:
    if brand in HEIF_BRANDS:
        return Format.HEIC
    if brand in AVIF_BRANDS:
        return Format.AVIF
    return Format.MOV if brand == b"qt  " else Format.MP4


def check_size(found: Format, size: int) -> None:
    """Raise Unfit for a file that is larger than what is read at all."""
    most = PICTURE_BYTES if found.pillow_name else FILM_BYTES
    if size > most:
        what = "picture" if found.pillow_name else "film"
        raise Unfit(f"is too large: {size / MEGABYTE:.1f} MB, and a {what} may have {most // MEGABYTE} MB at most.")


def check_picture(found: Format, content: bytes) -> Shape:
    """Read a picture's head, before a pixel is unpacked: it alone says how many there are. Raises Unfit."""
    try:
        # Pillow warns of odd metadata, and of pictures that are large; the bound is ours.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(content), formats=[found.pillow_name]) as picture:
                return _checked(picture)
    except Image.DecompressionBombError as error:
        raise Unfit(_too_many_pixels("too many pixels")) from error
    except BROKEN as error:
        raise Unfit(broken(found)) from error


def broken(found: Format) -> str:
    """What is said of a file that is not what it begins like."""
    name = found.name if found.pillow_name else "film"
    what = f"{name} picture" if found.pillow_name else name
    return f"cannot be read as the {what} that it begins like: it is broken."


def _checked(picture: Image.Image) -> Shape:
    if isinstance(picture, TiffImageFile) and (DNG_VERSION in picture.tag_v2 or picture.tag_v2.get(SUBFILE, 0) & 1):
        raise Unfit("is the RAW file of a camera: export it as JPEG.")
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise Unfit(_too_many_pixels(f"{width} × {height} pixels"))
    if max(width, height) > STEEPEST_RATIO * min(width, height):
        told = f"{width} × {height} pixels, and beyond 1:{STEEPEST_RATIO} hardly anything of it would be seen"
        raise Unfit(f"is too narrow: {told}.")
    # Cameras put a preview behind a JPEG, and TIFF and HEIC hold pages, which count as frames there.
    moves = picture.format in {"PNG", "WEBP", "GIF", "AVIF"}
    return Shape(width, height, getattr(picture, "n_frames", 1) if moves else 1)


def _too_many_pixels(found: str) -> str:
    return f"is too large: {found}, and a picture may have {MOST_PIXELS // 1_000_000} million at most."
