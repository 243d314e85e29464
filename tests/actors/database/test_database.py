"""The DB actor answers every request once, or says honestly what is known; all in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import anyio
import pytest
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint
from structlog.testing import capture_logs

from actors.database.actor import Database, DatabaseSettings
from actors.database.request import Cause, NotStored, Priority, Reply, RequestTerms
from actors.errors import AnswerLost, Locked, Refused, Unreachable
from actors.ports import Pool
from actors.runtime.child import ChildContext
from tests.kit.clock import virtual_time
from tests.pools import FakePool, Note

anyio_backend = virtual_time

Logs = list[MutableMapping[str, Any]]
LOCKED = Locked("the database rolled back (SQLSTATE 55P03)")
LOST = AnswerLost("the connection to the database was lost under way")
DENIED = Refused("the database refuses the statement (SQLSTATE 42883)")


class Desk:
    """A running database, and callers whose answers are kept by name."""

    def __init__(self, pool: FakePool, tasks: TaskGroup, settings: DatabaseSettings) -> None:
        self.pool = pool
        self.context = ChildContext()
        self.database = Database(pool, random=Random(1), settings=settings)
        self.answers: dict[str, Reply[str] | NotStored] = {}
        self.answered_at: dict[str, float] = {}
        self.began = anyio.current_time()
        self.tasks = tasks

    async def ask(self, name: str, priority: Priority = Priority.HIGH, seconds: float = 60.0) -> Reply[str]:
        return await self.database.ask(Note(name), RequestTerms(anyio.current_time() + seconds, priority))

    async def keep(self, name: str, terms: RequestTerms) -> None:
        """Ask, and keep whatever comes."""
        try:
            self.answers[name] = await self.database.ask(Note(name), terms)
        except NotStored as error:
            self.answers[name] = error
        self.answered_at[name] = self.passed()

    def ask_beside(self, name: str, priority: Priority = Priority.HIGH, seconds: float = 60.0) -> RequestTerms:
        """Ask without waiting."""
        terms = RequestTerms(anyio.current_time() + seconds, priority)
        self.tasks.start_soon(self.keep, name, terms)
        return terms

    def passed(self) -> float:
        """How many seconds have passed."""
        return anyio.current_time() - self.began

    def refusal(self, name: str) -> tuple[Cause, bool]:
        """Why a request was not stored, and whether that is certain."""
        answer = self.answers[name]
        assert isinstance(answer, NotStored)
        return answer.cause, answer.certain


@asynccontextmanager
async def desk_of(pool: FakePool, settings: DatabaseSettings | None = None) -> AsyncIterator[Desk]:
    async with anyio.create_task_group() as tasks:
        desk = Desk(pool, tasks, settings or DatabaseSettings())
        tasks.start_soon(desk.database.run, desk.context)
        yield desk
        tasks.cancel_scope.cancel()


async def settled() -> None:
    """Let everybody act who can act without time passing; anyio's own wait takes time on asyncio."""
    for _ in range(20):
        await checkpoint()


async def test_request_is_answered_at_the_first_attempt() -> None:
    async with desk_of(FakePool()) as desk:
        reply = await desk.ask("a")

    assert (reply.value, reply.attempts) == ("a", 1)
    assert reply.seconds == pytest.approx(0.01)


async def test_locked_row_is_tried_again_after_a_pause_without_a_connection() -> None:
    pool = FakePool()
    pool.fail(Note("a"), LOCKED, LOCKED)
    async with desk_of(pool) as desk:
        reply = await desk.ask("a")

    assert (reply.attempts, reply.waited_for) == (3, ("lock",))
    assert 0.03 + 0.025 + 0.05 <= reply.seconds <= 0.03 + 0.05 + 0.1
    assert desk.database.is_up


async def test_others_are_served_while_one_row_is_locked() -> None:
    pool = FakePool(size=1)
    pool.fail(Note("a"), *[LOCKED] * 50)
    async with desk_of(pool) as desk:
        desk.ask_beside("a")
        await pool.journal.until("run a")

        reply = await desk.ask("b")

    assert reply.seconds == pytest.approx(0.02)


async def test_lost_answer_is_asked_for_again_at_once() -> None:
    pool = FakePool()
    pool.fail(Note("a"), LOST)
    async with desk_of(pool) as desk:
        reply = await desk.ask("a")

    assert reply.attempts == 2
    assert reply.seconds == pytest.approx(0.02)


