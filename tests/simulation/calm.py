"""The simulation's wire with nothing in the way: so its servers are seen as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import anyio

from tests.simulation.processes import Process
from tests.simulation.timeline import Timeline
from tests.simulation.weather import Luck, Weather
from tests.simulation.wire import Wire


@dataclass
class Calm(Weather):
    """Every request and its reply take `seconds` together; `coming` is what becomes of the next one instead."""

    coming: str = ""
    seconds: float = 0.0

    def luck(self, port: str) -> Luck:
        """No trouble but what was asked for."""
        assert port
        trouble, self.coming = self.coming, ""
        return Luck(self.seconds / 2, self.seconds / 2, trouble)


@asynccontextmanager
async def open_wires(count: int = 1, seconds: float = 0.0) -> AsyncIterator[list[Wire]]:
    """Let the simulation's time run, and yield the ways of so many processes to its servers."""
    timeline, weather = Timeline(lambda: None), Calm(Random(0), seconds=seconds)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(timeline.run)
        names = [f"w{number}" for number in range(1, count + 1)]
        yield [Wire(Process(name, name), timeline, weather, lambda _point, _process: None) for name in names]
        tasks.cancel_scope.cancel()
