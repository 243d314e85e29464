"""The simulation's event loops with no world on them: for programs of a few lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from random import Random
from typing import TypeVar

import anyio
import trio.testing

from tests.simulation.asyncio_schedule import SimulatedLoop, numbered
from tests.simulation.processes import Schedule
from tests.simulation.trio_schedule import TrioSchedule, seeded

T = TypeVar("T")
Program = Callable[[Schedule], Awaitable[T]]


class Loop(Enum):
    """The three ways in which a world is scheduled."""

    SHUFFLED = "trio, by chance"
    BY_PRIORITY = "trio, by priority"
    ASYNCIO = "asyncio"


def live(loop: Loop, program: Program[T], seed: int = 1) -> T:
    """Run a program to its end in virtual time."""
    return _on_asyncio(program) if loop is Loop.ASYNCIO else _on_trio(loop, program, seed)


def _on_trio(loop: Loop, program: Program[T], seed: int) -> T:
    schedule = TrioSchedule(Random(seed), priorities=loop is Loop.BY_PRIORITY)
    options = {"clock": trio.testing.MockClock(autojump_threshold=0), "instruments": [schedule]}
    with seeded(seed):
        return anyio.run(program, schedule, backend="trio", backend_options=options)


def _on_asyncio(program: Program[T]) -> T:
    loops: list[SimulatedLoop] = []

    def make() -> SimulatedLoop:
        loops.append(SimulatedLoop())
        return loops[0]

    async def main() -> T:
        return await program(loops[0])

    with numbered():
        return anyio.run(main, backend="asyncio", backend_options={"loop_factory": make})
