"""A process that is frozen or killed does nothing at all, and everybody else goes on, on every loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import anyio
import pytest
from anyio.lowlevel import checkpoint

from tests.simulation.bare import Loop, live
from tests.simulation.failure import HARNESS
from tests.simulation.plan import Episode, Kind, Plan, Profile
from tests.simulation.processes import PROCESS, Life, Process, Schedule
from tests.simulation.run import simulate
from tests.simulation.timeline import Timeline
from tests.simulation.weather import Luck, Weather
from tests.simulation.wire import Request, Wire

LIMIT_SECONDS = 100.0

each_loop = pytest.mark.parametrize("loop", Loop, ids=lambda loop: loop.value)


class Slow(Weather):
    """A second there, a second back."""

    def luck(self, port: str) -> Luck:
        assert port
        return Luck(1.0, 1.0)


class Scene:
    """One process that writes down what it does, and what is done to it."""

    def __init__(self, schedule: Schedule) -> None:
        self.process = Process("w1", "host1")
        self.did: list[str] = []
        self._schedule = schedule

    async def walk(self, name: str, first: float) -> None:
        """Do something after `first` seconds and then every second, three times in all."""
        PROCESS.set(self.process)
        try:
            with anyio.fail_after(LIMIT_SECONDS):
                await anyio.sleep(first)
                for number in range(3):
                    self.did.append(f"{name}{number}")
                    await anyio.sleep(1.0)
        finally:
            self.did.append(f"{name} ends")

    async def spin(self) -> None:
        """Never wait for anything."""
        PROCESS.set(self.process)
        while True:
            self.did.append("spun")
            await checkpoint()

    async def has_done(self, count: int) -> None:
        """Let it go on until it has done so many things."""
        while len(self.did) < count:
            await checkpoint()

    def hold(self, life: Life) -> None:
        """Freeze or kill it."""
        self.process.life = life
        self._schedule.hold(self.process)

    def let_go(self, life: Life = Life.RUNNING) -> None:
        """Thaw it, or let the dead run to their ends."""
        self.process.life = life
        self._schedule.let_go(self.process)


@asynccontextmanager
async def walking(scene: Scene, *walkers: tuple[str, float]) -> AsyncIterator[None]:
    """Have tasks of the process walk; whoever is held at the end is let go, and cancelled."""
    async with anyio.create_task_group() as tasks:
        for name, first in walkers:
            tasks.start_soon(scene.walk, name, first)
        yield
        scene.let_go(Life.ENDED)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("life", [Life.FROZEN, Life.KILLED])
@each_loop
def test_held_process_makes_no_step_and_runs_no_finally_while_its_timers_expire(loop: Loop, life: Life) -> None:
    async def program(schedule: Schedule) -> None:
        scene = Scene(schedule)
        async with walking(scene, ("a", 1.0), ("b", 4.0)):
            await anyio.sleep(1.5)
            scene.hold(life)

            await anyio.sleep(2 * LIMIT_SECONDS)

            assert scene.did == ["a0"]

    live(loop, program)


@each_loop
def test_thawed_process_goes_on_where_each_task_waited(loop: Loop) -> None:
    async def program(schedule: Schedule) -> None:
        scene = Scene(schedule)
        async with walking(scene, ("a", 1.0), ("b", 4.0)):
            await anyio.sleep(1.5)
            scene.hold(Life.FROZEN)
            await anyio.sleep(60.0)

            scene.let_go()
            await anyio.sleep(10.0)

            assert [done for done in scene.did if done[0] == "a"] == ["a0", "a1", "a2", "a ends"]
            assert [done for done in scene.did if done[0] == "b"] == ["b0", "b1", "b2", "b ends"]

    live(loop, program)


def test_thawed_process_finds_what_came_meanwhile_in_its_order() -> None:
    """On asyncio, where production finds it so; trio shuffles it, as it shuffles everything."""

    async def program(schedule: Schedule) -> None:
        scene = Scene(schedule)
        async with walking(scene, ("a", 3.0), ("b", 2.0), ("c", 4.0)):
            await anyio.sleep(1.0)
            scene.hold(Life.FROZEN)
            await anyio.sleep(60.0)

            scene.let_go()
            await anyio.sleep(0.5)

            assert scene.did == ["b0", "a0", "c0"]

    live(Loop.ASYNCIO, program)


@each_loop
def test_process_that_never_waits_can_be_frozen(loop: Loop) -> None:
    """While it spins, no virtual time passes; frozen, it is out of the way."""

    async def program(schedule: Schedule) -> None:
        scene = Scene(schedule)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scene.spin)
            await scene.has_done(3)
            scene.hold(Life.FROZEN)
            await checkpoint()  # trio may have picked it already for the step that comes next
            frozen = len(scene.did)

            await anyio.sleep(60.0)
            slept = len(scene.did)
            scene.let_go()
            await scene.has_done(slept + 3)

            assert slept == frozen
            tasks.cancel_scope.cancel()

    live(loop, program)


@pytest.mark.parametrize("backend", ["trio", "asyncio"])
def test_world_whose_harness_crashes_ends_though_a_process_is_held(backend: str) -> None:
    killed = Episode(1, Kind.KILL, 5.0, 15.0, 1.0)
    nonsense = Episode(2, None, 6.0, 1.0, 1.0)  # type: ignore[arg-type]

    outcome = simulate(Plan(1, Profile.PLAIN, 1, 1, 1, 30.0, (killed, nonsense), ()), backend)

    assert [one.invariant for one in outcome.violations] == [HARNESS]


@each_loop
def test_others_go_on_beside_a_killed_process(loop: Loop) -> None:
    async def program(schedule: Schedule) -> None:
        dead, other = Scene(schedule), Scene(schedule)
        other.process = Process("w2", "host2")
        async with walking(dead, ("a", 1.0)), walking(other, ("b", 4.0)):
            dead.hold(Life.KILLED)

            await anyio.sleep(60.0)

            assert dead.did == []
            assert other.did == ["b0", "b1", "b2", "b ends"]

    live(loop, program)


@each_loop
def test_request_under_way_arrives_though_its_sender_was_killed(loop: Loop) -> None:
    async def program(schedule: Schedule) -> None:
        scene, timeline, passed = Scene(schedule), Timeline(lambda: None), list[str]()
        wire = Wire(scene.process, timeline, Slow(Random(0)), lambda point, _process: passed.append(point))

        async def ask() -> None:
            PROCESS.set(scene.process)
            scene.did.append(await wire.ask(Request("database", "RecordTap", lambda: "recorded")))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(timeline.run)
            tasks.start_soon(ask)
            await anyio.sleep(0.5)
            scene.hold(Life.KILLED)
            await anyio.sleep(60.0)
            told, did = list(passed), list(scene.did)
            scene.let_go(Life.ENDED)
            tasks.cancel_scope.cancel()

        assert told == ["sent RecordTap", "effect RecordTap", "reply RecordTap"]
        assert did == []

    live(loop, program)
