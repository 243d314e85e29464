"""The scheduler: it looks when a slot comes, when it is woken, and else twice an hour."""

import anyio
import pytest
from structlog.testing import capture_logs

from actors.database.request import Cause, NotStored, Reply
from actors.domain.item import State
from actors.domain.messages import CardNotSent, Changed, Message, Present
from actors.operations.housekeeping import Prune
from actors.operations.schedule import ClaimDue, Due, ItemChange
from actors.peers import ItemKey
from actors.runtime.waiting import POLL_WINDOW_SECONDS
from actors.schedule.scheduler import AFTER_OUTAGE_SECONDS, PRUNE_BITE, WORKER_ENDED, Scheduler
from tests.actors.fakes import After, FakeStore, Never
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.kit.probe import KeyedProbe
from tests.stories import CHAT, row

anyio_backend = virtual_time

Items = KeyedProbe[ItemKey, Message]
NOTHING = Due((), (), None)
AWAY = NotStored(Cause.EXPIRED, certain=False)
CLAIMED = row(State.PRESENTING)
EXPIRED = row(State.EXPIRED, 1)


@pytest.fixture
def store() -> FakeStore:
    store = FakeStore()
    store.always("ClaimDue", After(0.01, NOTHING))
    store.always("Prune", 0)
    return store


@pytest.fixture
def items() -> Items:
    return Items()


@pytest.fixture
def left_behind() -> list[float]:
    return []


@pytest.fixture
def scheduler(store: FakeStore, items: Items, left_behind: list[float]) -> Scheduler:
    return Scheduler(store, items, "w1", lambda: left_behind.append(anyio.current_time()))


async def test_due_item_is_told_to_be_presented_and_an_expired_one_to_be_drawn(
    scheduler: Scheduler, store: FakeStore, items: Items
) -> None:
    store.will("ClaimDue", Due((CLAIMED,), (EXPIRED,), None))

    async with living(scheduler.run):
        told = await items.told.take(2)

    assert told == (((CHAT, 7), Present(CLAIMED)), ((CHAT, 7), Changed(EXPIRED, "expired")))


async def test_card_that_was_lost_with_its_worker_is_told_to_its_item(
    scheduler: Scheduler, store: FakeStore, items: Items
) -> None:
    store.will("ClaimDue", Due((), (), None, (CLAIMED,)))

    async with living(scheduler.run):
        told = await items.told.take(1)

    assert told == (((CHAT, 7), CardNotSent(CLAIMED, WORKER_ENDED)),)


async def test_look_whose_first_answer_was_lost_has_left_something_behind(
    scheduler: Scheduler, store: FakeStore, left_behind: list[float]
) -> None:
    """Simulation, seed 20044: it had expired an item, and a second attempt has nothing to say of that."""
    store.will("ClaimDue", Reply(NOTHING, 2, 0.5))

    async with living(scheduler.run):
        await anyio.sleep(1.0)

    assert len(left_behind) == 1


async def test_look_that_was_answered_at_once_leaves_nothing_behind(
    scheduler: Scheduler, left_behind: list[float]
) -> None:
    async with living(scheduler.run):
        await anyio.sleep(1.0)

    assert left_behind == []


async def test_next_slot_is_slept_for_exactly(scheduler: Scheduler, store: FakeStore) -> None:
    store.will("ClaimDue", Due((), (), 123.0), Due((), (), 60.0))

    async with living(scheduler.run):
        await store.journal.until("ClaimDue", 3)

    assert store.when("ClaimDue") == pytest.approx([0, 123.01, 183.02])


async def test_idle_schedule_is_looked_at_twice_an_hour(scheduler: Scheduler, store: FakeStore) -> None:
    async with living(scheduler.run):
        await anyio.sleep(3600 * 5 + 1)

    assert store.when("ClaimDue") == pytest.approx([POLL_WINDOW_SECONDS * number for number in range(11)])


async def test_far_slot_does_not_make_the_sleep_longer(scheduler: Scheduler, store: FakeStore) -> None:
    store.will("ClaimDue", Due((), (), 86_400.0))

    async with living(scheduler.run):
        await store.journal.until("ClaimDue", 2)
        assert anyio.current_time() == pytest.approx(POLL_WINDOW_SECONDS)


async def test_wake_looks_at_once(scheduler: Scheduler, store: FakeStore) -> None:
    async with living(scheduler.run):
        await anyio.sleep(100.0)
        scheduler.wake()
        await store.journal.until("ClaimDue", 2)
        assert anyio.current_time() == pytest.approx(100.0)


