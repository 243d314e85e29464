"""The simulation's wire with nothing in the way: so its servers are seen as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import anyio

from tests.simulation.processes import Process
from tests.simulation.timeline import Timeline
from tests.simulation.weather import Harm, Luck, Weather
from tests.simulation.wire import Wire


@dataclass
class Calm(Weather):
    """Every request and its reply take `seconds` together, or what `slow` has for their server.

    `harms`: what becomes of the next request at a point on its way, as `sent RecordTap skip` or `effect publish`.
    """

    seconds: float = 0.0
    slow: dict[str, float] = field(default_factory=dict)
    harms: dict[str, Harm] = field(default_factory=dict)

    def luck(self, port: str) -> Luck:
        """No trouble."""
        seconds = self.slow.get(port, self.seconds)
        return Luck(seconds / 2, seconds / 2)


@asynccontextmanager
async def open_wires(count: int = 1, seconds: float = 0.0) -> AsyncIterator[list[Wire]]:
    """Let the simulation's time run, and yield the ways of so many processes to its servers."""
    timeline, weather = Timeline(lambda: None), Calm(Random(0), seconds=seconds)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timeline.run)
        names = [f"w{number}" for number in range(1, count + 1)]
        yield [
            Wire(Process(name, name), timeline, weather, lambda point, _: weather.harms.pop(point, None))
            for name in names
        ]
        tasks.cancel_scope.cancel()
