"""The supervisor starts in order, restarts within limits, and stops in reverse order; all in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from actors.errors import RestartLimitReached
from actors.runtime.backoff import Backoff
from actors.runtime.child import ChildContext, ChildSpec, ChildState
from actors.runtime.restarts import RestartLimit
from actors.runtime.supervisor import Policy, Supervisor
from tests.journal import Journal
from tests.kit.clock import virtual_time
from tests.kit.lives import supervising

anyio_backend = virtual_time

Logs = list[MutableMapping[str, Any]]
Deed = Callable[[ChildContext], Awaitable[None]]

PATIENT = RestartLimit(100, 1)
PAUSE = Backoff.doubling(1, 60)
ONE = Policy(PATIENT, PAUSE)


class Boom(Exception):
    """What a child of these tests raises."""


class Children(Journal):
    """Makes children that note what they do."""

    def child(self, name: str, *lives: Deed, grace: float = 5) -> ChildSpec:
        """A child whose n-th life is the n-th deed; the last deed is repeated."""
        coming = list(lives or (serve,))

        async def start(context: ChildContext) -> None:
            self.add(f"{name} starts")
            deed = coming.pop(0) if len(coming) > 1 else coming[0]
            try:
                await deed(context)
            finally:
                self.add(f"{name} ends")

        return ChildSpec(name, start, grace)


async def serve(context: ChildContext) -> None:
    context.ready()
    await context.stopping.wait()


async def crash(context: ChildContext) -> None:
    context.ready()
    raise Boom


async def crash_before_ready(context: ChildContext) -> None:
    del context
    raise Boom


async def finish(context: ChildContext) -> None:
    context.ready()


async def ignore_stop(context: ChildContext) -> None:
    context.ready()
    await anyio.sleep_forever()


def crash_after(seconds: float) -> Deed:
    async def deed(context: ChildContext) -> None:
        context.ready()
        await anyio.sleep(seconds)
        raise Boom

    return deed


def drain_for(seconds: float) -> Deed:
    async def deed(context: ChildContext) -> None:
        await serve(context)
        await anyio.sleep(seconds)

    return deed


def supervise(policy: Policy, *children: ChildSpec) -> Supervisor:
    return Supervisor(children, Random(1), policy)


@pytest.fixture(autouse=True)
def logs() -> Iterator[Logs]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def journal() -> Children:
    return Children()


async def test_next_child_starts_when_the_one_before_is_ready(journal: Children) -> None:
    async def slow(context: ChildContext) -> None:
        await anyio.sleep(10)
        journal.add("a is ready")
        await serve(context)

    async with supervising(supervise(ONE, journal.child("a", slow), journal.child("b"))):
        await journal.until("b starts")

    assert journal.lines[:3] == ["a starts", "a is ready", "b starts"]


async def test_child_that_crashes_before_it_is_ready_holds_up_the_next(journal: Children) -> None:
    children = journal.child("a", crash_before_ready, serve), journal.child("b")

    async with supervising(supervise(ONE, *children)):
        await journal.until("b starts")

    assert journal.lines[:4] == ["a starts", "a ends", "a starts", "b starts"]


async def test_stop_goes_in_reverse_order_one_after_another(journal: Children) -> None:
    async with supervising(supervise(ONE, *(journal.child(name, drain_for(2)) for name in "abc"))):
        await journal.until("c starts")
        began = anyio.current_time()

    assert journal.lines[3:] == ["c ends", "b ends", "a ends"]
    assert anyio.current_time() - began == pytest.approx(6)


async def test_stop_while_starting_stops_what_has_started(journal: Children) -> None:
    async def never_ready(context: ChildContext) -> None:
        await context.stopping.wait()

    async with supervising(supervise(ONE, journal.child("a", never_ready), journal.child("b"))):
        await journal.until("a starts")

    assert journal.lines == ["a starts", "a ends"]


def told(logs: Logs) -> list[tuple[str, object]]:
    """What happened after the start, each with its child or children; a stop may come before all of them run."""
    after = [line for line in logs if line["event"] != "tree.started"]
    return [(line["event"], line.get("child") or line.get("children")) for line in after]


async def test_stop_before_run_starts_nothing(journal: Children) -> None:
    supervisor = supervise(ONE, journal.child("a"))

    supervisor.stop()
    await supervisor.run()

    assert journal.lines == []


async def test_child_that_ignores_the_stop_is_killed_after_its_grace(journal: Children, logs: Logs) -> None:
    async with supervising(supervise(ONE, journal.child("a"), journal.child("b", ignore_stop, grace=3))):
        await journal.until("b starts")
        began = anyio.current_time()

    assert anyio.current_time() - began == pytest.approx(3)
    assert journal.lines[2:] == ["b ends", "a ends"]
    assert told(logs) == [("child.killed", "b"), ("tree.stopped", ["a"])]


async def test_stop_of_all_gives_each_child_its_part_of_the_time_and_no_more(journal: Children) -> None:
    """What the first ones do not use is there for the others."""
    ended: list[float] = []

    def timed(deed: Deed) -> Deed:
        async def live(context: ChildContext) -> None:
            try:
                await deed(context)
            finally:
                ended.append(anyio.current_time())

        return live

    parts = (("a", ignore_stop, 1.0), ("b", drain_for(3), 0.8), ("c", ignore_stop, 0.4))
    children = [replace(journal.child(name, timed(deed), grace=60), stops_by=part) for name, deed, part in parts]

    async with supervising(supervise(replace(ONE, stop_seconds=10), *children)):
        await journal.until("c starts")
        began = anyio.current_time()

    assert [at - began for at in ended] == pytest.approx([4, 7, 10])


async def test_child_whose_time_was_used_by_others_may_still_put_things_away(journal: Children, logs: Logs) -> None:
    policy = replace(ONE, stop_seconds=2)

    async with supervising(supervise(policy, journal.child("a", drain_for(0.1)), journal.child("b", ignore_stop))):
        await journal.until("b starts")

    assert told(logs) == [("child.killed", "b"), ("tree.stopped", ["a"])]
    assert [line["grace_seconds"] for line in logs if line["event"] == "child.killed"] == [2.0]


async def test_cancelled_host_lets_children_drain(journal: Children) -> None:
    with anyio.CancelScope() as host:
        async with supervising(supervise(ONE, journal.child("a", drain_for(4)), journal.child("b", drain_for(4)))):
            await journal.until("b starts")
            began = anyio.current_time()
            host.cancel()

    assert host.cancelled_caught
    assert journal.lines[2:] == ["b ends", "a ends"]
    assert anyio.current_time() - began == pytest.approx(8)


@pytest.mark.parametrize("anyio_backend", ["asyncio_virtual"], indirect=True)
async def test_native_cancel_of_the_host_lets_children_drain(journal: Children) -> None:
    """This is how asyncio.run answers Ctrl-C."""
    host = asyncio.ensure_future(supervise(ONE, journal.child("a", drain_for(4))).run())
    await journal.until("a starts")
    began = anyio.current_time()

    host.cancel()
    await asyncio.wait([host])

    assert host.cancelled()
    assert journal.lines == ["a starts", "a ends"]
    assert anyio.current_time() - began == pytest.approx(4)


async def test_crash_restarts_only_that_child(journal: Children) -> None:
    children = journal.child("a"), journal.child("b", crash, serve), journal.child("c")

    async with supervising(supervise(ONE, *children)):
        await journal.until("b starts", times=2)
        await journal.until("c starts")

    assert journal.lines.count("a starts") == journal.lines.count("c starts") == 1


async def test_crash_loop_backs_off(journal: Children) -> None:
    started: list[float] = []

    async def crash_and_note(context: ChildContext) -> None:
        started.append(anyio.current_time())
        await crash(context)

    async with supervising(supervise(ONE, journal.child("a", *[crash_and_note] * 4, serve))):
        await journal.until("a starts", times=5)
        started.append(anyio.current_time())

    pauses = [round(later - earlier, 3) for earlier, later in pairwise(started)]
    assert pauses == [1, 2, 4, 8]


async def test_other_children_are_served_while_one_is_paused(journal: Children) -> None:
    policy = Policy(limit=PATIENT, backoff=Backoff((100.0,)))
    children = journal.child("a", crash_after(1), serve), journal.child("b", crash_after(50), serve)

    async with supervising(supervise(policy, *children)):
        await journal.until("b starts", times=2)

    assert journal.lines[2:6] == ["a ends", "b ends", "a starts", "b starts"]


async def test_child_that_lived_long_starts_again_from_the_first_pause(journal: Children) -> None:
    children = (journal.child("a", crash, crash, crash_after(60), serve),)

    async with supervising(supervise(ONE, *children)):
        await journal.until("a starts", times=4)

        assert anyio.current_time() == pytest.approx(1 + 2 + 60 + 1)


async def test_restart_limit_escalates_after_stopping_the_others(journal: Children) -> None:
    policy = Policy(limit=RestartLimit(3, 60), backoff=PAUSE)
    supervisor = supervise(policy, journal.child("a"), journal.child("b", crash_after(1)), journal.child("c"))

    with pytest.raises(RestartLimitReached, match="b crashed more often") as reached:
        await supervisor.run()

    assert reached.value.child == "b"
    assert isinstance(reached.value.__cause__, Boom)
    assert journal.lines.count("b starts") == 4
    assert journal.lines[-2:] == ["c ends", "a ends"]


async def test_restart_limit_is_each_childs_own(journal: Children) -> None:
    policy = Policy(limit=RestartLimit(2, 600), backoff=PAUSE)
    children = (journal.child(name, crash, crash, serve) for name in "abc")

    async with supervising(supervise(policy, *children)):
        await journal.until("c starts", times=3)


async def test_clean_end_of_a_child_is_a_crash(journal: Children, logs: Logs) -> None:
    supervisor = supervise(ONE, journal.child("a", finish, serve))

    async with supervising(supervisor):
        await journal.until("a starts", times=2)

        assert supervisor.states()["a"] == ChildState(up=True, restarts=1, last_error=None)

    assert told(logs) == [
        ("child.crashed", "a"),
        ("child.started", "a"),
        ("tree.stopped", ["a"]),
    ]


@pytest.mark.parametrize("anyio_backend", ["asyncio_virtual"], indirect=True)
async def test_child_cancelled_by_a_stranger_is_restarted(journal: Children, logs: Logs) -> None:
    """A library that awaits a cancelled future looks like this; a task group would cancel all children."""

    async def be_cancelled(context: ChildContext) -> None:
        context.ready()
        lost: asyncio.Future[None] = asyncio.Future()
        lost.cancel()
        await lost

    async with supervising(supervise(ONE, journal.child("a", be_cancelled, serve))):
        await journal.until("a starts", times=2)

    (crashed,) = [line for line in logs if line["event"] == "child.crashed"]
    assert crashed["reason"] == "cancelled by a stranger"


async def test_crash_is_logged_with_its_traceback(journal: Children, logs: Logs) -> None:
    async with supervising(supervise(ONE, journal.child("a", crash, serve))):
        await journal.until("a starts", times=2)

    (crashed,) = [line for line in logs if line["event"] == "child.crashed"]
    assert (crashed["event"], crashed["child"]) == ("child.crashed", "a")
    assert isinstance(crashed["exc_info"], Boom)
    assert crashed["exc_info"].__traceback__ is not None


async def test_child_that_crashes_while_stopping_is_logged_and_stopped(journal: Children, logs: Logs) -> None:
    async def crash_at_stop(context: ChildContext) -> None:
        await serve(context)
        raise Boom

    async with supervising(supervise(ONE, journal.child("a"), journal.child("b", crash_at_stop))):
        await journal.until("b starts")

    assert journal.lines == ["a starts", "b starts", "b ends", "a ends"]
    assert told(logs) == [("child.crashed", "b"), ("tree.stopped", ["a"])]


async def test_error_inside_a_killed_child_does_not_escape(journal: Children) -> None:
    async def crash_when_killed(context: ChildContext) -> None:
        context.ready()
        try:
            await anyio.sleep_forever()
        finally:
            raise Boom

    async with supervising(supervise(ONE, journal.child("a"), journal.child("b", crash_when_killed))):
        await journal.until("b starts")

    assert journal.lines[2:] == ["b ends", "a ends"]


async def test_what_is_no_exception_still_stops_the_others_in_order(journal: Children) -> None:
    class Doom(BaseException):
        pass

    async def end_of_the_process(context: ChildContext) -> None:
        context.ready()
        await anyio.sleep(1)
        raise Doom

    children = (
        journal.child("a", drain_for(2)),
        journal.child("b", drain_for(2)),
        journal.child("c", end_of_the_process),
    )

    with pytest.raises(BaseExceptionGroup) as group:
        await supervise(ONE, *children).run()

    assert group.group_contains(Doom)
    assert journal.lines[3:] == ["c ends", "b ends", "a ends"]


async def test_states_tell_who_is_up(journal: Children) -> None:
    async def never_ready(context: ChildContext) -> None:
        await context.stopping.wait()

    supervisor = supervise(ONE, journal.child("a"), journal.child("b", never_ready), journal.child("c"))

    async with supervising(supervisor):
        await journal.until("b starts")

        assert [state.up for state in supervisor.states().values()] == [True, False, False]


async def test_children_have_names_of_their_own(journal: Children) -> None:
    with pytest.raises(AssertionError, match="told apart by name"):
        supervise(ONE, journal.child("a"), journal.child("a"))


async def test_context_needs_no_supervisor() -> None:
    context = ChildContext()

    context.ready()

    assert context.is_ready


async def test_default_policy_restarts_one_child_five_times_in_half_a_minute(journal: Children) -> None:
    with pytest.raises(RestartLimitReached):
        await Supervisor([journal.child("a", crash)], Random(1)).run()

    assert journal.lines.count("a starts") == 6