async def test_pause_that_the_database_asks_for_is_kept() -> None:
    pool = FakePool()
    pool.fail(Note("a"), Unreachable("later", retry_after_seconds=3.0))
    async with desk_of(pool) as desk:
        reply = await desk.ask("a")

    assert reply.seconds == pytest.approx(3.02)


async def test_no_more_attempts_run_at_once_than_there_are_connections() -> None:
    pool = FakePool(size=3)
    async with desk_of(pool) as desk, anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(desk.ask, str(number))

    assert pool.most == 3


async def test_answer_says_what_kept_it() -> None:
    pool = FakePool(size=1)
    pool.fail(Note("lost"), LOST)
    async with desk_of(pool) as desk:
        lost = await desk.ask("lost")
        for number in range(20):
            desk.ask_beside(str(number))
        await anyio.sleep(1.0)
        kept = [desk.answers[str(number)].waited_for for number in range(20)]

    assert lost.waited_for == ("database",)
    # trio decides who of them comes first
    assert set(kept) == {(), ("database queue",)}


async def test_taps_go_before_the_rest() -> None:
    pool = FakePool(size=1)
    async with desk_of(pool) as desk, anyio.create_task_group() as tasks:
        for name in ("r1", "r2"):
            tasks.start_soon(desk.ask, name, Priority.LOW)
        await settled()
        for name in ("t1", "t2"):
            tasks.start_soon(desk.ask, name)

    first, *between, last = [asked.name for asked in pool.ran if isinstance(asked, Note)]
    assert first in {"r1", "r2"}
    assert {*between} == {"t1", "t2"}
    assert last in {"r1", "r2"}


async def test_rest_has_one_connection_at_most() -> None:
    pool = FakePool(size=3)
    async with desk_of(pool) as desk, anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(desk.ask, str(number), Priority.LOW)

    assert pool.most == 1


async def test_rest_gets_its_turn_under_a_flood_of_taps() -> None:
    pool = FakePool(size=1)
    async with desk_of(pool) as desk:
        for number in range(200):
            desk.ask_beside(f"t{number}")
        await settled()
        reply = await desk.ask("r", Priority.LOW)

    assert reply.seconds <= 0.55


async def test_rest_that_lost_its_patience_takes_turns_with_taps() -> None:
    pool = FakePool(size=1)
    pool.seconds = 1.0
    async with desk_of(pool) as desk:
        for number in range(3):
            desk.ask_beside(f"r{number}", Priority.LOW)
            desk.ask_beside(f"t{number}")
        await anyio.sleep(6.5)

    lanes = "".join(asked.name[0] for asked in pool.ran if isinstance(asked, Note))
    assert lanes in {"trtrtr", "rtrtrt"}


async def test_full_database_refuses_at_once_and_certainly() -> None:
    pool = FakePool(size=1)
    async with desk_of(pool, DatabaseSettings(mailbox=2)) as desk:
        desk.ask_beside("a")
        desk.ask_beside("b")
        await settled()

        with pytest.raises(NotStored) as caught:
            await desk.ask("c")

        assert (caught.value.cause, caught.value.certain) == (Cause.BUSY, True)
        assert desk.passed() == 0
        assert desk.database.waiting == 2


async def test_unread_requests_of_those_who_left_fill_the_mailbox_no_further() -> None:
    """Nobody reads before `run`; what was cancelled meanwhile still lies there."""
    database = Database(FakePool(), random=Random(1), settings=DatabaseSettings(mailbox=1))
    with pytest.raises(NotStored) as first:
        await database.ask(Note("a"), RequestTerms(anyio.current_time()))
    with pytest.raises(NotStored) as second:
        await database.ask(Note("b"), RequestTerms(anyio.current_time() + 1))

    assert (first.value.cause, first.value.certain) == (Cause.EXPIRED, True)
    assert (second.value.cause, second.value.certain) == (Cause.BUSY, True)


async def test_expired_request_is_never_run() -> None:
    pool = FakePool(size=1)
    pool.seconds = 5.0
    async with desk_of(pool) as desk:
        desk.ask_beside("a")
        await settled()
        desk.ask_beside("b", seconds=1.0)
        await anyio.sleep(20)

    assert pool.ran == [Note("a")]
    assert desk.refusal("b") == (Cause.EXPIRED, True)
    assert desk.answered_at["b"] == pytest.approx(1.0)


