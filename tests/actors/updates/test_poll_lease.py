"""The lease of the poller: alone it costs nothing, in company it is renewed, and a standby takes over in 15 s."""

from collections.abc import Iterator

import anyio
import pytest
from structlog.testing import capture_logs

from actors.bounds import CONTESTED_SECONDS, POLL_RENEW_SECONDS, STANDBY_SECONDS
from actors.database.request import Cause, NotStored
from actors.operations.housekeeping import HoldLease, ReleaseLease
from actors.updates.poll_lease import ALONE_SECONDS
from tests.actors.fakes import After, Never
from tests.actors.updates.fakes_poll_lease import Table, Worker
from tests.backends import freeze
from tests.kit.clock import virtual_time
from tests.kit.lives import living

anyio_backend = virtual_time

AWAY = NotStored(Cause.EXPIRED, certain=False)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def one() -> Worker:
    return Worker("one", Table())


@pytest.fixture
def two(one: Worker) -> Worker:
    return Worker("two", one.table, rival=one)


async def test_lone_worker_holds_the_lease_at_once(one: Worker) -> None:
    async with living(one.lease.run):
        await one.lease.wait_held()
        assert anyio.current_time() == pytest.approx(0.01)
        assert one.lease.held_since == pytest.approx(0.01)


async def test_start_of_a_lone_worker_is_no_take_over(one: Worker) -> None:
    async with living(one.lease.run):
        await one.lease.wait_held()

    assert one.took_over == []


async def test_lone_holder_renews_once_in_half_a_day(one: Worker) -> None:
    async with living(one.lease.run):
        await anyio.sleep(ALONE_SECONDS - 1)

    assert one.store.when("HoldLease") == pytest.approx([0, ALONE_SECONDS / 2], abs=0.1)
    assert one.store.of(HoldLease)[0].seconds == ALONE_SECONDS


async def test_conflict_silences_the_holder_until_the_lease_is_read(one: Worker) -> None:
    async with living(one.lease.run):
        await anyio.sleep(1.0)
        one.store.will("HoldLease", After(4.0, one.table.hold))
        one.lease.look()
        assert not one.lease.is_held
        assert one.lease.held_since is None
        await one.lease.wait_held()
        assert anyio.current_time() == pytest.approx(5.0)

    assert one.took_over == pytest.approx([5.0])


async def test_suspicious_holder_reads_and_polls_on(one: Worker) -> None:
    async with living(one.lease.run):
        await anyio.sleep(1.0)
        one.lease.suspect()
        await anyio.sleep(1.0)
        assert one.lease.is_held

    assert one.store.when("HoldLease") == pytest.approx([0, 1.0], abs=0.1)
    assert one.took_over == []


async def test_suspicious_holder_that_lost_its_lease_stands_back(one: Worker) -> None:
    async with living(one.lease.run):
        await anyio.sleep(1.0)
        one.table.owner = "two"
        one.lease.suspect()
        await anyio.sleep(1.0)
        assert not one.lease.is_held


async def test_conflict_during_a_read_makes_it_read_again(one: Worker) -> None:
    one.store.will("HoldLease", After(4.0, one.table.hold))

    async with living(one.lease.run):
        await anyio.sleep(1.0)
        one.lease.look()
        await one.lease.wait_held()
        assert anyio.current_time() == pytest.approx(4.01)


async def test_conflict_while_the_lease_is_not_held_changes_nothing(one: Worker, two: Worker) -> None:
    async with living(one.lease.run), living(two.lease.run):
        await anyio.sleep(1.0)
        standby = two if one.lease.is_held else one
        standby.lease.look()
        await anyio.sleep(1.0)
        assert not standby.lease.is_held


async def test_standby_nudges_the_holder_who_then_renews_every_5_s(one: Worker, two: Worker) -> None:
    async with living(one.lease.run):
        await one.lease.wait_held()
        async with living(two.lease.run):
            await anyio.sleep(60.0)
            assert (one.lease.is_held, two.lease.is_held) == (True, False)
        assert len(two.nudges) == 1

    renewals = [at for at in one.store.when("HoldLease") if 20 < at < 55]
    assert len(renewals) == 7
    assert POLL_RENEW_SECONDS == 5.0
    assert one.store.of(HoldLease)[-1].seconds == CONTESTED_SECONDS


async def test_standby_reads_every_3_s(one: Worker, two: Worker) -> None:
    async with living(one.lease.run):
        await one.lease.wait_held()
        async with living(two.lease.run):
            await anyio.sleep(30.0)

    gaps = [later - at for at, later in zip(two.store.when("HoldLease"), two.store.when("HoldLease")[1:], strict=False)]
    assert gaps == pytest.approx([STANDBY_SECONDS] * len(gaps), abs=0.02)


async def test_holder_whose_standby_has_gone_is_alone_again(one: Worker, two: Worker) -> None:
    async with living(one.lease.run):
        await one.lease.wait_held()
        async with living(two.lease.run):
            await anyio.sleep(30.0)
        await anyio.sleep(60.0)
        reads = len(one.store.of(HoldLease))
        await anyio.sleep(3600.0)
        assert len(one.store.of(HoldLease)) == reads

    assert one.store.of(HoldLease)[-1].seconds == ALONE_SECONDS


@pytest.mark.parametrize("company_seconds", [0.5, 30.0])
async def test_standby_takes_over_within_15_s_of_a_death(one: Worker, two: Worker, company_seconds: float) -> None:
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as death:
            async with living(one.lease.run):
                await one.lease.wait_held()
                tasks.start_soon(_stand_by, two)
                await anyio.sleep(company_seconds)
                death.cancel()
                await anyio.sleep(1.0)
        two.rival = None
        died_at = anyio.current_time()
        await two.lease.wait_held()
        assert anyio.current_time() - died_at <= 15.0
        tasks.cancel_scope.cancel()

    assert len(two.took_over) == 1


