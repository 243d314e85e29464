"""A TCP proxy that breaks a connection at a chosen byte, cuts all, refuses, swallows, and counts; for asyncio only.

It counts what passes each way, and at the chosen byte ends both sides with FIN or RST, or falls silent and keeps both
open. As TLS it answers PostgreSQL's SSLRequest itself, so what it counts is clear text, and every cut lies between two
TLS records: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL. A plain one before it cuts
inside of records. Plain, it serves HTTP as well.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
CHUNK_BYTES = 65536
HOST = "127.0.0.1"


class Way(Enum):
    """Which way bytes go."""

    REQUEST = "request"
    REPLY = "reply"


class Ending(Enum):
    """How a connection ends."""

    FIN = "FIN"
    RST = "RST"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Cut:
    """Let `after_bytes` pass this way, then end the connection both ways."""

    way: Way
    after_bytes: int
    ending: Ending


@dataclass(frozen=True, slots=True)
class Pace:
    """How slow the link is."""

    delay_seconds: float = 0.0
    bytes_per_second: float = float("inf")

    def seconds(self, size: int) -> float:
        """How long so many bytes take."""
        return self.delay_seconds + size / self.bytes_per_second


@dataclass(frozen=True, slots=True)
class Target:
    """Where the proxy leads; `tls`: what it shows to clients that ask for TLS, which it then terminates."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str) -> Target:
        """Where this URL or DSN leads."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        return cls(parts.hostname, parts.port)


class Line:
    """One connection through the proxy: its two ends, and whether it has fallen silent."""

    def __init__(self, client: _End, server: _End) -> None:
        self._ends = {Way.REQUEST: (client, server), Way.REPLY: (server, client)}
        self.silent = False

    def source(self, way: Way) -> asyncio.StreamReader:
        """Where bytes come from."""
        return self._ends[way][0].reader

    async def pass_on(self, way: Way, chunk: bytes) -> None:
        """Write, and wait until the kernel has all of it: what is cut later has gone out before."""
        target = self._ends[way][1].writer
        if chunk and not self.silent:
            target.write(chunk)
            await target.drain()

    def end(self, ending: Ending) -> None:
        """End both sides."""
        if ending is Ending.SILENCE:
            self.silent = True
            return
        for end in self._ends[Way.REQUEST]:
            end.close(ending)


# Sees each piece before it passes on; what it raises as an OSError ends the connection instead.
Gate = Callable[[Line, Way, bytes], Awaitable[None]]


class _End:
    """The proxy's end towards the client or the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(0)
        self.reader = reader
        self.writer = writer

    def close(self, ending: Ending) -> None:
        if ending is Ending.RST and not self.writer.transport.is_closing():
            link = self.writer.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        else:
            self.writer.close()


class Proxy:
    """Forwards connections. Since the last `watch`, of all connections together: the bytes, and whether it cut.

    `refuses`: new connections are cut at once. `swallows`: nothing passes, as at a router that has forgotten us.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut: Cut | None = None
        self.made = asyncio.Event()
        self.gate: Gate | None = None
        self.pace = Pace()
        self.passed = {Way.REQUEST: 0, Way.REPLY: 0}
        self.refuses = False
        self.swallows = False
        self.connections = 0
        self.port = 0
        self._requests = 0

    def watch(self, cut: Cut | None = None) -> None:
        """Count from zero, and make this cut when it is reached."""
        self.passed = {Way.REQUEST: 0, Way.REPLY: 0}
        self._cut = cut
        self.made = asyncio.Event()

    def forget(self) -> bool:
        """Cut nothing any more; answers whether the cut was made."""
        self._cut = None
        return self.made.is_set()

    def end(self, ending: Ending) -> None:
        """End every connection now; what had fallen silent is closed by the other two."""
        for line in list(self._lines):
            line.end(ending)

    def take_requests(self) -> int:
        """Return how many times clients spoke since the last look; each is a round trip."""
        count, self._requests = self._requests, 0
        return count

    def over(self, dsn: str) -> str:
        """Lead this DSN over the proxy."""
        return over(self.port, dsn)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Accept connections for as long as this lasts; then cut what is open, and see every task end."""
        server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            self.end(Ending.RST)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            if self.refuses:
                raise ConnectionRefusedError
            if self._target.tls is not None:
                await _terminate(reader, writer, self._target.tls)
            there = await asyncio.open_connection(self._target.host, self._target.port)
            await self._forward(Line(_End(reader, writer), _End(*there)))
        except (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    async def _forward(self, line: Line) -> None:
        self._lines.add(line)
        try:
            async with asyncio.TaskGroup() as ways:
                for way in Way:
                    ways.create_task(self._pump(line, way))
        finally:
            self._lines.discard(line)
            line.end(Ending.RST)

    async def _pump(self, line: Line, way: Way) -> None:
        try:
            while chunk := await line.source(way).read(CHUNK_BYTES):
                self._requests += way is Way.REQUEST
                if seconds := self.pace.seconds(len(chunk)):
                    await asyncio.sleep(seconds)
                if self.gate is not None:
                    await self.gate(line, way, chunk)
                await self._pass_or_cut(line, way, chunk)
        except OSError:
            pass
        if not line.silent:
            line.end(Ending.FIN)

    async def _pass_or_cut(self, line: Line, way: Way, chunk: bytes) -> None:
        if line.silent or self.swallows:
            return
        cut, before = self._cut, self.passed[way]
        self.passed[way] += len(chunk)
        if cut is None or cut.way is not way or self.passed[way] < cut.after_bytes:
            await line.pass_on(way, chunk)
            return
        self._cut = None
        self.made.set()
        await line.pass_on(way, chunk[: cut.after_bytes - before])
        line.end(cut.ending)


async def _terminate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext) -> None:
    asked = await reader.readexactly(len(SSL_REQUEST))
    if asked != SSL_REQUEST:
        raise ConnectionAbortedError("this client did not ask for TLS")
    writer.write(b"S")
    await writer.start_tls(tls)


def over(port: int, dsn: str) -> str:
    """Lead this DSN over a port of this machine."""
    url = urlsplit(dsn)
    login = url.netloc.rpartition("@")[0]
    return url._replace(netloc=f"{login}@{HOST}:{port}").geturl()


@asynccontextmanager
async def proxy_to(target: Target) -> AsyncIterator[Proxy]:
    """Yield a proxy to this address."""
    proxy = Proxy(target)
    async with proxy.opened():
        yield proxy
