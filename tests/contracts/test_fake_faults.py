"""The fakes fail as they were told to, in virtual time: at the right moment, and with or without effect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import anyio
import pytest

from actors.domain.item import Action, Item
from actors.domain.messages import Recorded
from actors.domain.taps import Press, Tap
from actors.errors import AnswerLost, Refused, Unreachable
from actors.operations.cards import SaveCard
from actors.operations.operation import Operation
from actors.operations.schedule import ClaimDue
from actors.operations.taps import LoadItem, RecordTap
from tests.fakes.clock import FakeClock
from tests.fakes.database import FakeDatabase, answer_lost, nothing_happened
from tests.fakes.faults import Effect
from tests.fakes.store import Store
from tests.kit.clock import virtual_time
from tests.stories import ANNA, CHAT, NOON

anyio_backend = virtual_time


@pytest.fixture
async def database() -> FakeDatabase:
    """A database with one due item, 1, of one chat."""
    clock = FakeClock()
    database = FakeDatabase(Store(clock), size=2)
    tables = database.tables
    now = clock.now()
    tables.chats.make(chat_key=1, chat_id=CHAT, created_at=now)
    tables.media.make(chat_key=1, media_id=1, created_at=now, sha256="a")
    tables.items.make(chat_key=1, item_id=1, media_id=1, due_at=now, created_at=now)
    return database


async def run(database: FakeDatabase, operation: Operation[Any]) -> object:
    """Run an operation in a session of its own."""
    async with database.session() as session:
        return await session.run(operation)


async def present(database: FakeDatabase) -> Item:
    """Bring the item into review."""
    async with database.session() as session:
        (claimed,) = (await session.run(ClaimDue("one"))).present
        return await session.run(SaveCard(claimed, 501, None, "one"))


def skip(shown: Item) -> RecordTap:
    """Anna's Skip."""
    press = Press("tap-1", 1, shown.id, shown.version, shown.chat_id, 501, ANNA, "", 0.0, mark=shown.mark, shown=True)
    return RecordTap(Tap(press, Action.SKIP), "one")


def state(database: FakeDatabase) -> str:
    """Where the item stands."""
    item = database.tables.items.get(1, 1)
    assert item is not None
    return item.state


async def test_time_on_the_rows_is_the_time_of_the_event_loop(database: FakeDatabase) -> None:
    await anyio.sleep(100)

    await present(database)

    item = database.tables.items.get(1, 1)
    assert item is not None
    assert item.presented_at is not None
    assert abs(item.presented_at - NOON - timedelta(seconds=100)) < timedelta(seconds=1)


async def test_a_refused_attempt_takes_no_effect_and_the_next_one_does(database: FakeDatabase) -> None:
    shown = await present(database)
    database.faults.add(nothing_happened(), of=RecordTap)

    with pytest.raises(Unreachable):
        await run(database, skip(shown))

    assert state(database) == "in_review"
    assert isinstance(await run(database, skip(shown)), Recorded)


async def test_an_answer_lost_after_the_effect_is_found_by_the_same_key(database: FakeDatabase) -> None:
    shown = await present(database)
    database.faults.add(answer_lost(Effect.BEFORE), of=RecordTap)

    with pytest.raises(AnswerLost):
        await run(database, skip(shown))

    again = await run(database, skip(shown))
    assert isinstance(again, Recorded)
    assert again.replayed


async def test_a_late_effect_finds_the_key_of_the_second_attempt(database: FakeDatabase) -> None:
    """F15."""
    shown = await present(database)
    database.faults.add(answer_lost(Effect.LATER, later_seconds=5), of=RecordTap)
    with pytest.raises(AnswerLost):
        await run(database, skip(shown))
    before = state(database)
    await run(database, skip(shown))

    await anyio.sleep(6)

    assert (before, state(database)) == ("in_review", "skipped")
    assert len(list(database.tables.item_events.all())) == 1


async def test_a_late_effect_comes_though_nobody_asks_again(database: FakeDatabase) -> None:
    shown = await present(database)
    database.faults.add(answer_lost(Effect.LATER, later_seconds=5), of=RecordTap)
    with pytest.raises(AnswerLost):
        await run(database, skip(shown))

    await anyio.sleep(6)

    assert state(database) == "skipped"


async def test_a_silent_connection_is_given_up_after_the_pools_own_bound(database: FakeDatabase) -> None:
    shown = await present(database)
    database.faults.add(answer_lost(Effect.NEVER, silent=True))
    began = anyio.current_time()

    with pytest.raises(AnswerLost):
        await run(database, skip(shown))

    assert anyio.current_time() - began == pytest.approx(4.0, abs=0.1)


async def test_faults_of_one_operation_leave_the_others_alone(database: FakeDatabase) -> None:
    shown = await present(database)
    database.faults.add(nothing_happened(refused=True), of=ClaimDue)

    assert isinstance(await run(database, skip(shown)), Recorded)
    with pytest.raises(Refused):
        await run(database, ClaimDue("one"))


async def test_during_an_outage_nobody_connects_and_running_answers_are_lost(database: FakeDatabase) -> None:
    shown = await present(database)
    database.seconds = 1.0
    errors: list[type[Exception]] = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_note_error, errors, lambda: run(database, skip(shown)))
        await anyio.sleep(0.2)
        database.go_away()
        tasks.start_soon(_note_error, errors, lambda: run(database, skip(shown)))

    database.come_back()
    assert sorted(error.__name__ for error in errors) == ["AnswerLost", "Unreachable"]
    assert state(database) == "in_review"
    assert isinstance(await run(database, skip(shown)), Recorded)


async def test_no_more_sessions_than_the_pool_has_are_open_at_once(database: FakeDatabase) -> None:
    database.seconds = 1.0
    began = anyio.current_time()

    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(run, database, LoadItem(CHAT, 1))

    assert database.most == 2
    assert anyio.current_time() - began == pytest.approx(3.0, abs=0.1)


async def test_who_waits_too_long_for_a_connection_is_turned_away(database: FakeDatabase) -> None:
    database.seconds = 8.0
    errors: list[type[Exception]] = []

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(_note_error, errors, lambda: run(database, LoadItem(CHAT, 1)))

    assert errors == [Unreachable]


async def test_a_locked_row_turns_its_own_taps_away_only(database: FakeDatabase) -> None:
    shown = await present(database)
    database.lock_item(CHAT, 1)

    with pytest.raises(Unreachable):
        await run(database, skip(shown))

    database.unlock_item(CHAT, 1)
    assert isinstance(await run(database, skip(shown)), Recorded)


async def test_what_a_constraint_refuses_leaves_nothing_behind(database: FakeDatabase) -> None:
    tables = database.tables

    @tables.transaction()
    def write_twins() -> None:
        tables.leases.make(name="updates", owner="one", expires_at=NOON)
        tables.items.make(chat_key=1, item_id=2, media_id=1, due_at=NOON, created_at=NOON)

    with pytest.raises(Refused):
        write_twins()

    assert list(tables.leases.all()) == []
    assert tables.items.get(1, 2) is None


async def _note_error(errors: list[type[Exception]], ask: Callable[[], Awaitable[object]]) -> None:
    try:
        await ask()
    except (AnswerLost, Unreachable) as error:
        errors.append(type(error))
