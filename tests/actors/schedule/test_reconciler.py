"""The reconciler: everything at start and on take-over, and else what somebody rang for, or the idle burst."""

import anyio
import pytest
from structlog.testing import capture_logs

from actors.bounds import LATE_EDIT_SECONDS
from actors.database.request import Cause, NotStored
from actors.domain.item import State
from actors.domain.messages import RECOVERED, Changed, Message, Resume
from actors.operations.cards import Recover, Recoverable
from actors.peers import ItemKey
from actors.runtime.waiting import POLL_WINDOW_SECONDS
from actors.schedule.reconciler import AFTER_OUTAGE_SECONDS, SHORTEST_SECONDS, Reconciler
from tests.actors.fakes import After, FakeStore, Never
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.kit.probe import KeyedProbe
from tests.stories import row

anyio_backend = virtual_time

Items = KeyedProbe[ItemKey, Message]
NOTHING = Recoverable((), (), (), None)
AWAY = NotStored(Cause.EXPIRED, certain=False)
BEHIND, AGAIN, OPEN = row(State.SKIPPED, 1), row(State.IN_REVIEW), row(State.PUBLISHING, 1)


@pytest.fixture
def store() -> FakeStore:
    store = FakeStore()
    store.always("Recover", After(0.01, NOTHING))
    return store


@pytest.fixture
def items() -> Items:
    return Items()


@pytest.fixture
def reconciler(store: FakeStore, items: Items) -> Reconciler:
    return Reconciler(store, items, "w1")


def everything(store: FakeStore) -> list[bool]:
    """Of each look, whether it was at everything."""
    return [operation.everything for operation in store.of(Recover)]


async def test_what_was_left_behind_is_told_to_its_items(
    reconciler: Reconciler, store: FakeStore, items: Items
) -> None:
    store.will("Recover", Recoverable((BEHIND,), (AGAIN,), (OPEN,), None))

    with capture_logs() as logs:
        async with living(reconciler.run):
            told = await items.told.take(3)

    assert [message for _, message in told] == [Changed(BEHIND, RECOVERED), Changed(AGAIN, "drawn again"), Resume(OPEN)]
    assert [(line["behind"], line["unpublished"]) for line in logs] == [(1, 1)]


async def test_first_two_looks_are_at_everything_and_the_burst_is_not(reconciler: Reconciler, store: FakeStore) -> None:
    """Simulation, seed 980: what a worker had sent before it died was shown after its successor had drawn the card."""
    async with living(reconciler.run):
        await anyio.sleep(3600 * 2 + 1)

    assert everything(store) == [True, True, False, False, False, False]
    bursts = [POLL_WINDOW_SECONDS * number for number in range(1, 5)]
    assert store.when("Recover") == pytest.approx([0.0, LATE_EDIT_SECONDS, *bursts])


async def test_take_over_puts_the_second_look_off(reconciler: Reconciler, store: FakeStore) -> None:
    async with living(reconciler.run):
        await anyio.sleep(30.0)
        reconciler.look_at_everything()
        await anyio.sleep(1000.0)

    assert everything(store) == [True, True, True]
    assert store.when("Recover") == pytest.approx([0.0, 30.0, 30.0 + LATE_EDIT_SECONDS])


async def test_everything_is_looked_at_once_the_database_is_there(reconciler: Reconciler, store: FakeStore) -> None:
    store.will("Recover", AWAY, AWAY)

    async with living(reconciler.run):
        await anyio.sleep(30.0)

    assert everything(store) == [True, True, True]
    assert store.when("Recover") == pytest.approx([0, AFTER_OUTAGE_SECONDS, 2 * AFTER_OUTAGE_SECONDS])


async def test_wake_looks_at_once_at_what_is_behind(reconciler: Reconciler, store: FakeStore) -> None:
    async with living(reconciler.run):
        await anyio.sleep(100.0)
        reconciler.wake()
        await store.journal.until("Recover", 3)
        assert anyio.current_time() == pytest.approx(100.0)

    assert everything(store) == [True, True, False]


async def test_take_over_looks_at_everything(reconciler: Reconciler, store: FakeStore) -> None:
    async with living(reconciler.run):
        await anyio.sleep(100.0)
        reconciler.look_at_everything()
        await anyio.sleep(1.0)

    assert everything(store) == [True, True, True]


async def test_take_over_during_a_look_at_everything_is_not_forgotten(reconciler: Reconciler, store: FakeStore) -> None:
    store.will("Recover", After(5.0, NOTHING))

    async with living(reconciler.run):
        await anyio.sleep(1.0)
        reconciler.look_at_everything()
        await anyio.sleep(10.0)

    assert everything(store) == [True, True]


async def test_take_over_during_a_look_that_fails_is_one_look_at_everything(
    reconciler: Reconciler, store: FakeStore
) -> None:
    store.will("Recover", NOTHING, After(5.0, AWAY))

    async with living(reconciler.run):
        await anyio.sleep(1.0)
        reconciler.wake()
        await anyio.sleep(1.0)
        reconciler.look_at_everything()
        await anyio.sleep(30.0)

    assert everything(store) == [True, False, True]


async def test_claim_that_runs_out_is_waited_for(reconciler: Reconciler, store: FakeStore) -> None:
    store.will("Recover", Recoverable((), (), (), 8.0))

    async with living(reconciler.run):
        await anyio.sleep(30.0)

    assert store.when("Recover") == pytest.approx([0, 8.1])


async def test_claims_that_run_out_at_once_do_not_make_it_spin(reconciler: Reconciler, store: FakeStore) -> None:
    store.will("Recover", Recoverable((), (), (), 0.0))

    async with living(reconciler.run):
        await anyio.sleep(30.0)

    assert store.when("Recover") == pytest.approx([0, SHORTEST_SECONDS])


async def test_items_that_have_stopped_are_left_to_the_next_worker(
    reconciler: Reconciler, store: FakeStore, items: Items
) -> None:
    items.told.seal()
    store.will("Recover", Recoverable((), (AGAIN,), (), None))

    with capture_logs() as logs:
        async with living(reconciler.run):
            await anyio.sleep(1.0)

    assert [line["event"] for line in logs] == ["recover.stopped"]


async def test_stop_does_not_wait_for_a_database_that_is_away(reconciler: Reconciler, store: FakeStore) -> None:
    store.will("Recover", Never())

    async with living(reconciler.run):
        await anyio.sleep(1.0)

    assert anyio.current_time() == pytest.approx(1.0)
