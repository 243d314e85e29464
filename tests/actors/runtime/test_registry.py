"""One live actor per key: no message is lost, served twice or served out of order, whatever crashes."""

import asyncio
from collections.abc import Iterator

import anyio
import pytest
from anyio.lowlevel import checkpoint
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from actors.errors import MailboxClosed, MailboxFull
from actors.runtime.actor import DeadLetter
from actors.runtime.cell import RegistryLimits
from actors.runtime.child import ChildContext
from actors.runtime.registry import Registry
from actors.runtime.restarts import RestartLimit
from tests.actors.runtime.probes import Boom, Message, ProbeContext, World, crash, running

FRAIL = RegistryLimits(restarts=RestartLimit(0, 30))
FRAIL_AND_SMALL = RegistryLimits(mailbox=1, restarts=RestartLimit(0, 30))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def world() -> World:
    return World()


class Gate:
    """Work that waits to be let through, and then tells its outcome."""

    def __init__(self) -> None:
        self.reached = anyio.Event()
        self.opened = anyio.Event()

    async def __call__(self, context: ProbeContext) -> None:
        self.reached.set()
        await self.opened.wait()
        await context.tell(Message("outcome"))

    async def then_fail(self, context: ProbeContext) -> None:
        self.reached.set()
        await self.opened.wait()
        await fail(context)


async def fail(context: ProbeContext) -> None:
    raise Boom(context.key)


async def test_messages_of_a_key_are_served_in_order(world: World) -> None:
    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a"))
        await run.registry.tell("k", Message("b"))
        run.registry.tell_nowait("k", Message("c"))

    assert world.journal.lines == ["k1 a", "k1 b", "k1 c"]


async def test_every_key_has_an_actor_of_its_own(world: World) -> None:
    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a"))
        run.registry.tell_nowait("l", Message("b"))
        assert run.registry.live == 2

    assert {context.key for context in world.contexts} == {"k", "l"}


async def test_idle_actor_is_passivated_at_once_and_the_next_message_makes_a_new_one(world: World) -> None:
    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a"))
        await anyio.wait_all_tasks_blocked()
        assert run.registry.live == 0

        run.registry.tell_nowait("k", Message("b"))

    assert world.journal.lines == ["k1 a", "k2 b"]
    assert run.registry.counts.activations == 2


@pytest.mark.parametrize("steps", range(6))
async def test_message_told_while_its_actor_is_passivated_is_served(world: World, steps: int) -> None:
    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a"))
        for _ in range(steps):
            await checkpoint()
        run.registry.tell_nowait("k", Message("b"))

    assert [line[3:] for line in world.journal.lines] == ["a", "b"]


async def test_ten_thousand_idle_keys_leave_no_tasks(world: World) -> None:
    async with running(world) as run:
        before = len(anyio.get_running_tasks())
        for number in range(10_000):
            run.registry.tell_nowait(f"k{number}", Message("a"))
        await anyio.wait_all_tasks_blocked()

        assert len(anyio.get_running_tasks()) == before
        assert run.registry.live == 0

    assert len(world.journal.lines) == 10_000


async def test_poison_message_goes_to_the_dead_letters_and_the_next_one_is_served(world: World) -> None:
    async with running(world) as run:
        for message in (Message("a"), crash(), Message("b")):
            run.registry.tell_nowait("k", message)

    assert world.journal.lines == ["k1 a", "k1 poison", "k2 b"]
    assert world.obituaries == [("poison", "CRASHED")]
    assert isinstance(world.dead[0].error, Boom)
    assert run.registry.counts.crashes == 1


async def test_crash_of_an_actor_that_remembers_leaves_nothing_that_rests(world: World) -> None:
    world.idle = lambda: False

    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a"))
        await anyio.wait_all_tasks_blocked()
        remembering = run.registry.live
        run.registry.tell_nowait("k", crash())
        await anyio.wait_all_tasks_blocked()

        assert (remembering, run.registry.live) == (1, 0)


async def test_message_whose_actor_cannot_be_made_goes_to_the_dead_letters(world: World) -> None:
    world.refuse_to_live.append(Boom())

    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a"))
        run.registry.tell_nowait("k", Message("b"))

    assert world.journal.lines == ["k1 b"]
    assert world.obituaries == [("a", "CRASHED")]