async def test_request_expires_in_doubt_while_its_attempt_is_under_way() -> None:
    pool = FakePool()
    pool.hold(Note("a"))
    async with desk_of(pool) as desk:
        desk.ask_beside("a", seconds=1.0)
        await anyio.sleep(2)

        assert desk.refusal("a") == (Cause.EXPIRED, False)


async def test_request_is_in_doubt_for_ever_after_a_lost_answer() -> None:
    pool = FakePool()
    pool.fail(Note("a"), LOST, *[LOCKED] * 99)
    async with desk_of(pool) as desk:
        desk.ask_beside("a", seconds=5.0)
        await anyio.sleep(6)

    assert desk.refusal("a") == (Cause.EXPIRED, False)


async def test_request_that_was_only_ever_rolled_back_is_certainly_not_stored() -> None:
    pool = FakePool()
    pool.fail(Note("a"), *[LOCKED] * 99)
    async with desk_of(pool) as desk:
        # Between two attempts: the pause is 1 s at least by then, an attempt takes 10 ms.
        desk.ask_beside("a", seconds=9.0)
        await anyio.sleep(10)

    assert desk.refusal("a") == (Cause.EXPIRED, True)


async def test_terms_that_expire_early_end_the_wait_at_once() -> None:
    pool = FakePool(size=1)
    pool.hold(Note("a"))
    async with desk_of(pool) as desk:
        desk.ask_beside("a")
        await pool.journal.until("run a")
        terms = desk.ask_beside("b")
        await settled()

        terms.expire()
        await settled()

        assert desk.refusal("b") == (Cause.EXPIRED, True)
        assert desk.passed() == 0


async def test_terms_that_have_expired_get_no_answer() -> None:
    async with desk_of(FakePool()) as desk:
        terms = RequestTerms(anyio.current_time() + 60, Priority.HIGH)
        terms.expire()

        with pytest.raises(NotStored) as caught:
            await desk.database.ask(Note("a"), terms)

    assert caught.value.cause is Cause.EXPIRED


async def test_refusal_is_told_at_once_and_alarms() -> None:
    pool = FakePool()
    pool.fail(Note("a"), DENIED)
    with capture_logs() as logs:
        async with desk_of(pool) as desk:
            with pytest.raises(NotStored) as caught:
                await desk.ask("a")

    assert (caught.value.cause, caught.value.certain, caught.value.attempts) == (Cause.REFUSED, True, 1)
    assert _named(logs, "database.alarm") == [
        {"event": "database.alarm", "log_level": "error", "operation": "Note", "reason": str(DENIED)}
    ]


async def test_refusal_after_a_lost_answer_is_in_doubt() -> None:
    pool = FakePool()
    pool.fail(Note("a"), LOST, DENIED)
    async with desk_of(pool) as desk:
        with pytest.raises(NotStored) as caught:
            await desk.ask("a")

    assert (caught.value.cause, caught.value.certain) == (Cause.REFUSED, False)


async def test_cancelled_caller_lets_its_attempt_end_and_begins_no_other() -> None:
    pool = FakePool()
    pool.seconds = 1.0
    pool.fail(Note("a"), LOCKED)
    async with desk_of(pool) as desk:
        with anyio.move_on_after(0.5):
            await desk.ask("a")
        await anyio.sleep(5)
        await desk.ask("b")

    assert pool.ran == [Note("a"), Note("b")]
    assert desk.database.waiting == 0


async def test_database_that_is_away_is_tried_by_one_at_a_time() -> None:
    pool = FakePool(size=4)
    pool.go_away()
    async with desk_of(pool) as desk:
        for number in range(50):
            desk.ask_beside(str(number))
        await anyio.sleep(20)

        # Four at first, then one after each pause of 1 to 2 s at the most.
        assert len(pool.journal.lines) <= 4 + 6 + 20
        assert not desk.database.is_up


