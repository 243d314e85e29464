"""A TCP link to a server that can be cut, frozen and counted; for asyncio only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Link:
    """Forwards connections; `dsn` leads over it."""

    def __init__(self, dsn: str) -> None:
        self._address = urlsplit(dsn)
        self._ends: dict[asyncio.StreamWriter, None] = {}
        self._refusing = False
        self._frozen = False
        self._cut_next_answer = False
        self._awaited: bytes | None = None
        self._requests = 0
        self.connections = 0
        self.dsn = ""

    def cut(self) -> None:
        """Cut what is open, without a word; new connections are accepted."""
        for end in self._ends:
            end.transport.abort()

    def refuse(self, refusing: bool = True) -> None:
        """Cut what is open, and each new connection at once."""
        self._refusing = refusing
        if refusing:
            self.cut()

    def freeze(self, frozen: bool = True) -> None:
        """Swallow everything, like a router that has forgotten us."""
        self._frozen = frozen

    def cut_next_answer(self, to: bytes | None = None) -> None:
        """Cut everything when the server speaks next (after a request that holds `to`), instead of forwarding it."""
        self._cut_next_answer, self._awaited = to is None, to

    def take_requests(self) -> int:
        """Return how many times the client spoke since the last look; each is a round trip."""
        count, self._requests = self._requests, 0
        return count

    async def open(self) -> asyncio.Server:
        """Accept connections."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        login = self._address.netloc.rpartition("@")[0]
        self.dsn = self._address._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
        return server

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._refusing:
            to_client.transport.abort()
            return
        server, to_server = await asyncio.open_connection(self._address.hostname, self._address.port)
        self._ends |= {to_client: None, to_server: None}
        await asyncio.gather(
            self._forward(client, to_server, answers=False), self._forward(server, to_client, answers=True)
        )

    async def _forward(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, answers: bool) -> None:
        try:
            while chunk := await source.read(65536):
                self._requests += not answers
                if not answers and self._awaited is not None and self._awaited in chunk:
                    self._cut_next_answer, self._awaited = True, None
                if answers and self._cut_next_answer:
                    self._cut_next_answer = False
                    self.cut()
                elif not self._frozen:
                    target.write(chunk)
        except OSError:
            pass
        finally:
            target.transport.abort()
            self._ends.pop(target, None)


@asynccontextmanager
async def link_to(dsn: str) -> AsyncIterator[Link]:
    """Yield a link to the server of this DSN."""
    link = Link(dsn)
    server = await link.open()
    try:
        yield link
    finally:
        server.close()
        link.cut()
