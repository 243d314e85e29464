"""Calls back after a time, from one task for all timers: most of them are about what is over by then."""

import heapq
import math
from collections.abc import Callable

import anyio


class Timers:
    """A timer's callback is a plain function, and must not raise; what is left when `run` ends is never called."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0  # equal moments are served in their order, and functions are never compared
        self._sooner = anyio.Event()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back after so many seconds."""
        at = anyio.current_time() + seconds
        is_first = not self._due or at < self._due[0][0]
        self._count += 1
        heapq.heappush(self._due, (at, self._count, callback))
        if is_first:
            self._sooner.set()

    async def run(self) -> None:
        """Call what is due, until cancelled."""
        try:
            while True:
                self._sooner = anyio.Event()
                with anyio.CancelScope(deadline=self._due[0][0] if self._due else math.inf):
                    await self._sooner.wait()
                now = anyio.current_time()
                while self._due and self._due[0][0] <= now:
                    heapq.heappop(self._due)[2]()
        finally:
            self._due.clear()
