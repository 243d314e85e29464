"""The database of the simulation fails as it is told to: at the right moment, and with or without effect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
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
from tests.fakes.records import ItemRecord
from tests.fakes.store import Store
from tests.kit.clock import virtual_time
from tests.simulation.calm import Calm, open_wires
from tests.simulation.database import SimulatedDatabase, SimulatedPool
from tests.simulation.weather import Harm
from tests.stories import ANNA, CHAT, NOON

anyio_backend = virtual_time

SENT = "sent RecordTap skip"


@dataclass
class Place:
    """A database with one due item, 1, of one chat; `calm` is told what shall go wrong on the way to it."""

    server: SimulatedDatabase
    pool: SimulatedPool
    calm: Calm

    async def run(self, operation: Operation[Any]) -> Any:
        """Run an operation in a session of its own."""
        async with self.pool.session() as session:
            return await session.run(operation)

    async def present(self) -> Item:
        """Bring the item into review."""
        (claimed,) = (await self.run(ClaimDue("one"))).present
        row: Item = await self.run(SaveCard(claimed, 501, None, "one"))
        return row

    def item(self) -> ItemRecord:
        """The item as it is stored."""
        item = self.server.store.tables.items.get(1, 1)
        assert item is not None
        return item


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    clock = FakeClock()
    server = SimulatedDatabase(Store(clock), lambda _operation, _value: None)
    tables, now = server.store.tables, clock.now()
    tables.chats.make(chat_key=1, chat_id=CHAT, created_at=now)
    tables.media.make(chat_key=1, media_id=1, created_at=now, sha256="a")
    tables.items.make(chat_key=1, item_id=1, media_id=1, due_at=now, created_at=now)
    async with open_wires() as (wire,):
        assert isinstance(wire.weather, Calm)
        yield Place(server, SimulatedPool(server, wire, 2), wire.weather)


def skip(shown: Item) -> RecordTap:
    """Anna's Skip."""
    press = Press("tap-1", 1, shown.id, shown.version, shown.chat_id, 501, ANNA, "", 0.0, mark=shown.mark, shown=True)
    return RecordTap(Tap(press, Action.SKIP), "one")


async def test_time_on_the_rows_is_the_time_of_the_event_loop(place: Place) -> None:
    await anyio.sleep(100)

    await place.present()

    presented_at = place.item().presented_at
    assert presented_at is not None
    assert abs(presented_at - NOON - timedelta(seconds=100)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [("refused connection", Unreachable), ("refusal", Refused), ("lost request", AnswerLost)],
)
async def test_attempt_that_does_not_arrive_takes_no_effect_and_the_next_one_does(
    place: Place, trouble: str, raised: type[Exception]
) -> None:
    shown = await place.present()
    place.calm.harms[SENT] = Harm(trouble)

    with pytest.raises(raised):
        await place.run(skip(shown))

    assert place.item().state == "in_review"
    assert isinstance(await place.run(skip(shown)), Recorded)


async def test_an_answer_lost_after_the_effect_is_found_by_the_same_key(place: Place) -> None:
    shown = await place.present()
    place.calm.harms[SENT] = Harm("lost reply")

    with pytest.raises(AnswerLost):
        await place.run(skip(shown))

    again = await place.run(skip(shown))
    assert isinstance(again, Recorded)
    assert again.replayed


async def test_a_late_effect_finds_the_key_of_the_second_attempt(place: Place) -> None:
    """F15."""
    shown = await place.present()
    place.calm.harms[SENT] = Harm("late", 5.0)
    with pytest.raises(AnswerLost):
        await place.run(skip(shown))
    before = place.item().state
    await place.run(skip(shown))

    await anyio.sleep(6)

    assert (before, place.item().state) == ("in_review", "skipped")
    assert len(list(place.server.store.tables.item_events.all())) == 1


async def test_a_late_effect_comes_though_nobody_asks_again(place: Place) -> None:
    shown = await place.present()
    place.calm.harms[SENT] = Harm("late", 5.0)
    with pytest.raises(AnswerLost):
        await place.run(skip(shown))

    await anyio.sleep(6)

    assert place.item().state == "skipped"


async def test_a_silent_connection_is_given_up_after_the_pools_own_bound(place: Place) -> None:
    shown = await place.present()
    place.calm.harms[SENT] = Harm("silence")
    began = anyio.current_time()

    with pytest.raises(AnswerLost):
        await place.run(skip(shown))

    assert anyio.current_time() - began == pytest.approx(4.0, abs=0.1)


async def test_during_an_outage_nobody_connects_and_running_answers_are_lost(place: Place) -> None:
    shown = await place.present()
    place.calm.seconds = 1.0
    errors: list[type[Exception]] = []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(note_error, errors, lambda: place.run(skip(shown)))
        await anyio.sleep(0.2)
        place.server.go_away()
        tasks.start_soon(note_error, errors, lambda: place.run(skip(shown)))

    place.server.come_back()
    assert sorted(error.__name__ for error in errors) == ["AnswerLost", "Unreachable"]
    assert place.item().state == "in_review"
    assert isinstance(await place.run(skip(shown)), Recorded)


async def test_no_more_sessions_than_the_pool_has_are_open_at_once(place: Place) -> None:
    await place.present()
    place.calm.seconds = 0.5

    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(place.run, LoadItem(CHAT, 1))

    assert (place.pool.most, place.pool.open) == (2, 0)


async def test_who_waits_too_long_for_a_connection_is_turned_away(place: Place) -> None:
    await place.present()
    place.calm.seconds = 3.5
    errors: list[type[Exception]] = []

    async with place.pool.session(), anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(note_error, errors, lambda: place.run(LoadItem(CHAT, 1)))

    assert errors == [Unreachable, Unreachable]


async def test_a_locked_row_turns_its_own_taps_away_only(place: Place) -> None:
    shown = await place.present()
    place.server.locked.add((CHAT, 1))

    with pytest.raises(Unreachable):
        await place.run(skip(shown))
    assert await place.run(LoadItem(CHAT, 1)) is not None

    place.server.locked.clear()
    assert isinstance(await place.run(skip(shown)), Recorded)


async def test_what_a_constraint_refuses_leaves_nothing_behind(place: Place) -> None:
    tables = place.server.store.tables

    @tables.transaction()
    def write_twins() -> None:
        tables.leases.make(name="updates", owner="one", expires_at=NOON)
        tables.items.make(chat_key=1, item_id=2, media_id=1, due_at=NOON, created_at=NOON)

    with pytest.raises(Refused):
        write_twins()

    assert list(tables.leases.all()) == []
    assert tables.items.get(1, 2) is None


async def note_error(errors: list[type[Exception]], ask: Callable[[], Awaitable[object]]) -> None:
    try:
        await ask()
    except (AnswerLost, Unreachable) as error:
        errors.append(type(error))