async def test_actor_that_cannot_tell_whether_it_is_idle_has_crashed(world: World) -> None:
    answers = iter([True])
    world.idle = lambda: next(answers)

    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a"))
        run.registry.tell_nowait("k", Message("b"))

    assert world.journal.lines == ["k1 a", "k1 b"]
    assert world.obituaries == [("b", "CRASHED")]


async def test_full_mailbox_hands_the_message_back(world: World) -> None:
    async with running(world, RegistryLimits(mailbox=2)) as run:
        run.registry.tell_nowait("k", Message("a"))
        run.registry.tell_nowait("k", Message("b"))
        with pytest.raises(MailboxFull) as full:
            run.registry.tell_nowait("k", Message("c"))

    assert full.value.message == Message("c")
    assert world.journal.lines == ["k1 a", "k1 b"]
    assert (run.registry.counts.refused, run.registry.counts.deepest) == (1, 2)


async def test_tell_waits_for_room(world: World) -> None:
    async with running(world, RegistryLimits(mailbox=1)) as run:
        for text in "abc":
            await run.registry.tell("k", Message(text))

    assert [line[3:] for line in world.journal.lines] == ["a", "b", "c"]


async def test_registry_that_does_not_run_hands_messages_back(world: World) -> None:
    registry = Registry(world.make, world.dead.append)

    with pytest.raises(MailboxClosed) as closed:
        registry.tell_nowait("k", Message("a"))

    assert closed.value.message == Message("a")
    with pytest.raises(MailboxClosed):
        await registry.tell("k", Message("a"))


async def test_busy_actor_lets_others_run(world: World) -> None:
    async with running(world, RegistryLimits(mailbox=1_000)) as run:
        for number in range(1_000):
            run.registry.tell_nowait("k", Message(str(number)))
        await world.journal.until("k1 0")

        assert len(world.journal.lines) < 100

    assert len(world.journal.lines) == 1_000


async def test_outcome_of_an_effect_comes_back_as_a_message(world: World) -> None:
    gate = Gate()

    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a", work=gate))
        await gate.reached.wait()
        gate.opened.set()
        await world.journal.until("k1 outcome")


async def test_mailbox_is_not_blocked_by_an_effect(world: World) -> None:
    gate = Gate()

    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a", work=gate))
        await gate.reached.wait()
        run.registry.tell_nowait("k", Message("b"))
        await world.journal.until("k1 b")
        gate.opened.set()


async def test_actor_stays_while_its_effects_run(world: World) -> None:
    gate = Gate()

    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a", work=gate))
        await anyio.wait_all_tasks_blocked()
        assert run.registry.live == 1

        gate.opened.set()
        await anyio.wait_all_tasks_blocked()
        assert run.registry.live == 0

    assert run.registry.counts.activations == 1


async def test_effect_outlives_a_crash_of_its_incarnation(world: World) -> None:
    gate = Gate()

    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a", work=gate))
        run.registry.tell_nowait("k", crash())
        await gate.reached.wait()
        gate.opened.set()

    assert world.journal.lines == ["k1 a", "k1 poison", "k2 outcome"]


async def test_effect_that_raises_ends_its_incarnation(world: World) -> None:
    async with running(world) as run:
        world.idle = lambda: False
        run.registry.tell_nowait("k", Message("a", work=fail))
        await anyio.wait_all_tasks_blocked()
        run.registry.tell_nowait("k", Message("b"))

    assert world.journal.lines == ["k1 a", "k2 b"]
    assert world.obituaries == [("a", "CRASHED")]


async def test_effect_of_an_earlier_incarnation_does_not_end_the_present_one(world: World) -> None:
    gate = Gate()

    async def fail_at_the_gate(context: ProbeContext) -> None:
        await gate(context)
        await fail(context)

    async with running(world) as run:
        world.idle = lambda: False
        run.registry.tell_nowait("k", Message("a", work=fail_at_the_gate))
        run.registry.tell_nowait("k", crash())
        run.registry.tell_nowait("k", Message("b"))
        await gate.reached.wait()
        gate.opened.set()
        await anyio.wait_all_tasks_blocked()
        run.registry.tell_nowait("k", Message("c"))

    assert world.journal.lines == ["k1 a", "k1 poison", "k2 b", "k2 outcome", "k2 c"]
    assert world.obituaries == [("poison", "CRASHED"), ("a", "CRASHED")]