async def test_all_go_as_soon_as_the_database_is_back() -> None:
    pool = FakePool(size=4)
    pool.go_away()
    async with desk_of(pool) as desk:
        for number in range(50):
            desk.ask_beside(str(number))
        await anyio.sleep(20)
        pool.come_back()
        await anyio.sleep(2.0 + 0.01 + 0.13 + 0.05)

        assert len(desk.answers) == 50
        kept = {answer.waited_for for answer in desk.answers.values() if isinstance(answer, Reply)}
        assert kept == {("connection",)}
        assert all(isinstance(answer, Reply) for answer in desk.answers.values())
        assert pool.most == 4


async def test_outage_is_logged_once_and_its_end_wakes_who_wants_to_know() -> None:
    pool = FakePool()
    pool.go_away()
    woken: list[float] = []
    with capture_logs() as logs:
        async with desk_of(pool) as desk:
            desk.database.on_recovered = lambda: woken.append(desk.passed())
            desk.ask_beside("a")
            desk.ask_beside("b", Priority.LOW)
            await anyio.sleep(10)
            pool.come_back()
            await anyio.sleep(5)
            await desk.ask("c")

    assert len(_named(logs, "database.unreachable")) == 1
    (recovered,) = _named(logs, "database.recovered")
    assert recovered["seconds"] == pytest.approx(woken[0], abs=0.001)
    assert len(woken) == 1
    assert desk.database.is_up


async def test_request_that_expires_during_an_outage_was_certainly_not_stored() -> None:
    pool = FakePool()
    pool.go_away()
    async with desk_of(pool) as desk:
        desk.ask_beside("a", seconds=5)
        await anyio.sleep(6)

    assert desk.refusal("a") == (Cause.EXPIRED, True)


async def test_locked_row_shows_that_the_database_is_back() -> None:
    pool = FakePool()
    pool.go_away()
    pool.fail(Note("a"), *[LOCKED] * 99)
    async with desk_of(pool) as desk:
        desk.ask_beside("a")
        await anyio.sleep(5)
        pool.come_back()
        await anyio.sleep(5)

        assert desk.database.is_up


async def test_probe_whose_answer_is_lost_keeps_the_gate_closed() -> None:
    """A dead connection can still be acquired: only an answer shows that somebody is there."""
    pool = FakePool(size=2)
    pool.go_away()
    async with desk_of(pool) as desk:
        desk.ask_beside("a")
        await settled()
        pool.fail(Note("a"), LOST)
        pool.come_back()
        await pool.journal.until("run a")
        await anyio.sleep(0.02)

        assert not desk.database.is_up
        await anyio.sleep(5)
        assert desk.database.is_up


async def test_denied_connection_is_refused_one_by_one_without_growing_pauses() -> None:
    pool = FakePool()
    pool.go_away(Refused("the database refuses the connection (SQLSTATE 28P01)"))
    async with desk_of(pool) as desk:
        for number in range(20):
            desk.ask_beside(str(number))
        await anyio.sleep(1.1)

        assert {desk.refusal(name) for name in desk.answers} == {(Cause.REFUSED, True)}
        assert len(desk.answers) == 20
        assert not desk.database.is_up


async def test_attempt_that_hangs_is_cut_at_its_bound_and_is_in_doubt() -> None:
    pool = FakePool()
    pool.hold(Note("a"))
    async with desk_of(pool, DatabaseSettings(attempt_seconds=2.0)) as desk:
        desk.ask_beside("a", seconds=5)
        await anyio.sleep(6)

    assert pool.ran == [Note("a")] * 3
    assert desk.refusal("a") == (Cause.EXPIRED, False)


async def test_failed_release_takes_no_answer_back() -> None:
    class Careless(FakePool):
        @asynccontextmanager
        async def session(self) -> AsyncIterator[Any]:
            async with super().session() as session:
                yield session
            raise LOST

    async with desk_of(Careless()) as desk:
        reply = await desk.ask("a")

    assert reply.attempts == 1


async def test_stop_lets_what_is_pending_finish() -> None:
    pool = FakePool(size=1)
    pool.seconds = 0.5
    async with desk_of(pool) as desk:
        for name in ("a", "b", "c"):
            desk.ask_beside(name)
        await settled()
        desk.context.stopping.set()
        await settled()
        with pytest.raises(NotStored) as caught:
            await desk.ask("d")
        await anyio.sleep(1.6)

        assert {name for name, answer in desk.answers.items() if isinstance(answer, Reply)} == {"a", "b", "c"}
        assert (caught.value.cause, caught.value.certain) == (Cause.STOPPED, True)