async def test_wake_during_a_look_leads_to_another_one(scheduler: Scheduler, store: FakeStore) -> None:
    store.will("ClaimDue", After(5.0, NOTHING))

    async with living(scheduler.run):
        await anyio.sleep(1.0)
        scheduler.wake()
        scheduler.wake()
        await anyio.sleep(100.0)

    assert store.when("ClaimDue") == pytest.approx([0, 5.0])


async def test_look_after_a_wake_does_not_shift_the_bursts(scheduler: Scheduler, store: FakeStore) -> None:
    async with living(scheduler.run):
        await anyio.sleep(700.0)
        scheduler.wake()
        await anyio.sleep(3600.0)

    assert store.when("ClaimDue") == pytest.approx([0, 700, 1800, 3600])


async def test_each_look_has_a_key_of_its_own(scheduler: Scheduler, store: FakeStore) -> None:
    async with living(scheduler.run):
        await store.journal.until("ClaimDue", 2)

    assert store.of(ClaimDue) == [ClaimDue("w1", "w1/1"), ClaimDue("w1", "w1/2")]


async def test_database_that_is_away_is_asked_again_soon(scheduler: Scheduler, store: FakeStore) -> None:
    store.will("ClaimDue", AWAY, AWAY)

    async with living(scheduler.run):
        await anyio.sleep(60.0)

    assert store.when("ClaimDue") == pytest.approx([0, AFTER_OUTAGE_SECONDS, 2 * AFTER_OUTAGE_SECONDS])


async def test_retentions_are_enforced_four_times_a_day(scheduler: Scheduler, store: FakeStore) -> None:
    async with living(scheduler.run):
        await anyio.sleep(86_400.0 - 1)

    assert store.when("Prune") == pytest.approx([0, 21_600, 43_200, 64_800], abs=POLL_WINDOW_SECONDS + 1)


async def test_retentions_are_enforced_bite_by_bite_and_slots_are_looked_at_between(
    scheduler: Scheduler, store: FakeStore
) -> None:
    """One bite in six hours would be 20,000 rows a day, however many there are."""
    store.will("Prune", PRUNE_BITE, 2 * PRUNE_BITE, PRUNE_BITE - 1)

    async with living(scheduler.run):
        await anyio.sleep(POLL_WINDOW_SECONDS - 1)

    assert store.when("Prune") == pytest.approx([0, 1.0, 2.0], abs=0.1)
    assert len(store.of(ClaimDue)) == 3


async def test_claimed_item_is_presented_though_pruning_failed(
    scheduler: Scheduler, store: FakeStore, items: Items
) -> None:
    store.will("ClaimDue", Due((CLAIMED,), (), None))
    store.will("Prune", AWAY)

    async with living(scheduler.run):
        await anyio.sleep(10.0)

    assert items.told.unread == (((CHAT, 7), Present(CLAIMED)),)
    assert len(store.of(Prune)) == 2


async def test_story_that_is_due_at_once_is_said_to_be_queued_first(
    scheduler: Scheduler, store: FakeStore, items: Items
) -> None:
    store.always("ChangesTold", 1)
    born = ItemChange(1, 3, CHAT, CLAIMED.id, "queued", "command line", State.WAITING, 0)
    store.will("ClaimDue", Due((CLAIMED,), (), None, changes=(born,)))

    with capture_logs() as logs:
        async with living(scheduler.run):
            await items.told.take(1)

    assert [line["change"] for line in logs if line["event"] == "item"] == ["queued", "presented"]


async def test_items_that_have_stopped_are_left_to_the_next_worker(
    scheduler: Scheduler, store: FakeStore, items: Items
) -> None:
    items.told.seal()
    store.will("ClaimDue", Due((CLAIMED,), (), None))

    with capture_logs() as logs:
        async with living(scheduler.run):
            await anyio.sleep(1.0)

    assert [line["event"] for line in logs] == ["item", "schedule.stopped"]


async def test_stop_ends_the_sleep(scheduler: Scheduler) -> None:
    async with living(scheduler.run):
        await anyio.sleep(1.0)

    assert anyio.current_time() == pytest.approx(1.0)


async def test_stop_does_not_wait_for_a_database_that_is_away(scheduler: Scheduler, store: FakeStore) -> None:
    store.will("ClaimDue", Never())

    async with living(scheduler.run):
        await anyio.sleep(1.0)

    assert anyio.current_time() == pytest.approx(1.0)