async def test_stop_refuses_outsiders_and_lets_effects_report(world: World) -> None:
    gate = Gate()

    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a", work=gate))
        await gate.reached.wait()
        run.context.stopping.set()
        await anyio.wait_all_tasks_blocked()

        with pytest.raises(MailboxClosed):
            run.registry.tell_nowait("k", Message("late"))
        with pytest.raises(MailboxClosed):
            await run.registry.tell("k", Message("late"))
        gate.opened.set()

    assert world.journal.lines == ["k1 a", "k1 outcome"]
    assert world.dead == []


async def test_stop_serves_what_was_told_before(world: World) -> None:
    async with running(world, RegistryLimits(mailbox=100)) as run:
        for number in range(100):
            run.registry.tell_nowait("k", Message(str(number)))
        run.context.stopping.set()

    assert len(world.journal.lines) == 100
    assert world.dead == []


async def test_stop_does_not_wait_for_actors_that_only_remember(world: World) -> None:
    world.idle = lambda: False

    async with running(world, RegistryLimits(idle_seconds=1_000_000)) as run:
        run.registry.tell_nowait("k", Message("a"))
        await anyio.wait_all_tasks_blocked()
        assert run.registry.live == 1

    assert run.registry.live == 0


async def test_kill_sends_what_is_left_to_the_dead_letters(world: World) -> None:
    gate = Gate()
    texts = [str(number) for number in range(100)]

    async with running(world, RegistryLimits(mailbox=100)) as run:
        run.registry.tell_nowait("l", Message("effect", work=gate))
        await gate.reached.wait()
        for text in texts:
            run.registry.tell_nowait("k", Message(text))
        run.tasks.cancel_scope.cancel()

    heard = [line[3:] for line in world.journal.lines if line.startswith("k")]
    buried = [text for text, reason in world.obituaries if reason == "KILLED"]
    assert sorted(buried + heard) == sorted([*texts, "effect"])
    assert "effect" in buried
    assert len(buried) > 1


async def test_teller_who_waits_for_room_at_a_kill_gets_the_message_back(world: World) -> None:
    returned: list[Message] = []

    async def tell_shielded() -> None:
        with anyio.CancelScope(shield=True):
            try:
                await run.registry.tell("k", Message("waits"))
            except MailboxClosed as closed:
                returned.append(closed.message)

    async with running(world, RegistryLimits(mailbox=32)) as run:
        for number in range(32):
            run.registry.tell_nowait("k", Message(str(number)))
        run.context.stopping.set()
        run.tasks.start_soon(tell_shielded)
        run.tasks.cancel_scope.cancel()

    heard = [line for line in world.journal.lines if line.endswith("waits")]
    buried = [text for text, _ in world.obituaries if text == "waits"]
    assert len(returned) + len(heard) + len(buried) == 1


async def test_oneself_cannot_be_told_after_the_end(world: World) -> None:
    async with running(world) as run:
        run.registry.tell_nowait("k", Message("a"))

    await world.contexts[0].tell(Message("late"))

    assert world.obituaries == [("late", "STOPPED")]


async def test_registry_can_run_again(world: World) -> None:
    async with running(world) as run:
        registry = run.registry
    context = ChildContext()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(registry.run, context)
        await anyio.wait_all_tasks_blocked()
        registry.tell_nowait("k", Message("a"))
        context.stopping.set()

    assert world.journal.lines == ["k1 a"]


async def test_crash_over_the_budget_quarantines_the_key_alone(world: World) -> None:
    async with running(world, RegistryLimits(restarts=RestartLimit(2, 30))) as run:
        for text in ("1", "2", "3"):
            run.registry.tell_nowait("k", crash(text))
        run.registry.tell_nowait("k", Message("behind"))
        run.registry.tell_nowait("l", Message("other"))
        await anyio.wait_all_tasks_blocked()
        run.registry.tell_nowait("k", Message("later"))
        await run.registry.tell("k", Message("last"))

    crashed = [(text, "CRASHED") for text in ("1", "2", "3")]
    assert world.obituaries == [*crashed, *((text, "QUARANTINED") for text in ("behind", "later", "last"))]
    assert "other" in " ".join(world.journal.lines)
    counts = run.registry.counts
    assert (counts.crashes, counts.quarantines, counts.dead_letters, counts.activations) == (3, 1, 6, 4)


async def test_budget_is_kept_over_passivation(world: World) -> None:
    async with running(world, RegistryLimits(restarts=RestartLimit(1, 30))) as run:
        run.registry.tell_nowait("k", crash("1"))
        await anyio.wait_all_tasks_blocked()
        run.registry.tell_nowait("k", crash("2"))
        await anyio.wait_all_tasks_blocked()
        run.registry.tell_nowait("k", Message("a"))

    assert world.obituaries[-1] == ("a", "QUARANTINED")