async def test_run_returns_as_soon_as_nothing_is_pending() -> None:
    pool = FakePool()
    database = Database(pool, random=Random(1))
    context = ChildContext()
    context.stopping.set()

    await database.run(context)

    assert context.is_ready


async def test_stop_during_an_outage_fails_what_is_pending_after_the_drain() -> None:
    pool = FakePool()
    pool.go_away()
    async with desk_of(pool) as desk:
        desk.ask_beside("a")
        await settled()
        desk.context.stopping.set()
        await anyio.sleep(3.1)

        assert desk.refusal("a") == (Cause.STOPPED, True)
        assert desk.answered_at["a"] == pytest.approx(3.0)


async def test_killed_database_tells_who_waits() -> None:
    pool = FakePool(size=1)
    pool.hold(Note("a"))
    async with anyio.create_task_group() as tasks:
        desk = Desk(pool, tasks, DatabaseSettings())
        async with anyio.create_task_group() as killed:
            killed.start_soon(desk.database.run, desk.context)
            desk.ask_beside("a")
            await pool.journal.until("run a")
            desk.ask_beside("b")
            await settled()
            killed.cancel_scope.cancel()

    assert desk.refusal("a") == (Cause.STOPPED, False)
    assert desk.refusal("b") == (Cause.STOPPED, True)


async def test_crashed_database_serves_again_in_its_next_life() -> None:
    """A binding that is missing is a mistake of ours: let it crash; the request that caused it is not run again."""
    pool = FakePool(size=1)
    pool.fail(Note("a"), KeyError("no such binding"))
    async with anyio.create_task_group() as tasks:
        desk = Desk(pool, tasks, DatabaseSettings())
        desk.ask_beside("a")
        await _crash(desk.database)
        desk.ask_beside("b")
        await settled()
        tasks.start_soon(desk.database.run, desk.context)
        await pool.journal.until("done b")
        await settled()

        assert desk.refusal("a") == (Cause.STOPPED, False)
        assert isinstance(desk.answers["b"], Reply)
        tasks.cancel_scope.cancel()


async def test_attempt_that_outlives_a_crash_is_not_judged_in_the_next_life() -> None:
    """The pool shields what it runs; its caller was told long ago that nobody knows."""
    pool = FakePool(size=2)
    pool.shielded = True
    pool.fail(Note("a"), KeyError("no such binding"))
    held = pool.hold(Note("b"))
    async with anyio.create_task_group() as tasks:
        desk = Desk(pool, tasks, DatabaseSettings())
        tasks.start_soon(_crash, desk.database)
        desk.ask_beside("b")
        await pool.journal.until("run b")
        desk.ask_beside("a")
        await anyio.sleep(0.1)
        held.set()
        await pool.journal.until("done b")
        await settled()
        tasks.start_soon(desk.database.run, desk.context)

        reply = await desk.ask("c")

        assert reply.value == "c"
        assert desk.refusal("b") == (Cause.STOPPED, False)
        tasks.cancel_scope.cancel()


async def _crash(database: Database) -> None:
    with pytest.RaisesGroup(KeyError):
        await database.run(ChildContext())


async def test_abandoned_requests_are_swept_out_of_the_queue() -> None:
    """Behind one that waits for long, the short-lived ones must not pile up."""
    pool = FakePool(size=1)
    pool.go_away()
    async with desk_of(pool, DatabaseSettings(mailbox=4)) as desk:
        desk.ask_beside("long", Priority.LOW, 1000)
        for number in range(40):
            desk.ask_beside(str(number), Priority.LOW, 0.1)
            await anyio.sleep(0.2)
        pool.come_back()
        await anyio.sleep(3)

        assert isinstance(desk.answers["long"], Reply)
        assert pool.ran == [Note("long")]


async def test_a_thousand_requests_at_once_are_all_answered() -> None:
    pool = FakePool(size=5)
    async with desk_of(pool) as desk:
        for number in range(1000):
            desk.ask_beside(str(number))
        await anyio.sleep(2.1)

        assert len(desk.answers) == 1000
        assert all(isinstance(answer, Reply) for answer in desk.answers.values())


def test_fake_pool_is_a_pool() -> None:
    pool: Pool = FakePool()

    assert pool.size == 2


def _named(logs: Logs, event: str) -> Logs:
    return [line for line in logs if line["event"] == event]
