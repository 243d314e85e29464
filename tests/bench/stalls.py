"""How long an event loop does not look at its timers, measured from inside it."""

from __future__ import annotations

import asyncio
import time

TICK_SECONDS = 0.001


class Stalls:
    """Ticks while it is asked to; a tick that comes late was held up by something."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to tick."""
        self._late = []
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> list[float]:
        """End it; answers how many ms each tick was late."""
        assert self._ticking is not None
        self._ticking.cancel()
        return self._late

    async def _tick(self) -> None:
        while True:
            due = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self._late.append((time.monotonic() - due) * 1000)
