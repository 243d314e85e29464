"""A picture that moves (GIF, WebP, AVIF, PNG) as the frames of a film, one at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from infra.media.films import LONG_SIDE, LONGEST_SECONDS, SHORT_SIDE, SHORTEST_SECONDS
from infra.media.fitting import in_srgb

RATE = 30  # frames a second of the film
SHORTEST_MILLISECONDS, USUAL_MILLISECONDS = 20, 100  # browsers take less than the one for the other
MOST_FRAMES = 3_000  # of the picture
LARGEST_PIXELS = 16_000_000  # of one frame


class Animation:
    """What the frames come to: `size` in pixels, `rate` a second; what it says is checked before it is unpacked."""

    rate = RATE

    def __init__(self, content: bytes, pillow_name: str) -> None:
        self._content, self._name = content, pillow_name
        with self._opened() as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise ValueError("too many pixels for a film")
            scale = min(1.0, LONG_SIDE / max(picture.size), SHORT_SIDE / min(picture.size))
            width, height = (max(2, round(side * scale / 2) * 2) for side in picture.size)
            self.size = (width, height)

    def frames(self) -> Iterator[bytes]:
        """Yield the film's frames, three bytes a pixel; they begin again until it is long enough for a story."""
        due, shown, least, most = 0.0, 0, SHORTEST_SECONDS * RATE, LONGEST_SECONDS * RATE
        for pixels, milliseconds in self._repeated():
            if pixels is None:
                if shown >= least:
                    return
                continue
            due += milliseconds * RATE / 1000
            while shown < min(round(due), most):
                yield pixels
                shown += 1
            if shown >= most:
                return

    def _repeated(self) -> Iterator[tuple[bytes | None, float]]:
        """Yield each frame and how long it is seen; None stands at its end, and then it begins again."""
        while True:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield from self._once()
            yield None, 0.0

    def _once(self) -> Iterator[tuple[bytes, float]]:
        with self._opened() as picture:
            for number in range(min(getattr(picture, "n_frames", 1), MOST_FRAMES)):
                picture.seek(number)
                picture.load()
                told = float(picture.info.get("duration") or 0)
                frame = in_srgb(picture).resize(self.size, Image.Resampling.BICUBIC)
                yield frame.tobytes(), told if told >= SHORTEST_MILLISECONDS else USUAL_MILLISECONDS

    def _opened(self) -> Image.Image:
        return Image.open(BytesIO(self._content), formats=[self._name])
