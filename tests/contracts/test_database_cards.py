"""What the rows know of their cards: which revision each shows, who draws the next, and which may lie."""

from dataclasses import replace

import anyio
import pytest

from actors.domain.item import Action, Card, State
from actors.domain.messages import Recorded
from actors.domain.taps import Tap
from actors.operations.cards import UNKNOWN, AcknowledgeCards, Shown
from actors.operations.taps import LookAtCard
from tests.contracts.team import BEN, CHAT, Team


async def test_a_card_that_shows_its_row_is_not_claimed_any_more(team: Team) -> None:
    row = await team.settle(await team.present(), Action.SKIP)

    lost = await team.shown(row)

    card = await team.card(row.cards[0])
    assert lost == 0
    assert (card["shown"], card["claimed_by"], card["claimed_until"]) == (1, None, None)


async def test_an_acknowledgement_stored_twice_changes_nothing_more(team: Team) -> None:
    row = await team.settle(await team.present(), Action.SKIP)
    await team.shown(row)

    lost = await team.shown(row)

    assert lost == 0
    assert (await team.card(row.cards[0]))["shown"] == 1


async def test_an_older_revision_leaves_the_claim_for_the_newer_one(team: Team) -> None:
    shown = await team.present()
    row = await team.settle(shown, Action.SKIP)
    await team.record(team.tap(shown, Action.POSTED, BEN))

    lost = await team.shown(row)

    card = await team.card(row.cards[0])
    assert lost == 0
    assert (card["want"], card["shown"], card["claimed_by"]) == (2, 1, "one")


async def test_of_several_revisions_in_one_batch_the_newest_counts(team: Team) -> None:
    shown = await team.present()
    first = await team.settle(shown, Action.SKIP)
    await team.record(team.tap(shown, Action.POSTED, BEN))
    lines = tuple(Shown(first.cards[0], first.id, revision) for revision in (1, 2, 1))

    lost = await team.ask(AcknowledgeCards(lines, "one"))

    card = await team.card(first.cards[0])
    assert lost == 0
    assert (card["shown"], card["claimed_by"]) == (2, None)


async def test_after_a_lost_claim_the_card_must_be_drawn_again(team: Team) -> None:
    """Our edit may have come after a newer one of theirs."""
    row = await team.settle(await team.present(), Action.SKIP)
    await team.world.pass_time(11)
    await team.recover("two")

    lost = await team.shown(row, worker="one")

    card = await team.card(row.cards[0])
    assert lost == 1
    assert (card["shown"], card["claimed_by"]) == (-2, "two")


async def test_a_doubt_of_the_holder_of_a_claim_has_the_card_drawn_again(team: Team) -> None:
    """Simulation, seed 1531: the same tap, stored once more late, had left the claim."""
    shown = await team.present()
    tap = team.tap(shown, Action.SKIP)
    await team.record(tap)
    row = await team.load(shown)
    await team.shown(row)
    await team.record(tap)

    lost = await team.ask(AcknowledgeCards((Shown(row.cards[0], row.id, UNKNOWN),), team.worker))
    found = await team.recover("two")

    assert lost == 1
    assert [behind.id for behind in found.behind] == [row.id]


async def test_a_lost_claim_is_heard_by_whoever_listens(team: Team) -> None:
    """Simulation, seed 10030: an attempt that came late marked a card, and nobody waited for its answer any more."""
    row = await team.settle(await team.present(), Action.SKIP)
    await team.world.pass_time(11)
    await team.recover("two")

    async with team.world.pool.notifications() as hints:
        await team.shown(row, worker="one")
        with anyio.fail_after(5):
            await anext(hints)


async def test_a_lost_claim_is_not_made_good_by_the_holder_s_earlier_edit(team: Team) -> None:
    """Simulation, seed 38: two drew, the older face last; the holder, who had drawn first, acknowledged last."""
    row = await team.settle(await team.present(), Action.SKIP)
    await team.world.pass_time(11)
    await team.recover("two")
    await team.shown(row, worker="one")

    lost = await team.shown(row, worker="two")
    found = await team.recover("three")

    assert lost == 1
    assert [behind.id for behind in found.behind] == [row.id]


async def test_an_old_edit_acknowledged_after_a_newer_one_must_be_drawn_again(team: Team) -> None:
    shown = await team.present()
    old = await team.settle(shown, Action.SKIP)
    await team.record(team.tap(shown, Action.POSTED, BEN), worker="two")
    await team.shown(await team.load(shown), worker="two")

    lost = await team.shown(old, worker="one")

    assert lost == 1
    assert [row.id for row in (await team.recover()).behind] == [shown.id]


async def test_a_message_that_is_gone_is_not_drawn_any_more(team: Team) -> None:
    row = await team.settle(await team.present(), Action.SKIP)

    await team.shown(row, gone=True)

    assert (await team.load(row)).cards == ()
    assert (await team.recover(everything=True)).again == ()


async def test_a_tap_on_a_message_that_was_taken_for_gone_brings_it_back(team: Team) -> None:
    """The bot was removed from the group for a while: without its card the tap would show nothing."""
    shown = await team.present()
    await team.shown(shown, gone=True)
    press = replace(team.press(shown), message_id=501)

    outcome = await team.record(Tap(press, Action.SKIP))

    assert isinstance(outcome, Recorded)
    assert [card.message_id for card in outcome.row.cards] == [501]


async def test_an_unknown_message_is_passed_over(team: Team) -> None:
    row = await team.settle(await team.present(), Action.SKIP)
    unknown = replace(row, cards=(replace(row.cards[0], message_id=4711),))

    assert await team.shown(unknown) == 0


