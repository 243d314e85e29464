"""A kind of file that somebody may add, and how it is made here."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from actors.domain.item import Longer
from infra.media.ffmpeg import program

SECRETS = (b"Nikon of Anna", b"52 deg 31", b"remark of Anna", b"+52.5200", b"behind the end")
TOLD = (
    "-metadata",
    "location=+52.5200+013.4050/",
    "-metadata",
    "comment=remark of Anna",
    "-metadata",
    "make=Nikon of Anna",
)


@dataclass(frozen=True)
class Kind:
    """`make` writes the file at a path. `refused` is how the sentence goes on after its name; else it is taken.

    `published` says in a few words what goes live. `slow`: it is made in `make media` alone.
    """

    name: str
    file_name: str
    make: Callable[[Path], object]
    published: str = ""
    refused: str = ""
    longer: Longer = Longer.REFUSED
    slow: bool = False
    stories: int = 1


def ffmpeg(*words: object) -> None:
    """Run the wheel's ffmpeg."""
    subprocess.run([program(), "-v", "error", "-nostdin", "-y", *map(str, words)], check=True, capture_output=True)


SMALL = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1")
AAC = ("-c:a", "aac", "-b:a", "64k")


def pictures(size: str = "64x112", rate: object = 30, seconds: float = 3.2) -> tuple[str, ...]:
    """An input: a moving test picture."""
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}")


def tone(seconds: float = 3.2, more: str = "") -> tuple[str, ...]:
    """An input: a tone."""
    return ("-f", "lavfi", "-i", f"sine=d={seconds}{more}")


def film(*how: object, size: str = "64x112", rate: object = 30, seconds: float = 3.2) -> Callable[[Path], None]:
    """Make a film with a tone; `how` says what is special of it."""
    words = how or (*SMALL, *AAC)

    def make(path: Path) -> None:
        ffmpeg(*pictures(size, rate, seconds), *tone(seconds), *words, *TOLD, "-shortest", path)

    return make


def silent(*how: object, size: str = "64x112", rate: object = 30, seconds: float = 3.2) -> Callable[[Path], None]:
    """Make a film without sound."""

    def make(path: Path) -> None:
        ffmpeg(*pictures(size, rate, seconds), *(how or SMALL), *TOLD, path)

    return make
