"""A TCP link to the demo's database that can be cut, closed for a while, and fall silent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream

CHUNK_BYTES = 65_536
HOST = "127.0.0.1"


class Link:
    """Forwards connections to the server of a DSN; `dsn` leads over the link."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._server = urlsplit(dsn)
        self._open: set[anyio.CancelScope] = set()
        self._closures = 0
        self._silences = 0
        self._heard = anyio.Event()

    def lead_over(self, port: int) -> None:
        """Write the DSN anew, so that it leads over this port of ours."""
        login = self._server.netloc.rpartition("@")[0]
        self.dsn = self._server._replace(netloc=f"{login}@{HOST}:{port}").geturl()

    def cut(self) -> int:
        """Cut what is open, without a word; new connections are accepted. Returns how many were cut."""
        count = len(self._open)
        for scope in self._open:
            scope.cancel()
        return count

    @contextmanager
    def away(self) -> Iterator[None]:
        """Cut what is open, and each new connection at once, for as long as this lasts."""
        self._closures += 1
        self.cut()
        try:
            yield
        finally:
            self._closures -= 1

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Hold every byte back for as long as this lasts, like a network whose packets are sent again later."""
        self._silences += 1
        try:
            yield
        finally:
            self._silences -= 1
            self._heard.set()
            self._heard = anyio.Event()

    async def serve(self, client: SocketStream) -> None:
        """Carry one connection until an end of it closes, or it is cut."""
        try:
            if not self._closures:
                await self._reach_and_carry(client)
        except OSError:
            pass  # no server listens there: the client finds its connection closed
        finally:
            await anyio.aclose_forcefully(client)

    async def _reach_and_carry(self, client: SocketStream) -> None:
        server = await anyio.connect_tcp(self._server.hostname or HOST, self._server.port or 5432)
        try:
            await self._carry(client, server)
        finally:
            await anyio.aclose_forcefully(server)

    async def _carry(self, client: SocketStream, server: SocketStream) -> None:
        async with anyio.create_task_group() as tasks:
            scope = tasks.cancel_scope
            self._open.add(scope)
            try:
                tasks.start_soon(self._forward, client, server, scope)
                await self._forward(server, client, scope)
            finally:
                self._open.discard(scope)

    async def _forward(self, source: SocketStream, target: SocketStream, scope: anyio.CancelScope) -> None:
        try:
            while True:
                chunk = await source.receive(CHUNK_BYTES)
                while self._silences:
                    await self._heard.wait()
                await target.send(chunk)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            scope.cancel()


@asynccontextmanager
async def open_link(dsn: str) -> AsyncIterator[Link]:
    """Yield a link to the server of this DSN, on a free loopback port."""
    link = Link(dsn)
    async with await anyio.create_tcp_listener(local_host=HOST) as listener, anyio.create_task_group() as tasks:
        link.lead_over(listener.extra(SocketAttribute.local_port))  # noqa: S610 - anyio's word, not Django's
        tasks.start_soon(listener.serve, link.serve, tasks)
        yield link
        tasks.cancel_scope.cancel()