async def test_a_card_behind_its_row_is_claimed_when_its_claim_has_run_out(team: Team) -> None:
    """F36."""
    row = await team.settle(await team.present(), Action.SKIP)
    early = await team.recover("two")

    await team.world.pass_time(11)
    found = await team.recover("two")

    assert early.behind == ()
    assert early.next_seconds == pytest.approx(10, abs=3)
    assert found.behind == (row,) or [one.id for one in found.behind] == [row.id]
    assert (await team.card(row.cards[0]))["claimed_by"] == "two"
    assert (await team.recover("three")).behind == ()


async def test_an_item_with_two_cards_behind_is_found_once(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown)
    await team.record(replace(tap, press=replace(tap.press, message_id=777)))
    await team.world.pass_time(11)

    found = await team.recover()

    assert [row.id for row in found.behind] == [shown.id]
    assert len(found.behind[0].cards) == 2


async def test_where_every_card_is_true_nothing_is_found_or_planned(team: Team) -> None:
    await team.shown(await team.settle(await team.present(), Action.SKIP))

    found = await team.recover()

    assert (found.behind, found.again, found.unpublished, found.next_seconds) == ((), (), (), None)


async def test_looking_at_everything_draws_what_is_in_review_and_what_was_settled_lately(team: Team) -> None:
    """An edit of a dead worker may have come late."""
    long_ago = await team.settle(await team.present(), Action.SKIP)
    await team.shown(long_ago)
    await team.world.pass_time(11 * 60)
    lately = await team.settle(await team.present(), Action.SKIP)
    await team.shown(lately)
    in_review = await team.present()
    await team.queue(due_in=3600)

    found = await team.recover("two", everything=True)

    assert {row.id for row in found.again} == {lately.id, in_review.id}
    assert found.behind == ()
    card = await team.card(in_review.cards[0])
    assert (card["shown"], card["claimed_by"]) == (-1, "two")


async def test_what_an_earlier_version_may_have_drawn_wrongly_is_drawn_once_five_at_a_time(team: Team) -> None:
    row = await team.settle(await team.present(), Action.SKIP)
    await team.shown(row)
    card = {**await team.card(row.cards[0]), "once_more": True}
    for message_id in range(9001, 9008):
        await team.world.insert("cards", {**card, "message_id": message_id})

    first = await team.recover("two")
    left = [line["message_id"] for line in await team.lines("cards") if line["once_more"]]
    second = await team.recover("two")
    third = await team.recover("two")

    assert [one.id for one in first.again] == [row.id]
    assert left == [9001, 9002]
    assert (len(second.again), third.again, third.behind) == (1, (), ())
    assert first.next_seconds == pytest.approx(30.0, abs=1.0)  # then those that nobody has drawn are behind


async def test_looking_at_everything_leaves_what_somebody_draws(team: Team) -> None:
    await team.settle(await team.present(), Action.SKIP)

    assert (await team.recover("two", everything=True)).again == ()


async def test_what_a_look_cannot_claim_at_once_is_behind_for_the_next_one(team: Team) -> None:
    """Of a card that only may lie nobody explains the tap: its worker did."""
    row = await team.settle(await team.present(), Action.SKIP)
    card = {**await team.card(row.cards[0]), "claimed_by": None, "claimed_until": None}
    for message_id in range(9001, 9201):
        await team.world.insert("cards", {**card, "message_id": message_id})
    await team.world.pass_time(60)

    found = await team.recover("two", everything=True)
    left = await team.recover("three", everything=True)

    assert (len(found.behind), found.again, found.next_seconds) == (1, (), 0)
    assert (len(left.behind), left.again) == (1, ())


async def test_a_card_to_be_drawn_again_is_found_until_it_was(team: Team) -> None:
    row = await team.present()
    await team.recover("dead", everything=True)
    await team.world.pass_time(31)
    again = await team.recover("alive")

    await team.shown(again.behind[0], worker="alive")

    assert [one.id for one in again.behind] == [row.id]
    await team.world.pass_time(31)
    assert (await team.recover("alive")).behind == ()


async def test_a_publish_whose_worker_is_gone_is_resumed_by_one(team: Team) -> None:
    """F30."""
    row = await team.settle(await team.present(), Action.AUTO_POST)
    await team.shown(row)
    early = await team.recover("two")
    await team.world.pass_time(76)

    found = await team.recover("two")

    assert early.unpublished == ()
    assert early.next_seconds == pytest.approx(75, abs=3)
    assert [one.id for one in found.unpublished] == [row.id]
    assert (await team.line("items"))["held_by"] == "two"
    assert (await team.recover("three")).unpublished == ()


async def test_a_look_at_a_card_tells_its_row_and_whether_it_is_retired(team: Team) -> None:
    shown = await team.present()
    message_id = shown.cards[0].message_id

    row = await team.ask(LookAtCard(CHAT, shown.id, message_id))
    await team.record(team.tap(shown, Action.SKIP))
    await team.world.requeue(shown.id)
    again = await team.ask(LookAtCard(CHAT, shown.id, message_id))

    assert row is not None
    assert again is not None
    assert (row.state, row.cards) == (State.IN_REVIEW, (Card(row.chat_key, CHAT, message_id),))
    assert (again.state, again.cards) == (State.WAITING, (Card(row.chat_key, CHAT, message_id, retired=True),))


async def test_a_look_at_a_message_of_nobody_or_of_another_item_lists_no_card(team: Team) -> None:
    shown, other = await team.present(), await team.present()

    unknown = await team.ask(LookAtCard(CHAT, shown.id, 4711))
    another = await team.ask(LookAtCard(CHAT, shown.id, other.cards[0].message_id))

    assert unknown is not None
    assert another is not None
    assert unknown.cards == another.cards == ()
    assert await team.ask(LookAtCard(CHAT, 4711, 501)) is None
    assert await team.ask(LookAtCard(-9999, shown.id, 501)) is None
