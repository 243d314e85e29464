"""Sample stories to look at: 9:16, a soft gradient, a few shapes and a large title."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 1080, 1920
TITLE_SIZE = 150
JPEG_QUALITY = 86

Colour = tuple[int, int, int]

STORIES: tuple[tuple[str, Colour, Colour], ...] = (
    ("Morning light", (255, 183, 120), (255, 94, 98)),
    ("New in store", (67, 198, 172), (25, 22, 84)),
    ("Behind the scenes", (131, 96, 195), (46, 191, 145)),
    ("Sunday market", (255, 226, 89), (255, 122, 61)),
    ("Back in stock", (86, 204, 242), (47, 128, 237)),
    ("Studio visit", (238, 156, 167), (120, 63, 142)),
    ("Last chance", (240, 80, 83), (96, 14, 46)),
    ("Thank you", (168, 224, 99), (32, 110, 74)),
    ("Slow evening", (255, 175, 189), (70, 60, 120)),
    ("Winter colours", (196, 224, 249), (38, 66, 120)),
    ("Hello, Lisbon", (255, 209, 102), (6, 104, 140)),
    ("One more thing", (72, 85, 99), (21, 25, 34)),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A story's file and the words on it."""

    title: str
    path: Path


def draw_pictures(folder: Path, count: int = len(STORIES), seed: int = 7) -> list[Picture]:
    """Draw pictures into the folder, about 50 ms each; the same seed draws the same ones."""
    return [draw_picture(folder, number, seed) for number in range(count)]


def draw_picture(folder: Path, number: int, seed: int = 7) -> Picture:
    """Draw the picture of this number, counted from 0; no two are alike."""
    folder.mkdir(parents=True, exist_ok=True)
    return _save(folder, number, Random(seed + number))


def draw(title: str, colours: tuple[Colour, Colour], random: Random) -> Image.Image:
    """Draw one picture."""
    picture = _gradient(*colours)
    picture.paste((255, 255, 255), mask=_shapes(random))
    pen = ImageDraw.Draw(picture)
    words = "\n".join(title.split())
    font = ImageFont.load_default(TITLE_SIZE)
    left, top, right, bottom = pen.multiline_textbbox((0, 0), words, font=font, spacing=24)
    place = (90 - left, HEIGHT - 260 - (bottom - top))
    pen.multiline_text((place[0] + 5, place[1] + 7), words, fill=_shade(colours[1]), font=font, spacing=24)
    pen.multiline_text(place, words, fill=(255, 255, 255), font=font, spacing=24)
    pen.rounded_rectangle((90, HEIGHT - 170, 90 + min(right - left, 420), HEIGHT - 156), 7, fill=(255, 255, 255))
    return picture


def _save(folder: Path, number: int, random: Random) -> Picture:
    title, top, bottom = STORIES[number % len(STORIES)]
    again = number // len(STORIES)
    title = f"{title} {again + 1}" if again else title
    path = folder / f"{number + 1:02d} {title}.jpg"
    draw(title, (top, bottom), random).save(path, quality=JPEG_QUALITY)
    return Picture(title, path)


def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    corners = Image.new("RGB", (2, 3))
    middle = _mix(top, bottom)
    for place, colour in enumerate(
        (top, _mix(top, middle), middle, _mix(middle, bottom), _mix(middle, bottom), bottom)
    ):
        corners.putpixel((place % 2, place // 2), colour)
    return corners.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def _shapes(random: Random) -> Image.Image:
    mask = Image.new("L", (WIDTH // 4, HEIGHT // 4), 0)
    pen = ImageDraw.Draw(mask)
    for _ in range(5):
        x, y = random.uniform(0, mask.width), random.uniform(0, mask.height * 0.75)
        radius = random.uniform(30, 110)
        outline = random.random() < 0.4
        pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius),
            fill=None if outline else random.randint(18, 46),
            outline=90 if outline else None,
            width=5,
        )
    return mask.filter(ImageFilter.GaussianBlur(1.2)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def _mix(one: Colour, other: Colour) -> Colour:
    return (one[0] + other[0]) // 2, (one[1] + other[1]) // 2, (one[2] + other[2]) // 2


def _shade(colour: Colour) -> Colour:
    return colour[0] * 2 // 3, colour[1] * 2 // 3, colour[2] * 2 // 3
