"""What it costs to make files fit: a film of 4K, and a picture of 48 megapixels, beside the least that could do it."""

from __future__ import annotations

import asyncio
import resource
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageOps

from infra.media.encoding import arguments
from infra.media.ffmpeg import program, run
from infra.media.films import Cut, plan
from infra.media.fitting import fit
from infra.media.local import LocalMedia
from infra.media.probe import look
from tests.media.kind import SMALL, silent

PIXELS, STORY = (8_064, 6_048), (1_080, 1_920)
ROOT = Path(__file__).parents[2]
KILOBYTES_A_MEGABYTE = 1024 if sys.platform == "linux" else 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """How long one took, and the most memory that one of its processes needed at once."""

    seconds: float
    megabytes: int


@dataclass(frozen=True)
class MediaCosts:
    """Ours; for the film a bare ffmpeg for the same output; for the picture the fitting alone, and from all pixels.

    The last is what was done before.
    """

    film: Cost
    bare_film: Cost
    picture: Cost
    fitted_picture: Cost
    whole_picture: Cost


def measure_media(folder: Path, seconds: float) -> MediaCosts:
    """Make both, each in a process of its own: what its children needed at most is told of all of them at once."""
    film, picture = samples(folder, seconds)
    works = (ours, film), (bare, film), (ours, picture), (fitted, picture), (whole, picture)
    return MediaCosts(*(_alone(work, path) for work, path in works))


def samples(folder: Path, seconds: float) -> tuple[Path, Path]:
    """Write a film of 4K and a picture of 48 megapixels."""
    film, picture = folder / "4k.mp4", folder / "48.jpg"
    silent(*SMALL, "-crf", "30", size="2160x3840", rate=30, seconds=seconds)(film)
    Image.effect_noise((1_008, 756), 60).resize(PIXELS).convert("RGB").save(picture, quality=90)
    return film, picture


@asynccontextmanager
async def beside(what: str) -> AsyncIterator[None]:
    """Have a process that does nothing, or one that makes eight files fit again and again, and end it."""
    with TemporaryDirectory(prefix="everytap-bench-") as folder:
        if what == "making":
            await asyncio.to_thread(samples, Path(folder), 4.0)
        command = [sys.executable, "-m", "tests.bench.media", what, folder]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        await process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()
            await process.wait()


async def _make_fit(folder: Path) -> None:
    film, picture = folder / "4k.mp4", folder / "48.jpg"
    while True:
        for number, path in enumerate((film, picture) * 4):
            await LocalMedia(folder / f"media{number}").take_in(path)
            shutil.rmtree(folder / f"media{number}")


def _main() -> None:
    """What `beside` starts."""
    sys.stdout.write("here\n")
    sys.stdout.flush()
    if sys.argv[1] == "making":
        asyncio.run(_make_fit(Path(sys.argv[2])))
    signal.pause()


def _alone(work: Callable[[Path], Cost], path: Path) -> Cost:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, path).result()


def ours(path: Path) -> Cost:
    """What `media add` does with a file."""
    begun = time.monotonic()
    asyncio.run(_take_in(path))
    return Cost(time.monotonic() - begun, _most(resource.RUSAGE_CHILDREN))


async def _take_in(path: Path) -> None:
    await LocalMedia(path.parent / "media").take_in(path)


def bare(path: Path) -> Cost:
    """The same arguments, without all that is around them."""
    film = look(path)
    assert film is not None
    assert film.seconds is not None
    words = arguments(film, plan(film, Cut(0.0, film.seconds)), str(path), str(path.with_name("bare.mp4")))
    program()
    begun = time.monotonic()
    run(words, film.seconds)
    return Cost(time.monotonic() - begun, _most(resource.RUSAGE_CHILDREN))


def fitted(path: Path) -> Cost:
    """A picture fitted, without the process around that."""
    begun = time.monotonic()
    fit(path.read_bytes())
    return Cost(time.monotonic() - begun, _most(resource.RUSAGE_SELF))


def whole(path: Path) -> Cost:
    """A picture fitted from all of its pixels, as it was before."""
    begun = time.monotonic()
    with Image.open(BytesIO(path.read_bytes())) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        ImageOps.contain(upright, STORY, Image.Resampling.LANCZOS).save(BytesIO(), "JPEG", quality=92, optimize=True)
        ImageOps.fit(upright, (135, 240), Image.Resampling.BILINEAR)
    return Cost(time.monotonic() - begun, _most(resource.RUSAGE_SELF))


def _most(whose: int) -> int:
    return resource.getrusage(whose).ru_maxrss // KILOBYTES_A_MEGABYTE


if __name__ == "__main__":
    _main()
