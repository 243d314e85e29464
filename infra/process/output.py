"""A stream whose writer never waits: lines are queued, and a thread of its own writes them.

A pipe that is not read, a terminal stopped with Ctrl-S, a disk that hangs: each of them holds up who writes, and a
worker that logs on its event loop would stand still with it. Here the thread alone stands still. What no longer fits is
dropped and counted, and the count is said where the lines would have stood, once writing works again.

The standard library's QueueListener is not enough: its `stop` joins the thread without a bound, and fails when the
queue is full. The thread writes to the descriptor, not to the stream: a stream that it held locked in a write would end
the interpreter with a fatal error, and one that kept a line for a reader that is gone would end it with status 120.
"""

from __future__ import annotations

import io
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, cast

MOST_WAITING_BYTES = 4 * 1024 * 1024  # some ten thousand lines
FLUSH_SECONDS = 2.0


@contextmanager
def queued(stream: TextIO, dropped: Callable[[int], str], flush_seconds: float = FLUSH_SECONDS) -> Iterator[TextIO]:
    """Yield a stream that never makes its writer wait; what is queued in the end has `flush_seconds` to come out.

    `dropped` words how many lines are missing. A stream without a descriptor is yielded as it is.
    """
    try:
        stream.fileno()
    except OSError:
        yield stream
        return
    queue = QueuedStream(stream, dropped)
    try:
        yield cast(TextIO, queue)
    finally:
        queue.finish(flush_seconds)


class QueuedStream(io.TextIOBase):
    """Takes text at once, whatever becomes of it."""

    def __init__(self, stream: TextIO, dropped: Callable[[int], str], most_bytes: int = MOST_WAITING_BYTES) -> None:
        stream.flush()
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding
        self._is_terminal = stream.isatty()
        self._say_dropped = dropped
        self._most_bytes = most_bytes
        self._pid = os.getpid()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._dropped = 0
        self._finishing = False
        self._torn = False
        self.missing = 0  # lines that came to nothing and are not told yet; the thread's own count
        # A destructor that logs may come in the middle of `write`, on the same thread: Condition's own lock lets it in.
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="output", daemon=True)
        self._thread.start()

    def isatty(self) -> bool:
        """Say whether a person looks at it."""
        return self._is_terminal

    def writable(self) -> bool:
        """It always is."""
        return True

    def write(self, text: str) -> int:
        """Queue the text, or drop and count it; neither blocks nor fails. What its encoding lacks becomes escapes."""
        piece = text.encode(self._encoding, "backslashreplace")
        if os.getpid() != self._pid or not self._thread.is_alive():
            self._put(piece)  # a forked child has no thread, and one that has finished leaves nothing behind
            return len(text)
        with self._changed:
            # After the first that is dropped all are, until the thread has taken what waits: so the gap is one.
            if self._dropped or self._waiting_bytes + len(piece) > self._most_bytes:
                self._dropped += _lines(piece)
            else:
                self._waiting.append(piece)
                self._waiting_bytes += len(piece)
            self._changed.notify()
        return len(text)

    def finish(self, seconds: float) -> None:
        """Wait until all is written, but no longer than this."""
        with self._changed:
            self._finishing = True
            self._changed.notify()
        self._thread.join(seconds)

    def _write_all(self) -> None:
        while (taken := self._take()) is not None:
            chunk, dropped = taken
            self.missing = self._write(chunk, self.missing)
            if dropped:
                self.missing = self._write(b"", self.missing + dropped)

    def _take(self) -> tuple[bytes, int] | None:
        """Wait for lines; returns those that wait and how many were dropped after them, and in the end None."""
        with self._changed:
            while not (self._waiting or self._dropped):
                if self._finishing:
                    return None
                self._changed.wait()
            waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
            dropped, self._dropped = self._dropped, 0
        return b"".join(waiting), dropped

    def _write(self, chunk: bytes, missing: int) -> int:
        """Write what is missing, in words, and the lines after it; returns how many are missing then."""
        said = self._say_dropped(missing).encode(self._encoding, "backslashreplace") if missing else b""
        whole = (b"\n" if self._torn else b"") + said + chunk
        written = self._put(whole)
        if 0 < written < len(whole):
            self._torn = not whole[:written].endswith(b"\n")
        elif written:
            self._torn = False
        told = written >= len(whole) - len(chunk)
        return _lines(whole[written:]) if told else missing + _lines(chunk)

    def _put(self, piece: bytes) -> int:
        """Write to the descriptor until it refuses; returns how many bytes came out."""
        rest = memoryview(piece)
        with suppress(OSError):  # the reader has gone, the disk is full
            while rest:
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:  # who shares the descriptor made it so
                    select.select([], [self._descriptor], [])
        return len(piece) - len(rest)


def _lines(piece: bytes) -> int:
    """How many lines are lost with this; the rest of a line is one, too."""
    return piece.count(b"\n") + (not piece.endswith(b"\n")) if piece else 0
