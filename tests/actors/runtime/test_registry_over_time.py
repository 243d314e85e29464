"""What the registry does as time passes: passivation of who remembers, quarantine and return, the stop's grace."""

import gc
import weakref
from collections.abc import Iterator
from random import Random

import anyio
import pytest
from structlog.testing import capture_logs

from actors.runtime.cell import RegistryLimits
from actors.runtime.child import ChildSpec
from actors.runtime.registry import Registry
from actors.runtime.restarts import RestartLimit
from actors.runtime.supervisor import Supervisor
from tests.actors.runtime.probes import Message, Probe, ProbeContext, World, crash, running
from tests.kit.clock import virtual_time
from tests.kit.lives import living

anyio_backend = virtual_time


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def world() -> World:
    return World()


def busy_for(seconds: float) -> Message:
    async def work(context: ProbeContext) -> None:
        await anyio.sleep(seconds)
        await context.tell(Message("outcome"))

    return Message("work", work=work)


async def test_actor_that_remembers_is_passivated_after_its_idle_time(world: World) -> None:
    world.idle = lambda: False

    async with running(world, RegistryLimits(idle_seconds=120)) as run:
        run.registry.tell_nowait("k", Message("a"))
        await anyio.sleep(119)
        run.registry.tell_nowait("k", Message("b"))
        await anyio.sleep(119)
        assert run.registry.live == 1
        await anyio.sleep(2)
        assert run.registry.live == 0

    assert world.journal.lines == ["k1 a", "k1 b"]


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
async def test_passivated_actor_is_freed_without_the_collector(world: World) -> None:
    """The soak: forty thousand of them, each in a ring with its cell, waited for a collection that stalls the loop."""
    world.idle = lambda: False
    born: list[weakref.ref[Probe]] = []

    def make(context: ProbeContext) -> Probe:
        probe = world.make(context)
        born.append(weakref.ref(probe))
        return probe

    registry = Registry(make, world.dead.append, RegistryLimits(idle_seconds=120))
    async with living(registry.run):
        registry.tell_nowait("k", busy_for(5))
        await anyio.sleep(100)
        assert [one() is None for one in born] == [False]
        await anyio.sleep(100)
        assert [one() is None for one in born] == [True]


async def test_each_actor_is_passivated_in_its_own_time(world: World) -> None:
    world.idle = lambda: False

    async with running(world, RegistryLimits(idle_seconds=120)) as run:
        run.registry.tell_nowait("early", Message("a"))
        await anyio.sleep(60)
        run.registry.tell_nowait("late", Message("b"))
        await anyio.sleep(61)
        assert run.registry.live == 1
        await anyio.sleep(60)
        assert run.registry.live == 0


async def test_idle_time_does_not_run_while_effects_do(world: World) -> None:
    world.idle = lambda: False

    async with running(world, RegistryLimits(idle_seconds=10)) as run:
        run.registry.tell_nowait("k", busy_for(100))
        await anyio.sleep(105)
        assert run.registry.live == 1

    assert world.journal.lines == ["k1 work", "k1 outcome"]


@pytest.mark.parametrize("late", [-0.001, 0, 0.001])
async def test_message_told_as_the_idle_time_ends_is_served(world: World, late: float) -> None:
    world.idle = lambda: False

    async with running(world, RegistryLimits(idle_seconds=10)) as run:
        run.registry.tell_nowait("k", Message("a"))
        await anyio.sleep(10 + late)
        run.registry.tell_nowait("k", Message("b"))

    assert [line[3:] for line in world.journal.lines] == ["a", "b"]


async def test_quarantined_key_is_tried_again_when_its_time_is_over(world: World) -> None:
    limits = RegistryLimits(restarts=RestartLimit(0, 30), quarantine_seconds=600)

    async with running(world, limits) as run:
        run.registry.tell_nowait("k", crash())
        await anyio.sleep(599)
        run.registry.tell_nowait("k", Message("early"))
        await anyio.sleep(2)
        run.registry.tell_nowait("k", Message("back"))

    assert world.obituaries == [("poison", "CRASHED"), ("early", "QUARANTINED")]
    assert world.journal.lines == ["k1 poison", "k2 back"]


async def test_effect_from_before_the_quarantine_leaves_the_next_actor_alone(world: World) -> None:
    limits = RegistryLimits(restarts=RestartLimit(0, 30), quarantine_seconds=60)
    world.idle = lambda: False

    async with running(world, limits) as run:
        run.registry.tell_nowait("k", busy_for(100))
        run.registry.tell_nowait("k", crash())
        await anyio.sleep(61)
        run.registry.tell_nowait("k", Message("back"))
        await world.journal.until("k2 outcome")
        assert run.registry.live == 1

    assert world.journal.lines == ["k1 work", "k1 poison", "k2 back", "k2 outcome"]


async def test_supervised_registry_drains_within_its_grace(world: World) -> None:
    began = await stop_while_busy(world, busy_seconds=4, grace_seconds=5)

    assert anyio.current_time() - began == pytest.approx(4)
    assert world.journal.lines == ["k1 work", "k1 outcome"]
    assert world.dead == []


async def test_supervised_registry_is_killed_after_its_grace(world: World) -> None:
    began = await stop_while_busy(world, busy_seconds=60, grace_seconds=5)

    assert anyio.current_time() - began == pytest.approx(5)
    assert world.obituaries == [("work", "KILLED")]


async def stop_while_busy(world: World, busy_seconds: float, grace_seconds: float) -> float:
    """Stop a supervised registry while an effect runs; the time at which the stop began."""
    registry = Registry(world.make, world.dead.append)
    supervisor = Supervisor([ChildSpec("items", registry.run, grace_seconds=grace_seconds)], Random(1))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(supervisor.run)
        await anyio.wait_all_tasks_blocked()
        registry.tell_nowait("k", busy_for(busy_seconds))
        await world.journal.until("k1 work")
        began = anyio.current_time()
        supervisor.stop()
    return began
