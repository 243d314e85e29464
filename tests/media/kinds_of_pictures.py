"""Pictures as phones, cameras and editors write them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageCms

from tests.media.kind import Kind

pillow_heif.register_heif_opener()

FITTED = "JPEG of 1080 × 1920"
BYTE_FOR_BYTE = "the same pixels, without what it told"
MOVING = "H.264, long enough by repeating"


def told() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Nikon of Anna"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = b"52 deg 31"
    return exif


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    made = BytesIO()
    picture.save(made, kind, **how)
    return made.getvalue()


def scene(size: tuple[int, int] = (400, 300)) -> Image.Image:
    return Image.radial_gradient("L").resize(size).convert("RGB")


def still(
    kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (400, 300), behind: bytes = b"", **how: Any
) -> Callable[[Path], None]:
    """Write a picture that tells its place and its camera."""

    def make(path: Path) -> None:
        more = how if kind in {"BMP", "GIF"} else {"exif": told(), **how}
        path.write_bytes(saved(scene(size).convert(mode), kind, **more) + behind)

    return make


def moving(kind: str, **how: Any) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        frames = [Image.new("RGB", (64, 112), colour) for colour in ("red", "green", "blue")]
        path.write_bytes(saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=200, **how))

    return make


def sixteen_bits(path: Path) -> None:
    Image.new("I;16", (90, 160), 0x8000).save(path, "PNG")


def cut_out(mode: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        layer = Image.new("RGBA", (300, 300))
        layer.paste((200, 30, 60, 255), (100, 100, 200, 200))
        layer.convert(mode).save(path, "WEBP" if path.suffix == ".webp" else "PNG")

    return make


def truncated(path: Path) -> None:
    content = saved(scene(), "JPEG")
    path.write_bytes(content[: len(content) // 2])


def with_odd_bytes(path: Path) -> None:
    """Between two segments stands what the standard has no word for; Pillow passes over it."""
    content = saved(scene((90, 160)), "JPEG")
    table = content.index(b"\xff\xdb")
    path.write_bytes(content[:table] + b"\xff\x00" + content[table:])


def raw_photo(path: Path) -> None:
    Image.new("L", (60, 40)).save(path, "TIFF", tiffinfo={50706: b"\1\4\0\0"})


def bomb(path: Path) -> None:
    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I4s", 13, b"IHDR") + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I4sI", 0, b"IDAT", zlib.crc32(b"IDAT")))


MOTION = struct.pack(">I4s4s", 24, b"ftyp", b"mp42") + bytes(12) + b"behind the end"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
BROKEN_PICTURE = "cannot be read as the JPEG picture that it begins like: it is broken."

PICTURES = [
    Kind("HEIC of an iPhone", "p.heic", still("HEIF"), FITTED),
    Kind("HEIC named .jpg", "p.jpg", still("HEIF"), FITTED),
    Kind("AVIF", "p.avif", still("AVIF"), FITTED),
    Kind("JPEG 4:3", "p.jpg", still(), FITTED),
    Kind("JPEG of 9:16, 720 × 1280", "p.jpg", still(size=(720, 1280)), BYTE_FOR_BYTE),
    Kind("progressive JPEG", "p.jpg", still(progressive=True), FITTED),
    Kind("grey JPEG", "p.jpg", still(mode="L"), FITTED),
    Kind("CMYK JPEG of a print shop", "p.jpg", still(mode="CMYK"), FITTED),
    Kind("JPEG with a film behind its end (motion photo)", "p.jpg", still(behind=MOTION), FITTED),
    Kind(
        "MPO of a phone",
        "p.jpg",
        lambda path: scene().save(path, "MPO", save_all=True, append_images=[scene((40, 30))]),
        FITTED,
    ),
    Kind("JPEG with a remark", "p.jpg", still(comment=b"remark of Anna", size=(720, 1280)), BYTE_FOR_BYTE),
    Kind("JPEG with a broken profile", "p.jpg", still(icc_profile=b"no profile"), FITTED),
    Kind("JPEG with odd bytes in it", "p.jpg", with_odd_bytes, FITTED),
    Kind("half a JPEG", "p.jpg", truncated, refused=BROKEN_PICTURE),
    Kind("small JPEG, 200 × 300", "p.jpg", still(size=(200, 300)), FITTED),
    Kind("panorama of 12000 × 800", "p.jpg", still(size=(12_000, 800)), FITTED),
    Kind("48 megapixels, JPEG", "p.jpg", still(size=(8_064, 6_048)), FITTED, slow=True),
    Kind("200 megapixels, JPEG", "p.jpg", still(size=(16_320, 12_240)), FITTED, slow=True),
    Kind("48 megapixels, HEIC", "p.heic", still("HEIF", size=(8_064, 6_048)), FITTED, slow=True),
    Kind(
        "JPEG over 10 MB",
        "p.jpg",
        lambda path: path.write_bytes(saved(Image.effect_noise((4000, 3000), 200).convert("RGB"), "JPEG", quality=100)),
        FITTED,
        slow=True,
    ),
    Kind("PNG", "p.png", still("PNG"), FITTED),
    Kind("PNG of 16 bits, grey", "p.png", sixteen_bits, FITTED),
    Kind("PNG with a palette", "p.png", still("PNG", "P"), FITTED),
    Kind("PNG of a cut-out (Canva)", "p.png", cut_out("RGBA"), "JPEG of 1080 × 1920, on one colour"),
    Kind("WebP", "p.webp", still("WEBP"), FITTED),
    Kind("WebP of a cut-out", "p.webp", cut_out("RGBA"), "JPEG of 1080 × 1920, on one colour"),
    Kind("GIF that stands still", "p.gif", still("GIF", "P"), FITTED),
    Kind("GIF that moves", "p.gif", moving("GIF"), MOVING),
    Kind("WebP that moves", "p.webp", moving("WEBP"), MOVING),
    Kind("AVIF that moves", "p.avif", moving("AVIF"), MOVING),
    Kind("PNG that moves", "p.png", moving("PNG"), MOVING),
    Kind("TIFF", "p.tif", still("TIFF"), FITTED),
    Kind("TIFF in CMYK", "p.tif", still("TIFF", "CMYK"), FITTED),
    Kind("BMP", "p.bmp", still("BMP"), FITTED),
    Kind("RAW photo (DNG)", "p.dng", raw_photo, refused="is the RAW file of a camera: export it as JPEG."),
    Kind("PNG of 400 million pixels", "p.png", bomb, refused="is too large: "),
    Kind(
        "SVG or PDF",
        "p.svg",
        lambda path: path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>"),
        refused="is not a picture or film that can be read: only pictures (JPEG, PNG,",
    ),
    Kind(
        "JPEG XL",
        "p.jxl",
        lambda path: path.write_bytes(b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40)),
        refused="is not a picture or film that can be read",
    ),
    Kind("empty file", "p.jpg", lambda path: path.write_bytes(b""), refused="is empty."),
]
