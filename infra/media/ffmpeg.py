"""Runs ffmpeg, a program of its own that a wheel brings. It inherits bounds and priority from who starts it. Blocks."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from os import SEEK_END
from tempfile import TemporaryFile

from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # it brings none

TOLD_BYTES = 400  # of its last words
MICROSECONDS = 1_000_000


class FfmpegFailed(Exception):
    """It ended otherwise than well; the text is the end of what it said, for a log and for no person."""


def run(arguments: list[str], seconds: float, told: Callable[[float], None] = lambda _: None) -> None:
    """Run it to its end; `told` hears how much of a film of so many seconds is made, from 0 to 1."""
    with _started(arguments, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for line in process.stdout:
            name, _, value = line.decode("ascii", "replace").strip().partition("=")
            if name == "out_time_us" and value.isdecimal():
                told(min(1.0, int(value) / MICROSECONDS / seconds))


def run_with_frames(arguments: list[str], frames: Iterable[bytes]) -> None:
    """Run it on frames that are given one by one."""
    with _started(arguments, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as pipe:  # its end says why
            for frame in frames:
                pipe.write(frame)


@contextmanager
def _started(arguments: list[str], stdin: int) -> Iterator[subprocess.Popen[bytes]]:
    """Its words go to a file: a pipe that is not read meanwhile could fill up."""
    with TemporaryFile() as words:
        process = subprocess.Popen([program(), *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=words)
        with process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            words.seek(max(0, words.seek(0, SEEK_END) - TOLD_BYTES))
            raise FfmpegFailed(words.read().decode("utf-8", "replace"))


@cache
def program() -> str:
    """Return where it is."""
    return str(get_ffmpeg_exe())
