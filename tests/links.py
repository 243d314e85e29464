"""A link to a database: the TCP proxy, and the DSN that leads over it; for asyncio only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.tcp_proxy import Cut, Ending, Line, Proxy, Target, Way


class Link(Proxy):
    """Forwards connections; `dsn` leads over it."""

    def __init__(self, dsn: str) -> None:
        super().__init__(Target.of(dsn))
        self.dsn = dsn

    def cut(self) -> None:
        """Cut what is open, without a word; new connections are accepted."""
        self.end(Ending.RST)

    def refuse(self, refusing: bool = True) -> None:
        """Cut what is open, and each new connection at once."""
        self.refuses = refusing
        if refusing:
            self.cut()

    def cut_next_answer(self, to: bytes = b"") -> None:
        """Cut when the server speaks next, instead of forwarding it: after a request that holds `to`."""

        async def see(_: Line, way: Way, chunk: bytes) -> None:
            if way is Way.REQUEST and to in chunk:
                self.gate = None
                self.watch(Cut(Way.REPLY, 0, Ending.RST))

        self.gate = see


@asynccontextmanager
async def link_to(dsn: str) -> AsyncIterator[Link]:
    """Yield a link to the server of this DSN."""
    link = Link(dsn)
    async with link.opened():
        link.dsn = link.over(dsn)
        yield link
