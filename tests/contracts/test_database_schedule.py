"""What is due is claimed before it is sent: one card for each chat and gap, in order, nothing stranded."""

from datetime import timedelta

import pytest

from actors.domain.item import Action, State
from tests.contracts.team import OTHER_CHAT, Team


async def test_what_is_due_is_claimed_for_whoever_asks(team: Team) -> None:
    item_id = await team.queue()

    due = await team.claim("two")

    item = await team.line("items", item_id=item_id)
    assert [(row.id, row.state, row.version) for row in due.present] == [(item_id, State.PRESENTING, 0)]
    assert item["held_by"] == "two"
    assert timedelta(seconds=50) < item["hold_until"] - await team.world.now() <= timedelta(seconds=60)


async def test_what_is_not_due_yet_waits(team: Team) -> None:
    await team.queue(due_in=3600)

    due = await team.claim()

    assert due.present == ()
    assert due.next_seconds == pytest.approx(3600, abs=5)


async def test_with_nothing_queued_nothing_is_planned(team: Team) -> None:
    assert (await team.claim()).next_seconds is None


async def test_with_everything_settled_nothing_is_planned(team: Team) -> None:
    await team.settle(await team.present(), Action.SKIP)

    assert (await team.claim()).next_seconds is None


async def test_a_claimed_item_is_not_claimed_again_while_it_is_held(team: Team) -> None:
    """F20."""
    await team.queue()
    await team.claim()

    due = await team.claim("two")

    assert due.present == ()
    assert due.next_seconds == pytest.approx(60, abs=5)


async def test_a_look_that_is_asked_again_finds_what_it_had_claimed(team: Team) -> None:
    """Its answer was lost: the card would be sent a minute late, and counted as sent in doubt."""
    item_id = await team.queue()
    first = await team.claim("one", "look-1")

    again = await team.claim("one", "look-1")

    assert [row.id for row in again.present] == [item_id]
    assert again.present == first.present
    assert (await team.line("items"))["lost_sends"] == 0


async def test_a_look_that_is_asked_again_late_holds_its_claim_anew(team: Team) -> None:
    """Whoever sends a card has to hold its item, or another worker claims and sends it, too."""
    item_id = await team.queue()
    await team.claim("one", "look-1")
    await team.world.pass_time(70)

    again = await team.claim("one", "look-1")

    assert [row.id for row in again.present] == [item_id]
    assert (await team.line("items"))["lost_sends"] == 0
    assert (await team.claim("two", "look-2")).present == ()


async def test_a_look_finds_no_claims_of_another_look_or_worker(team: Team) -> None:
    await team.queue()
    await team.claim("one", "look-1")

    others = [await team.claim("one", "look-2"), await team.claim("two", "look-1"), await team.claim("one")]

    assert [due.present for due in others] == [(), (), ()]


async def test_a_look_does_not_find_again_what_was_sent_meanwhile(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim("one", "look-1")).present
    await team.sent(row)

    assert (await team.claim("one", "look-1")).present == ()


async def test_overdue_items_come_one_for_each_gap_in_the_order_of_their_slots(team: Team) -> None:
    """F21."""
    await team.set_chat(gap_seconds=300)
    second, first, third = await team.queue(-10), await team.queue(-20), await team.queue(-10)

    claimed = []
    for _ in range(3):
        due = await team.claim()
        claimed += [row.id for row in due.present]
        for row in due.present:
            await team.sent(row)
        assert (await team.claim()).present == ()
        await team.world.pass_time(300)

    assert claimed == [first, second, third]


async def test_the_next_look_is_due_when_the_gap_is_over(team: Team) -> None:
    await team.set_chat(gap_seconds=300)
    await team.queue()
    await team.queue()

    due = await team.claim()

    assert due.next_seconds == pytest.approx(300, abs=5)


async def test_each_chat_gets_a_card_of_its_own(team: Team) -> None:
    await team.add_chat(OTHER_CHAT)
    items = {await team.queue(), await team.queue(chat_id=OTHER_CHAT)}

    due = await team.claim()

    assert {row.id for row in due.present} == items


async def test_a_paused_chat_gets_nothing_and_plans_nothing(team: Team) -> None:
    await team.set_chat(paused=True)
    await team.queue()

    due = await team.claim()

    assert due.present == ()
    assert due.next_seconds is None


async def test_a_chat_that_goes_on_after_a_pause_gets_what_is_due(team: Team) -> None:
    """F25."""
    await team.set_chat(paused=True)
    item_id = await team.queue()
    await team.claim()

    await team.set_chat(paused=False)

    assert [row.id for row in (await team.claim()).present] == [item_id]


async def test_an_item_whose_sender_died_comes_again_when_its_hold_has_run_out(team: Team) -> None:
    """F26."""
    item_id = await team.queue()
    await team.claim("dead")

    await team.world.pass_time(61)

    due = await team.claim("alive")
    assert [row.id for row in due.present] == [item_id]
    assert (await team.line("items"))["lost_sends"] == 1


async def test_after_the_second_lost_send_the_item_counts_as_presented(team: Team) -> None:
    item_id = await team.queue()
    await team.claim("dead")
    await team.world.pass_time(61)
    await team.claim("dead too")
    await team.world.pass_time(61)

    due = await team.claim("alive")

    item = await team.line("items", item_id=item_id)
    assert due.present == ()
    assert (item["state"], item["lost_sends"], item["held_by"]) == ("in_review", 2, None)
