"""The world's own events, in order of time: what is under way to a server, what begins, what ends."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import count

import anyio

Event = Callable[[], None]


class Timeline:
    """One task runs every event; events of one moment run in the order in which they were planned."""

    def __init__(self, after_each: Event) -> None:
        self._due: list[tuple[float, int, Event]] = []
        self._numbers = count()
        self._sooner = anyio.Event()
        self._after_each = after_each
        self._began = anyio.current_time()

    @property
    def now(self) -> float:
        """Seconds since the world began."""
        return anyio.current_time() - self._began

    def after(self, seconds: float, event: Event) -> None:
        """Plan an event; what is due at once still runs after whoever runs now."""
        at = anyio.current_time() + seconds
        if not self._due or at < self._due[0][0]:
            self._sooner.set()
        heapq.heappush(self._due, (at, next(self._numbers), event))

    async def run(self) -> None:
        """Run events until cancelled."""
        while True:
            self._sooner = anyio.Event()
            with anyio.CancelScope(deadline=self._due[0][0] if self._due else math.inf):
                await self._sooner.wait()
            while self._due and self._due[0][0] <= anyio.current_time():
                heapq.heappop(self._due)[2]()
                self._after_each()
