"""Runs one plan on an event loop of its own, with nothing left to chance."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import structlog
import trio.testing
from structlog.typing import EventDict, WrappedLogger

from tests.simulation.asyncio_schedule import SimulatedLoop, numbered
from tests.simulation.dice import Dice
from tests.simulation.plan import Outcome, Plan, Profile, Violation
from tests.simulation.processes import PROCESS
from tests.simulation.trio_schedule import TrioSchedule, seeded
from tests.simulation.world import World


def simulate(plan: Plan, backend: str = "trio") -> Outcome:
    """Let this world live; a promise that breaks is in the outcome, and so is a harness that does."""
    worlds: list[World] = []
    try:
        with _no_garbage_collected():
            _RUNS[backend](plan, worlds)
    except Exception as error:  # noqa: BLE001 - whatever the harness raised is the verdict on this seed
        return _crashed(plan, error, worlds)
    world = worlds[0]
    return world.outcome(world.transcript.trace(world.schedule.sum()))


def _on_trio(plan: Plan, worlds: list[World]) -> None:
    schedule = TrioSchedule(Dice(plan.seed).of("schedule"), priorities=plan.profile is Profile.PRIORITY)

    async def live() -> None:
        worlds.append(World(plan, schedule))
        with _lines_of(worlds[0]):
            await worlds[0].run()

    options = {"clock": trio.testing.MockClock(autojump_threshold=0), "instruments": [schedule]}
    with seeded(plan.seed):
        anyio.run(live, backend="trio", backend_options=options)


def _on_asyncio(plan: Plan, worlds: list[World]) -> None:
    loops: list[SimulatedLoop] = []

    def make() -> SimulatedLoop:
        loops.append(SimulatedLoop())
        return loops[0]

    async def live() -> None:
        worlds.append(World(plan, loops[0]))
        with _lines_of(worlds[0]):
            await worlds[0].run()

    with numbered():
        anyio.run(live, backend="asyncio", backend_options={"loop_factory": make})


_RUNS = {"trio": _on_trio, "asyncio": _on_asyncio}


@contextmanager
def _no_garbage_collected() -> Iterator[None]:
    """A finalizer that runs at some allocation is an event that no seed repeats."""
    gc.collect()
    if not gc.get_freeze_count():
        gc.freeze()  # what was imported need not be looked at after every world
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _lines_of(world: World) -> Iterator[None]:
    """Have every log line told to the world, with the process that wrote it."""

    def tell(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        process = PROCESS.get()
        if process is not None:
            world.heard(process, dict(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, tell],
        wrapper_class=structlog.make_filtering_bound_logger("INFO"),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _crashed(plan: Plan, error: Exception, worlds: list[World]) -> Outcome:
    said = "".join(traceback.format_exception(error)[-6:])
    violation = Violation("harness", 0.0, said)
    if not worlds:
        return Outcome(plan, (violation,), 0, 0.0, 0, {}, frozenset(), "", ())
    found = worlds[0].safety.violations
    lines = tuple(worlds[0].transcript.lines)
    return Outcome(plan, (*found, violation), 0, 0.0, 0, {}, frozenset(), "", lines)
