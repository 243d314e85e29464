"""A file on its way to Telegram: whose turn it is, how far it has come, and how it is cut off.

A file leaves in pieces, each after the one before has left for the kernel, so that its sender sees it move, and so that
one which is given up takes little more of the line. Its end is handed over last: until then Telegram cannot have the
whole request, so whatever becomes of the call, nothing was sent.
"""

from __future__ import annotations

import io
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import aiohttp
import anyio
from aiohttp.abc import AbstractStreamWriter

from actors.errors import Unreachable
from actors.ports import Sending

PIECE_BYTES = 65_536
# Linux would let up to 4 MB of a connection wait in the kernel: a minute of a line of 0.5 Mbit/s that we would not see.
KERNEL_BYTES = 262_144
WAIT_SECONDS = 20.0
WAITED = "other files are being sent"
CUT_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: what is still in the kernel is dropped


class Upload(io.BytesIO):
    """The content of a file, and a callback that is told how far it has come."""

    def __init__(self, content: bytes, sending: Sending, moved: Callable[[], None] = lambda: None) -> None:
        super().__init__(content)
        self.size = len(content)
        self.sending = sending
        self._moved = moved  # for others than its sender

    async def leave(self, writer: AbstractStreamWriter) -> None:
        """Hand the file over piece by piece; cut the connection if it ends before the last of them."""
        transport = writer.transport
        assert transport is not None, "a request is written once there is a connection"
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        try:
            while True:
                piece = self.read(PIECE_BYTES)
                self.sending.kept_back = self.tell() < self.size
                await writer.write(piece)
                await writer.drain()
                self.sending.moved()
                self._moved()
                if not self.sending.kept_back:
                    return
        finally:
            if self.sending.kept_back:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CUT_AT_ONCE)
                transport.abort()


class UploadBody(aiohttp.Payload):
    """An upload as a part of aiohttp's form."""

    _autoclose = True  # there is no file to be closed

    def __init__(self, upload: Upload, content_type: str) -> None:
        super().__init__(upload, content_type=content_type)
        self._size = upload.size
        self._upload = upload

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the whole content as text, as aiohttp's payloads do."""
        return self._upload.getvalue().decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send these bytes; what has left is noted."""
        await self._upload.leave(writer)


@dataclass(slots=True, eq=False)
class _Line:
    """Those of one chat, in the order in which they came."""

    turn: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(1))
    length: int = 0


class UploadTurns:
    """Lets the files of a chat leave one by one, and of all chats a few at once: each is in memory as a whole."""

    def __init__(self, at_once: int, wait_seconds: float = WAIT_SECONDS) -> None:
        self._room = anyio.Semaphore(at_once)
        self._lines: dict[int, _Line] = {}
        self._wait_seconds = wait_seconds

    @asynccontextmanager
    async def of(self, chat_id: int) -> AsyncIterator[None]:
        """Wait for a turn of this chat, and hold it; `Unreachable` if none comes in time."""
        line = self._lines.setdefault(chat_id, _Line())
        line.length += 1
        try:
            async with AsyncExitStack() as turn:
                with _in_time(self._wait_seconds):
                    await turn.enter_async_context(line.turn)
                    await turn.enter_async_context(self._room)
                yield
        finally:
            line.length -= 1
            if line.length == 0:
                del self._lines[chat_id]


class FilmTurns:
    """Lets films leave one at a time, over all chats: two share a line, and both take as long as one after the other.

    A film waits for as long as those before it move, which its sender is told like a move of its own. Pictures stand
    in no line with films, so that a small one never waits for a large one.
    """

    def __init__(self) -> None:
        self._turn = anyio.Semaphore(1)
        self._waiting: list[Sending] = []

    @asynccontextmanager
    async def of(self, sending: Sending) -> AsyncIterator[None]:
        """Wait for the turn, and hold it."""
        self._waiting.append(sending)
        try:
            await self._turn.acquire()
        finally:
            self._waiting.remove(sending)
        try:
            sending.moved()
            yield
        finally:
            self._turn.release()

    def moved(self) -> None:
        """Tell those who wait that the one before them has come farther."""
        for sending in self._waiting:
            sending.moved()


@contextmanager
def _in_time(seconds: float) -> Iterator[None]:
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError as error:
        raise Unreachable(WAITED, seconds) from error
