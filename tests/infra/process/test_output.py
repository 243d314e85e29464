"""A stream that makes nobody wait: over real pipes, with readers that stall, go away and come back."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from infra.process.output import QueuedStream, queued

ROOT = Path(__file__).parent.parent.parent.parent
LONG_SECONDS = 30.0
PIPE_BYTES = 4096  # the least that a pipe can hold
LINE = f"{'x' * 999}\n"
ENDS_WITH_A_STALLED_READER = """
import os, sys
from infra.process.output import queued
reader, writer = os.pipe()
with queued(os.fdopen(writer, "w"), str, 0.05) as stream:
    for number in range(5000):
        stream.write(f"{number} of them\\n")
sys.stdout.write("left")
"""


def say_dropped(lines: int) -> str:
    return f"{lines} dropped\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe of 4 KiB: its descriptor for reading, and its stream for writing."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield reader, stream
    os.close(reader)


def read_until(reader: int, wanted: Callable[[str], bool]) -> str:
    """Read until the text is as it is wanted, or the pipe ends."""
    text = ""
    while not wanted(text) and (piece := os.read(reader, 65_536)):
        text += piece.decode()
    return text


@contextmanager
def stalled(stream: TextIO, most_bytes: int) -> Iterator[QueuedStream]:
    """A queued stream whose thread stands still in the middle of a write."""
    queue = QueuedStream(stream, say_dropped, most_bytes)
    queue.write(LINE * 5)
    while fcntl.fcntl(stream.fileno(), fcntl.F_GETPIPE_SZ) > _unread(stream.fileno()):
        threading.Event().wait(0.005)  # a pipe announces nothing to who writes
    yield queue


def _unread(descriptor: int) -> int:
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_lines_come_out_in_their_order(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe

    with queued(stream, say_dropped) as queue:
        queue.write("one\n")
        queue.write("two\n")

    assert os.read(reader, 99) == b"one\ntwo\n"


def test_nobody_waits_for_a_reader_that_stalls_and_the_lines_that_were_dropped_are_counted(
    pipe: tuple[int, TextIO],
) -> None:
    reader, stream = pipe

    with stalled(stream, most_bytes=10 * len(LINE)) as queue:
        for number in range(25):
            queue.write(f"line {number}".ljust(len(LINE) - 1) + "\n")
        text = read_until(reader, lambda text: "dropped" in text)
        queue.write("after\n")
        queue.finish(LONG_SECONDS)
        text += os.read(reader, 99).decode()

    kept = [f"line {number}" for number in range(10)]
    assert [line.strip() for line in text.replace(LINE, "").splitlines()] == [*kept, "15 dropped", "after"]


def test_gap_is_one_also_if_a_shorter_line_would_fit_into_it(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe

    with stalled(stream, most_bytes=5 * len(LINE)) as queue:
        for line in ("first\n", f"{'too long' * len(LINE)}\n", "short\n"):
            queue.write(line)
        text = read_until(reader, lambda text: "dropped" in text)
        queue.finish(LONG_SECONDS)

    assert text.replace(LINE, "").splitlines() == ["first", "2 dropped"]


def test_end_does_not_wait_for_a_reader_that_stalls() -> None:
    """Neither does the interpreter's own: a stream that a thread holds locked would be a fatal error then."""
    done = subprocess.run(
        [sys.executable, "-c", ENDS_WITH_A_STALLED_READER],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONG_SECONDS,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "left", "")


def test_reader_that_is_gone_makes_no_difference_to_who_writes(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    os.dup2(os.open(os.devnull, os.O_RDONLY), reader)

    with queued(stream, say_dropped) as queue:
        assert queue.write("nobody reads this\n") == 18


def test_lines_of_the_time_without_a_reader_are_counted_once_there_is_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    with (tmp_path / "fifo").open("w") as stream:
        queue = QueuedStream(stream, say_dropped)
        queue.write("read\n")
        os.set_blocking(reader, True)
        before = os.read(reader, 99)
        os.close(reader)

        queue.write("lost\nlost\n")
        while queue.missing < 2:
            threading.Event().wait(0.005)
        reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
        queue.write("read\n")
        queue.finish(LONG_SECONDS)

        assert (before, os.read(reader, 99)) == (b"read\n", b"2 dropped\nread\n")
    os.close(reader)


def test_line_that_was_torn_does_not_swallow_the_next(tmp_path: Path) -> None:
    """A limit of the file's size stands for a disk that is full in the middle of a line."""
    program = f"""
import os, resource, signal, sys
from infra.process.output import QueuedStream
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open({str(tmp_path / "log")!r}, "w") as stream:
    queue = QueuedStream(stream, lambda lines: f"{{lines}} dropped\\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, (7, resource.RLIM_INFINITY))
    queue.write("one\\nhalf of it\\n")
    while queue.missing < 1:
        pass
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    queue.write("next\\n")
    queue.finish(30)
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=LONG_SECONDS, check=True)

    assert (tmp_path / "log").read_text() == "one\nhal\n1 dropped\nnext\n"


def test_forked_child_writes_by_itself() -> None:
    """Threads are not forked: a line that it queued would never come out."""
    program = """
import os, sys, warnings
warnings.simplefilter("ignore")
from infra.process.output import queued
with queued(sys.stdout, str) as stream:
    child = os.fork()
    if not child:
        stream.write("child\\n")
        os._exit(0)
    os.waitpid(child, 0)
    stream.write("parent\\n")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=LONG_SECONDS, check=True
    )

    assert done.stdout == "child\nparent\n"


def test_line_after_the_end_still_comes_out(pipe: tuple[int, TextIO]) -> None:
    """What destructors have to say when the interpreter goes."""
    reader, stream = pipe

    with queued(stream, say_dropped) as queue:
        pass
    queue.write("late\n")

    assert os.read(reader, 99) == b"late\n"


def test_characters_that_the_stream_lacks_become_escapes(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="ascii") as stream, queued(stream, say_dropped) as queue:
        queue.write("Zoë\n")

    assert (tmp_path / "log").read_bytes() == b"Zo\\xeb\n"


def test_descriptor_that_somebody_made_non_blocking_is_waited_for(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    os.set_blocking(stream.fileno(), False)

    with queued(stream, say_dropped) as queue:
        queue.write(LINE * 500)
        text = read_until(reader, lambda text: len(text) == 500 * len(LINE))

    assert text == LINE * 500
