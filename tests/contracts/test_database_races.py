"""Two workers at once, on the real database alone: exactly one of them wins, whatever the order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio
import asyncpg
import pytest

from actors.domain.item import Action, State
from actors.domain.messages import NotRecorded, Recorded, Stale, TapOutcome
from actors.errors import Unreachable
from actors.operations.cards import Recover, SaveCard
from actors.operations.commands import MoveChat, Relocation
from actors.operations.housekeeping import HoldLease, LeaseState
from actors.operations.schedule import ClaimDue
from tests.contracts.team import ANNA, BEN, CHAT, Team
from tests.contracts.worlds import open_postgres

ROUNDS = 6
MOVED = -100_777


@pytest.fixture
async def team(contract_url: str) -> AsyncIterator[Team]:
    async with open_postgres(contract_url) as world:
        yield await Team.gather(world)


@pytest.fixture(params=range(ROUNDS))
def again(request: pytest.FixtureRequest) -> int:
    """A race is run several times: each run is another order."""
    number: int = request.param
    return number


async def together(*asks: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Ask all of these at once, each on a connection of its own."""
    answers: list[Any] = [None] * len(asks)

    async def ask(number: int) -> None:
        answers[number] = await asks[number]()

    async with anyio.create_task_group() as tasks:
        for number in range(len(asks)):
            tasks.start_soon(ask, number)
    return answers


async def warm(team: Team) -> None:
    """Connect all connections, so that what is asked together runs together."""
    await together(*[team.recover] * 4)


@pytest.mark.usefixtures("again")
async def test_of_two_taps_at_once_one_is_recorded_and_one_is_stale(team: Team) -> None:
    await warm(team)
    shown = await team.present()
    taps = [team.tap(shown, Action.SKIP, ANNA), team.tap(shown, Action.POSTED, BEN)]

    outcomes = await together(*(lambda tap=tap: team.record(tap) for tap in taps))

    assert {type(outcome) for outcome in outcomes} == {Recorded, Stale}
    row = await team.load(shown)
    assert (row.version, row.revision, len(row.late)) == (1, 2, 1)
    assert len(await team.lines("item_events")) == 1
    assert len(await team.lines("locks")) == 1


@pytest.mark.usefixtures("again")
async def test_two_attempts_of_one_tap_at_once_take_effect_once(team: Team) -> None:
    await warm(team)
    tap = team.tap(await team.present(), Action.POSTED)

    outcomes = await together(*[lambda: team.record(tap)] * 4)

    assert [type(outcome) for outcome in outcomes] == [Recorded] * 4
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert (await team.line("members"))["posted"] == 1


async def test_closing_and_recording_at_once_give_one_answer_for_ever(team: Team, again: int) -> None:
    await warm(team)
    tap = team.tap(await team.present())
    asks: list[Callable[[], Awaitable[TapOutcome]]] = [lambda: team.record(tap), lambda: team.close(tap)]
    asks = asks[:: 1 if again % 2 else -1]

    outcomes = await together(*asks, *asks)

    later = [await team.record(tap), await team.close(tap)]
    kinds = {type(outcome) for outcome in (*outcomes, *later)}
    assert len(kinds) == 1
    took_effect = kinds == {Recorded}
    assert took_effect or kinds == {NotRecorded}
    assert len(await team.lines("item_events")) == took_effect


@pytest.mark.usefixtures("again")
async def test_two_claims_at_once_never_take_the_same_item(team: Team) -> None:
    """F29: without a gap each worker may get one, but never both the same."""
    await warm(team)
    await team.queue()
    await team.queue()

    found = await together(*(lambda name=name: team.ask(ClaimDue(name)) for name in ("one", "two", "three")))

    claimed = [row.id for due in found for row in due.present]
    assert claimed
    assert len(claimed) == len(set(claimed))


async def test_two_claims_at_once_keep_the_gap(team: Team) -> None:
    await team.set_chat(gap_seconds=300)
    await warm(team)
    await team.queue()
    await team.queue()

    found = await together(*(lambda name=name: team.ask(ClaimDue(name)) for name in ("one", "two", "three")))

    assert len([row for due in found for row in due.present]) == 1