async def test_who_waits_for_room_at_a_quarantine_is_buried_too(world: World) -> None:
    gate = Gate()

    async def fill_and_tell() -> None:
        await gate.opened.wait()
        run.registry.tell_nowait("k", Message("fills"))
        await run.registry.tell("k", Message("waits"))

    async with running(world, FRAIL_AND_SMALL) as run:
        run.tasks.start_soon(fill_and_tell)
        await anyio.wait_all_tasks_blocked()
        run.registry.tell_nowait("k", Message("a", work=gate.then_fail))
        await gate.reached.wait()
        gate.opened.set()
        await anyio.wait_all_tasks_blocked()

    assert sorted(world.obituaries) == [("a", "CRASHED"), ("fills", "QUARANTINED"), ("waits", "QUARANTINED")]


async def test_outcome_that_waits_for_room_at_a_quarantine_is_buried_too(world: World) -> None:
    gate = Gate()

    async def fill_and_tell(context: ProbeContext) -> None:
        await gate.opened.wait()
        run.registry.tell_nowait("k", Message("fills"))
        await context.tell(Message("waits"))

    async with running(world, FRAIL_AND_SMALL) as run:
        run.registry.tell_nowait("k", Message("a", work=fill_and_tell))
        await anyio.wait_all_tasks_blocked()
        run.registry.tell_nowait("k", Message("b", work=gate.then_fail))
        await gate.reached.wait()
        gate.opened.set()
        await anyio.wait_all_tasks_blocked()

    assert sorted(world.obituaries) == [("b", "CRASHED"), ("fills", "QUARANTINED"), ("waits", "QUARANTINED")]


async def test_effects_that_fail_quarantine_their_key_while_its_actor_waits(world: World) -> None:
    gate = Gate()

    async with running(world, FRAIL) as run:
        for text in "ab":
            run.registry.tell_nowait("k", Message(text, work=gate.then_fail))
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
        await anyio.wait_all_tasks_blocked()
        assert run.registry.live == 0

    assert sorted(world.obituaries) == [("a", "CRASHED"), ("b", "CRASHED")]


async def test_outcome_for_a_quarantined_key_goes_to_the_dead_letters(world: World) -> None:
    gate = Gate()

    async with running(world, FRAIL) as run:
        run.registry.tell_nowait("k", Message("a", work=gate))
        run.registry.tell_nowait("k", crash())
        await gate.reached.wait()
        gate.opened.set()

    assert world.obituaries == [("poison", "CRASHED"), ("outcome", "QUARANTINED")]


async def test_dead_letters_that_raise_do_not_take_the_registry_down(world: World) -> None:
    def refuse(letter: DeadLetter[str, Message]) -> None:
        raise Boom(letter.reason.name)

    registry = Registry(world.make, refuse)
    context = ChildContext()

    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(registry.run, context)
            await anyio.wait_all_tasks_blocked()
            registry.tell_nowait("k", crash())
            registry.tell_nowait("k", Message("a"))
            context.stopping.set()

    assert world.journal.lines == ["k1 poison", "k2 a"]
    assert [line["event"] for line in logs] == ["actor.crashed", "dead_letter.unhandled"]


async def test_actor_does_not_inherit_the_log_keys_of_who_told_first(world: World) -> None:
    async with running(world) as run:
        with bound_contextvars(tap_id="1"):
            run.registry.tell_nowait("k", Message("a"))

    assert world.journal.lines == ["k1 a"]
    assert world.dead == []


@pytest.mark.parametrize("anyio_backend", ["asyncio", "uvloop"], indirect=True)
async def test_effect_cancelled_by_a_stranger_harms_nobody_else(world: World) -> None:
    gate = Gate()

    async def await_what_is_cancelled(context: ProbeContext) -> None:
        del context
        lost: asyncio.Future[None] = asyncio.Future()
        lost.cancel()
        await lost

    async with running(world) as run:
        run.registry.tell_nowait("l", Message("a", work=gate))
        run.registry.tell_nowait("k", Message("b", work=await_what_is_cancelled))
        await anyio.wait_all_tasks_blocked()
        gate.opened.set()
        await world.journal.until("l1 outcome")

    assert world.obituaries == [("b", "KILLED")]
