"""What the operator does to the queue meets taps, cards and locks as any other decision."""

from dataclasses import replace

import anyio
import pytest

from actors.domain.item import Action, State
from actors.domain.messages import Recorded, Stale
from actors.errors import Unreachable
from tests.contracts.team import BEN, Team


async def test_an_item_that_waits_can_be_taken_out(team: Team) -> None:
    item_id = await team.queue()

    refusal = await team.world.remove(item_id)

    assert refusal is None
    assert (await team.line("items"))["state"] == "withdrawn"
    assert (await team.claim()).present == ()


async def test_an_item_in_review_that_is_taken_out_has_its_card_drawn_by_whoever_looks(team: Team) -> None:
    shown = await team.present()

    await team.world.remove(shown.id)

    (row,) = (await team.recover("two")).behind
    assert (row.state, row.version) == (State.WITHDRAWN, 1)
    assert (await team.card(row.cards[0]))["claimed_by"] == "two"


async def test_a_tap_on_an_item_that_was_taken_out_is_late(team: Team) -> None:
    shown = await team.present()
    await team.world.remove(shown.id)

    outcome = await team.record(team.tap(shown))

    assert isinstance(outcome, Stale)
    assert outcome.row.late[0].why == "late"


@pytest.mark.parametrize(
    "action", [Action.SKIP, Action.POSTED, Action.REJECT, Action.AUTO_POST], ids=lambda action: action.value
)
async def test_what_is_settled_or_publishing_cannot_be_taken_out(team: Team, action: Action) -> None:
    settled = await team.settle(await team.present(), action)

    refusal = await team.world.remove(settled.id)

    assert refusal == "cannot_withdraw"
    assert await team.load(settled) == settled


async def test_an_unknown_item_can_neither_be_taken_out_nor_brought_back(team: Team) -> None:
    assert await team.world.remove(4711) == "unknown_item"
    assert await team.world.requeue(4711) == "unknown_item"


async def test_a_skipped_item_comes_back_as_a_new_round(team: Team) -> None:
    skipped = await team.settle(await team.present(), Action.SKIP)

    refusal = await team.world.requeue(skipped.id)

    assert refusal is None
    assert await team.lines("locks") == []
    (row,) = (await team.claim()).present
    assert (row.id, row.state, row.version) == (skipped.id, State.PRESENTING, 2)


async def test_an_expired_item_comes_back(team: Team) -> None:
    shown = await team.present()
    await team.world.pass_time(49 * 3600)
    await team.claim()

    assert await team.world.requeue(shown.id) is None
    assert [row.id for row in (await team.claim()).present] == [shown.id]


async def test_the_card_of_an_old_round_is_drawn_once_more_and_then_never_again(team: Team) -> None:
    shown = await team.present()
    await team.settle(shown, Action.SKIP)
    await team.world.requeue(shown.id)
    (found,) = (await team.recover("two")).behind

    await team.shown(found, worker="two")

    assert [card.retired for card in found.cards] == [True]
    assert (await team.load(shown)).cards == ()
    assert (await team.recover("two", everything=True)).again == ()


async def test_a_tap_on_the_card_of_an_old_round_is_late_and_the_new_card_names_it(team: Team) -> None:
    old = await team.present()
    await team.settle(old, Action.SKIP)
    await team.world.requeue(old.id)
    (claimed,) = (await team.claim()).present
    new = await team.sent(claimed)

    outcome = await team.record(team.tap(old, Action.POSTED, BEN))

    assert isinstance(outcome, Stale)
    assert (outcome.row.state, outcome.row.late[0].why) == (State.IN_REVIEW, "old")
    assert (await team.card(new.cards[-1]))["claimed_by"] == "one"


async def test_the_new_round_is_settled_on_its_own(team: Team) -> None:
    old = await team.settle(await team.present(), Action.SKIP)
    await team.world.requeue(old.id)
    (claimed,) = (await team.claim()).present
    new = await team.sent(claimed)

    outcome = await team.record(replace(team.tap(new, Action.POSTED), press=team.press(new, BEN)))

    assert isinstance(outcome, Recorded)
    assert (outcome.row.state, outcome.row.version) == (State.POSTED, 3)


@pytest.mark.parametrize("action", [Action.POSTED, Action.REJECT], ids=lambda action: action.value)
async def test_what_was_posted_or_rejected_does_not_come_back(team: Team, action: Action) -> None:
    settled = await team.settle(await team.present(), action)

    assert await team.world.requeue(settled.id) == "cannot_requeue"


async def test_a_story_that_was_rejected_in_another_round_stays_locked(team: Team) -> None:
    media_id = await team.add_story()
    skipped = await team.settle(await team.present(media_id=media_id), Action.SKIP)
    await team.settle(await team.present(media_id=media_id), Action.REJECT)

    refusal = await team.world.requeue(skipped.id, force=True)

    assert refusal == "locked"
    assert await team.load(skipped) == skipped


async def test_a_story_that_was_posted_meanwhile_comes_back_by_force_only(team: Team) -> None:
    media_id = await team.add_story()
    skipped = await team.settle(await team.present(media_id=media_id), Action.SKIP)
    await team.settle(await team.present(media_id=media_id), Action.POSTED)

    polite = await team.world.requeue(skipped.id)
    forced = await team.world.requeue(skipped.id, force=True)

    assert (polite, forced) == ("locked", None)


async def test_a_story_that_is_queued_again_already_does_not_come_twice(team: Team) -> None:
    media_id = await team.add_story()
    skipped = await team.settle(await team.present(media_id=media_id), Action.SKIP)
    await team.queue(media_id=media_id)

    assert await team.world.requeue(skipped.id) == "queued_already"


async def test_a_worker_that_listens_hears_of_a_change(team: Team) -> None:
    item_id = await team.queue()

    async with team.world.pool.notifications() as hints:
        await team.world.remove(item_id)
        await team.world.requeue(item_id)
        with anyio.fail_after(5):
            await anext(hints)


async def test_whoever_listens_learns_that_the_database_is_gone(team: Team) -> None:
    async with team.world.pool.notifications() as hints:
        await team.world.cut_connections()

        with anyio.fail_after(5), pytest.raises(Unreachable):
            await anext(hints)