async def test_a_tap_and_the_end_of_the_sending_at_once_both_count(team: Team) -> None:
    await warm(team)
    await team.queue()
    (row,) = (await team.claim()).present
    tap = team.tap(row)
    tap = replace(tap, press=replace(tap.press, message_id=501))

    await together(lambda: team.record(tap), lambda: team.ask(SaveCard(row, 501, "file", "one")))

    after = await team.load(row)
    card = await team.card(after.cards[0])
    assert (after.state, after.version) == (State.SKIPPED, 1)
    assert (card["want"], card["claimed_by"]) == (1, "one")


async def test_a_skip_and_an_outcome_at_once_have_one_winner(team: Team) -> None:
    """F10."""
    await warm(team)
    publishing = await team.settle(await team.present(), Action.AUTO_POST, ANNA)
    skip = team.tap(publishing, Action.SKIP, BEN)

    skipped, finished = await together(
        lambda: team.record(skip), lambda: team.finish(publishing, Action.PUBLISHED, "It is live.")
    )

    row = await team.load(publishing)
    assert row.version == 2
    assert isinstance(skipped, Recorded) == (row.state is State.SKIPPED)
    assert finished.state in {State.SKIPPED, State.POSTED}
    assert len(await team.lines("locks")) == 1


async def test_two_workers_recover_each_card_once(team: Team) -> None:
    await warm(team)
    rows = [await team.settle(await team.present(), Action.SKIP) for _ in range(5)]
    await team.world.pass_time(11)

    found = await together(*(lambda name=name: team.ask(Recover(name, False)) for name in ("two", "three")))

    assert sorted(row.id for one in found for row in one.behind) == sorted(row.id for row in rows)


async def test_of_two_workers_one_holds_the_lease(team: Team) -> None:
    await warm(team)

    views = await together(
        *(lambda name=name: team.ask(HoldLease("updates", name, 86_400.0, 10.0)) for name in ("one", "two", "three"))
    )

    assert [view.standing for view in views].count(LeaseState.HELD) == 1


async def test_a_tap_on_a_locked_row_is_turned_away_and_others_pass(team: Team, contract_url: str) -> None:
    """A lock that somebody holds costs its own item's taps 300 ms, and nobody else's anything."""
    locked, free = await team.present(), await team.present()
    stranger = await asyncpg.connect(contract_url)
    await stranger.execute("begin")
    await stranger.execute("select from items where item_id = $1 for update", locked.id)

    with pytest.raises(Unreachable):
        await team.record(team.tap(locked))

    assert isinstance(await team.record(team.tap(free)), Recorded)
    assert (await team.claim()).present == ()
    await stranger.close()


@pytest.mark.usefixtures("again")
async def test_a_tap_and_the_move_of_its_group_at_once_leave_a_tap_and_no_card_of_the_old_group(team: Team) -> None:
    await warm(team)
    rows = [await team.present() for _ in range(3)]

    move, *outcomes = await together(
        lambda: team.ask(MoveChat(CHAT, MOVED)), *(lambda row=row: team.record(team.tap(row)) for row in rows)
    )

    assert move is Relocation.MOVED
    assert [type(outcome) for outcome in outcomes] == [Recorded] * 3
    assert await team.lines("cards") == []
    assert [row.state for _ in rows for row in (await team.claim()).present] == [State.SKIPPED] * 3


@pytest.mark.usefixtures("again")
async def test_a_card_that_is_saved_while_its_group_moves_comes_again_in_any_order(team: Team) -> None:
    await warm(team)
    await team.queue()
    (row,) = (await team.claim()).present

    await together(lambda: team.sent(row), lambda: team.ask(MoveChat(CHAT, MOVED)))

    assert await team.lines("cards") == []
    await team.world.pass_time(61)
    (again,) = (await team.claim()).present
    assert again.chat_id == MOVED
    assert (await team.sent(again)).state is State.IN_REVIEW


@pytest.mark.usefixtures("again")
async def test_a_move_that_is_told_by_two_workers_at_once_is_made_once(team: Team) -> None:
    await warm(team)
    await team.present()

    moves = await together(*[lambda: team.ask(MoveChat(CHAT, MOVED))] * 4)

    assert sorted(move.value for move in moves) == ["moved", *["moved_before"] * 3]
