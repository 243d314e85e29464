#!/bin/sh
# Pillow 13.0.0: which of a photo's metadata goes along when it is opened, made smaller and saved as JPEG again.
#
# Guess: none unless it is asked for: exif=, xmp= and icc_profile= are arguments of save, and what is not given is not written.
# Seen: place, camera, XMP and colour profile stay behind, but the remark (JPEG's COM segment) is written again, through any
# resize, crop or convert, because it is read from the picture's `info`, which each of these copies. A PNG's text chunk
# becomes a remark, too, if its keyword is "comment" in small letters ("Comment", which most programs write, does not).
# Who strips metadata by writing a picture anew therefore publishes what phones, editors and asset banks put there (names,
# ids, prompts). `picture.info.clear()` before save, or comment=b"" at save, keeps it back.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -qq --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - <<'EOF'
from io import BytesIO

from PIL import ExifTags, Image, ImageOps, PngImagePlugin, __version__


def saved(picture, kind, **how):
    content = BytesIO()
    picture.save(content, kind, **how)
    return content.getvalue()


def smaller(content):
    return ImageOps.fit(Image.open(BytesIO(content)), (50, 50)).convert("RGB")


exif = Image.Exif()
exif[ExifTags.Base.Make] = "a camera"
photo = saved(Image.new("RGB", (100, 100)), "JPEG", exif=exif, xmp=b"a packet", icc_profile=b"a profile", comment=b"a remark")
told = [text for text in (b"a camera", b"a packet", b"a profile", b"a remark") if text in saved(smaller(photo), "JPEG")]
print(__version__, "a JPEG made smaller tells:", told)
assert told == [b"a remark"]
assert b"a remark" not in saved(smaller(photo), "JPEG", comment=b"")

found = {}
for keyword in ("Comment", "comment"):
    text = PngImagePlugin.PngInfo()
    text.add_text(keyword, "a remark")
    found[keyword] = b"a remark" in saved(smaller(saved(Image.new("RGB", (100, 100)), "PNG", pnginfo=text)), "JPEG")
print(__version__, "a PNG's text becomes a JPEG's remark:", found)
assert found == {"Comment": False, "comment": True}
EOF
