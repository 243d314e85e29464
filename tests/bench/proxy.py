"""A link to PostgreSQL with a round-trip time on demand; a process of its own: `… tests.bench.proxy HOST PORT`."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field

from tests.bench.pipes import obey


@dataclass
class Link:
    """Half of the round-trip time is spent each way. `spoken` counts what the client sent: each is a round trip."""

    host: str
    port: int
    half_seconds: float = 0.0
    refusing: bool = False
    spoken: int = 0
    ends: set[asyncio.Transport] = field(default_factory=set)

    async def set_rtt(self, ms: float) -> None:
        """Take so long from now on."""
        self.half_seconds = ms / 2000

    async def cut(self, refuse: bool) -> None:
        """Cut every connection; `refuse` new ones, too."""
        self.refusing = refuse
        for end in list(self.ends):
            end.abort()

    async def take_spoken(self) -> int:
        """Return how often the client spoke since the last look."""
        spoken, self.spoken = self.spoken, 0
        return spoken


class End(asyncio.Protocol):
    """One end of one connection; what it receives goes to its peer, later. Without a peer it is the client's."""

    def __init__(self, link: Link, peer: End | None = None) -> None:
        self._link = link
        self._is_client = peer is None
        self._peer = peer
        self._early: list[bytes] = []
        self._connecting: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the server, if it is the client who came."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._link.ends.add(transport)
        if self._peer is not None:
            self._peer.say_what_came_early()
        elif self._link.refusing:
            transport.abort()
        else:
            self._peer = End(self._link, self)
            self._connecting = asyncio.create_task(self._connect(self._peer))

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        self._link.spoken += self._is_client
        asyncio.get_running_loop().call_later(self._link.half_seconds, self._pass_on, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the other end know."""
        del exc
        if self.transport is not None:
            self._link.ends.discard(self.transport)
        if self._peer is not None and self._peer.transport is not None:
            self._peer.transport.abort()

    def say_what_came_early(self) -> None:
        """The server is there now."""
        early, self._early = self._early, []
        for data in early:
            self._pass_on(data)

    async def _connect(self, peer: End) -> None:
        await asyncio.get_running_loop().create_connection(lambda: peer, self._link.host, self._link.port)

    def _pass_on(self, data: bytes) -> None:
        if self._peer is None or self._peer.transport is None:
            self._early.append(data)
        else:
            self._peer.transport.write(data)


async def main(host: str, port: int) -> None:
    """Forward until stdin ends."""
    link = Link(host, port)
    server = await asyncio.get_running_loop().create_server(lambda: End(link), "127.0.0.1", 0)

    async def own_port() -> int:
        found: int = server.sockets[0].getsockname()[1]
        return found

    async def cpu() -> float:
        return time.process_time()

    await obey({"port": own_port, "rtt": link.set_rtt, "cut": link.cut, "spoken": link.take_spoken, "cpu": cpu})
    server.close()
    await link.cut(refuse=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