async def _stand_by(worker: Worker) -> None:
    async with living(worker.lease.run):
        await anyio.sleep_forever()


async def test_standby_takes_over_though_its_nudges_hang(one: Worker, two: Worker) -> None:
    two.nudge_seconds = 3600.0
    one.table.hold(HoldLease("updates", "one", ALONE_SECONDS, CONTESTED_SECONDS))

    async with living(two.lease.run):
        await two.lease.wait_held()
        assert anyio.current_time() <= 15.0


async def test_holder_that_missed_the_first_nudge_is_nudged_again(one: Worker, two: Worker) -> None:
    two.rival = None

    async with living(one.lease.run):
        await one.lease.wait_held()
        async with living(two.lease.run):
            await anyio.sleep(5.0)
            two.rival = one
            await anyio.sleep(60.0)
            assert (one.lease.is_held, two.lease.is_held) == (True, False)

    assert len(two.nudges) == 2


async def test_holder_that_took_over_renews_before_the_row_names_another_standby(one: Worker) -> None:
    one.table.hold(HoldLease("updates", "two", 4.0, CONTESTED_SECONDS))

    async with living(one.lease.run):
        await one.lease.wait_held()
        took_over_at = anyio.current_time()
        await anyio.sleep(20.0)

    renewals = [at - took_over_at for at in one.store.when("HoldLease") if at > took_over_at]
    assert renewals == pytest.approx([POLL_RENEW_SECONDS, 2 * POLL_RENEW_SECONDS, 3 * POLL_RENEW_SECONDS], abs=0.1)
    assert {asked.seconds for asked in one.store.of(HoldLease)[1:]} == {CONTESTED_SECONDS}


async def test_holder_that_took_over_and_stays_alone_soon_renews_no_more(one: Worker) -> None:
    one.table.hold(HoldLease("updates", "two", 4.0, CONTESTED_SECONDS))

    async with living(one.lease.run):
        await anyio.sleep(60.0)
        reads = len(one.store.of(HoldLease))
        await anyio.sleep(3600.0)
        assert len(one.store.of(HoldLease)) == reads


async def test_holder_that_misses_one_nudge_after_the_other_keeps_its_lease(one: Worker, two: Worker) -> None:
    two.missed_nudges = 3

    async with living(one.lease.run):
        await one.lease.wait_held()
        async with living(two.lease.run):
            await anyio.sleep(60.0)
            assert (one.lease.is_held, two.lease.is_held) == (True, False)


async def test_holder_that_was_frozen_and_lost_its_lease_does_not_poll(one: Worker) -> None:
    async with living(one.lease.run):
        await anyio.sleep(7.0)
        freeze(CONTESTED_SECONDS)
        one.table.owner = "two"
        await anyio.sleep(1.0)

        assert not one.lease.is_held


async def test_holder_that_was_frozen_while_its_database_is_away_polls_on(one: Worker) -> None:
    """Simulation, seed 30014: nobody else could take over, and people tapped."""
    async with living(one.lease.run):
        await anyio.sleep(7.0)
        one.store.always("HoldLease", AWAY)
        freeze(CONTESTED_SECONDS)
        await anyio.sleep(1.0)

        assert one.lease.is_held
        assert len(one.store.of(HoldLease)) == 2


async def test_stop_gives_the_lease_to_the_standby_at_its_next_look(one: Worker, two: Worker) -> None:
    async with living(one.lease.run):
        await one.lease.wait_held()
        two.lease.look()

    assert one.table.owner is None
    async with living(two.lease.run):
        await two.lease.wait_held()

    assert len(two.took_over) == 1


async def test_holder_without_its_database_polls_on(one: Worker) -> None:
    async with living(one.lease.run):
        await one.lease.wait_held()
        one.table.standby_at = ALONE_SECONDS / 2
        one.store.will("HoldLease", AWAY, AWAY, AWAY)
        await anyio.sleep(ALONE_SECONDS / 2 + 5)
        assert one.lease.is_held


async def test_holder_without_its_database_is_silent_after_a_conflict(one: Worker) -> None:
    async with living(one.lease.run):
        await one.lease.wait_held()
        one.store.will("HoldLease", AWAY, AWAY, AWAY)
        one.lease.look()
        await anyio.sleep(2 * STANDBY_SECONDS)
        assert not one.lease.is_held
        await one.lease.wait_held()
        assert anyio.current_time() == pytest.approx(3 * STANDBY_SECONDS, abs=0.1)


async def test_worker_that_never_read_the_lease_does_not_poll(one: Worker) -> None:
    one.store.always("HoldLease", AWAY)

    async with living(one.lease.run):
        await anyio.sleep(60.0)
        assert not one.lease.is_held

    assert one.store.of(ReleaseLease) == []


async def test_lease_that_cannot_be_given_back_runs_out(one: Worker) -> None:
    one.store.always("ReleaseLease", Never())

    async with living(one.lease.run):
        await one.lease.wait_held()

    assert anyio.current_time() == pytest.approx(3.01)
    assert one.table.owner == "one"


async def test_stop_waits_a_second_at_most_for_a_database_that_is_away(one: Worker) -> None:
    one.store.always("HoldLease", Never())

    async with living(one.lease.run):
        await anyio.sleep(1.0)

    assert anyio.current_time() == pytest.approx(2.0)


async def test_stop_releases_after_the_renewal_that_was_under_way(one: Worker) -> None:
    one.store.always("HoldLease", After(0.5, one.table.hold))

    async with living(one.lease.run):
        await anyio.sleep(0.2)

    assert anyio.current_time() == pytest.approx(0.51)
    assert one.table.owner is None
