"""How late this process gets to run on a busy machine: what the workers beside it may be late, too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

TICK_SECONDS = 0.05


@dataclass
class Lateness:
    """All that it was late, in seconds, up to now."""

    seconds: float = 0.0

    async def measure(self) -> None:
        """Sleep again and again, and add up by how much it was too long."""
        while True:
            due = anyio.current_time() + TICK_SECONDS
            await anyio.sleep_until(due)
            self.seconds += anyio.current_time() - due


@asynccontextmanager
async def measured() -> AsyncIterator[Lateness]:
    """Measure for as long as this lasts."""
    lateness = Lateness()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lateness.measure)
        yield lateness
        tasks.cancel_scope.cancel()
