"""Names the moment at which a fault begins, and holds the piece of traffic that came then until the fault is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from tests.faults.harms import Ground, Session
from tests.tcp_proxy import Line, Way

BEFORE = "before it"
REQUEST = "at its first request"


class Tripwire:
    """`now` is set at the moment, and whoever makes the fault sets `made`.

    Without a mark the moment is the first request; with one it is the first reply on which the rows say what it asks.
    """

    def __init__(self, scout: Session, mark: str | None, *, breaks: bool) -> None:
        self._scout = scout
        self._mark = mark
        self._breaks = breaks
        self._looking = anyio.Lock()
        self.armed = False
        self.now = anyio.Event()
        self.made = anyio.Event()

    async def see(self, _: Line, way: Way, chunk: bytes) -> None:
        """Look at a piece before it passes on."""
        del chunk
        if not self.armed or self.now.is_set():
            return
        async with self._looking:
            if self.now.is_set() or not await self._has_come(way):
                return
            self.now.set()
        await self.made.wait()
        if self._breaks and self._mark is not None:
            raise ConnectionAbortedError("the answer was under way")

    async def _has_come(self, way: Way) -> bool:
        if self._mark is None:
            return way is Way.REQUEST
        return way is Way.REPLY and bool(await self._scout.fetchval(self._mark))


@asynccontextmanager
async def stretched(ground: Ground, mark: str | None, *, breaks: bool) -> AsyncIterator[Tripwire]:
    """Stretch it across the worker's link to the database."""
    async with ground.session() as scout:
        wire = Tripwire(scout, mark, breaks=breaks)
        ground.link.gate = wire.see
        yield wire
