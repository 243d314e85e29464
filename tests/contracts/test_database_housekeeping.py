"""Leases keep workers apart, batches are written once, and nothing is kept for ever."""

import pytest

from actors.domain.item import Action
from actors.operations.housekeeping import (
    HoldLease,
    Interaction,
    LeaseState,
    LeaseView,
    Prune,
    ReleaseLease,
    WriteInteractions,
)
from tests.contracts.team import CHAT, Team

DAY = 86_400.0


async def hold(team: Team, worker: str, seconds: float = DAY) -> LeaseView:
    """Take, renew or wait for the lease."""
    return await team.ask(HoldLease("updates", worker, seconds, 10.0))


async def test_a_lone_worker_holds_its_lease_for_a_day(team: Team) -> None:
    view = await hold(team, "one")

    assert (view.standing, view.contested) == (LeaseState.HELD, False)
    assert view.seconds_left == pytest.approx(DAY, abs=5)


async def test_renewing_keeps_the_fencing_token(team: Team) -> None:
    await hold(team, "one")
    await team.world.pass_time(600)

    view = await hold(team, "one")

    assert view.seconds_left == pytest.approx(DAY, abs=5)
    assert (await team.line("leases"))["token"] == 1


async def test_a_standby_cuts_what_is_left_and_waits(team: Team) -> None:
    await hold(team, "one")

    view = await hold(team, "two")

    assert view.standing is LeaseState.STANDBY
    assert view.seconds_left == pytest.approx(10, abs=3)


async def test_a_standby_never_makes_a_lease_longer(team: Team) -> None:
    await hold(team, "one", 4.0)

    view = await hold(team, "two")

    assert view.seconds_left == pytest.approx(4, abs=2)


async def test_the_holder_learns_of_its_standby_while_that_is_alive(team: Team) -> None:
    await hold(team, "one")
    await hold(team, "two")

    contested = (await hold(team, "one", 10.0)).contested
    await team.world.pass_time(31)
    alone = (await hold(team, "one", 10.0)).contested

    assert contested
    assert not alone


async def test_holder_with_a_standby_renews_for_as_long_as_the_standby_allows(team: Team) -> None:
    """It may not have looked yet, renew for a day, and die: the standby would wait for another cut."""
    await hold(team, "one")
    await hold(team, "two")

    view = await hold(team, "one")

    assert (view.standing, view.contested) == (LeaseState.HELD, True)
    assert view.seconds_left <= 10.0


async def test_the_standby_takes_over_when_the_lease_has_run_out(team: Team) -> None:
    await hold(team, "dead")
    await hold(team, "alive")
    await team.world.pass_time(11)

    view = await hold(team, "alive")

    lease = await team.line("leases")
    assert (view.standing, view.contested) == (LeaseState.HELD, False)
    assert (lease["owner"], lease["token"], lease["standby"]) == ("alive", 2, None)


async def test_a_holder_that_comes_back_after_the_take_over_is_the_standby(team: Team) -> None:
    await hold(team, "slow", 10.0)
    await team.world.pass_time(11)
    await hold(team, "quick")

    assert (await hold(team, "slow")).standing is LeaseState.STANDBY


async def test_a_lease_that_is_given_back_can_be_taken_at_once(team: Team) -> None:
    await hold(team, "one")

    released = await team.ask(ReleaseLease("updates", "one"))

    assert released
    assert (await hold(team, "two")).standing is LeaseState.HELD


async def test_only_the_holder_gives_a_lease_back(team: Team) -> None:
    nobody = await team.ask(ReleaseLease("updates", "two"))
    await hold(team, "one")

    stranger = await team.ask(ReleaseLease("updates", "two"))

    assert (nobody, stranger) == (False, False)
    assert (await hold(team, "two")).standing is LeaseState.STANDBY


async def test_leases_of_other_names_are_apart(team: Team) -> None:
    await hold(team, "one")

    view = await team.ask(HoldLease("other", "two", DAY, 10.0))

    assert view.standing is LeaseState.HELD


def line(chat_id: int = CHAT, at_ms: int = 1_700_000_000_123) -> Interaction:
    """A line of the interaction logger."""
    return Interaction(chat_id, "skip", 11, "Anna", 7, "tap-1", at_ms)


async def test_a_batch_is_written_once(team: Team) -> None:
    batch = WriteInteractions("one/1", (line(), line()))
    first = await team.ask(batch)

    second = await team.ask(batch)

    assert (first, second) == (2, 0)
    assert len(await team.lines("interactions")) == 2


async def test_a_line_is_kept_as_it_was_told(team: Team) -> None:
    await team.ask(WriteInteractions("one/1", (line(),)))

    kept = await team.line("interactions")

    told = [kept[name] for name in ("chat_key", "kind", "user_id", "user_name", "item_id", "tap_id")]
    assert told == [team.keys[CHAT], "skip", 11, "Anna", 7, "tap-1"]
    assert kept["at"].timestamp() == pytest.approx(1_700_000_000.123, abs=0.001)


async def test_lines_of_unknown_chats_are_dropped(team: Team) -> None:
    written = await team.ask(WriteInteractions("one/1", (line(), line(chat_id=-9999))))

    assert written == 1


async def test_an_empty_batch_is_written_too(team: Team) -> None:
    assert await team.ask(WriteInteractions("one/1", ())) == 0


async def test_what_is_a_month_old_is_deleted_and_what_was_decided_stays(team: Team) -> None:
    """F40."""
    await team.settle(await team.present(), Action.SKIP)
    await team.ask(WriteInteractions("one/1", (line(at_ms=1),)))
    await team.world.pass_time(31 * DAY)

    gone = await team.ask(Prune())

    assert gone == 3
    assert [await team.lines(table) for table in ("interactions", "taps", "interaction_batches")] == [[], [], []]
    assert len(await team.lines("item_events")) == 1


async def test_what_is_young_stays(team: Team) -> None:
    await team.settle(await team.present(), Action.SKIP)
    now_ms = int((await team.world.now()).timestamp() * 1000)
    await team.ask(WriteInteractions("one/1", (line(at_ms=now_ms),)))
    await team.world.pass_time(0.9 * DAY)

    assert await team.ask(Prune()) == 0
