"""/next claims one item as the schedule does: it is sent once, and never left behind."""

from datetime import timedelta

import pytest

from actors.domain.item import Action, Item, Person, State
from actors.operations.commands import CommandKey, CommandOutcome, PresentNext, Told
from tests.contracts.team import ANNA, CHAT, Team

FIRST = 901


async def say_next(team: Team, message_id: int = FIRST, worker: str = "one", person: Person = ANNA) -> Told:
    return await team.ask(PresentNext(CommandKey(CHAT, message_id, person), worker))


async def present_without_a_card(team: Team) -> Item:
    """Two sends of which nobody knows."""
    await team.queue()
    (row,) = (await team.claim()).present
    await team.not_sent(row, ambiguous=True)
    await team.world.pass_time(60)
    (row,) = (await team.claim()).present
    return await team.not_sent(row, ambiguous=True)


async def test_next_claims_the_first_item_before_its_slot_and_within_the_gap(team: Team) -> None:
    await team.set_chat(gap_seconds=300)
    await team.present()
    later, sooner = await team.queue(7200), await team.queue(3600)

    told = await say_next(team)

    assert told.row is not None
    assert (told.verdict, told.claimed, told.row.id, told.row.state) == (
        CommandOutcome.DONE,
        True,
        sooner,
        State.PRESENTING,
    )
    assert (await team.line("items", item_id=later))["state"] == "waiting"
    assert (await team.claim("two")).present == ()


async def test_next_said_twice_by_the_same_message_claims_one_item(team: Team) -> None:
    first, _ = await team.queue(), await team.queue(60)
    told = await say_next(team)

    again = await say_next(team)

    assert again == told
    assert again.claimed
    assert [item["item_id"] for item in await team.lines("items", state="presenting")] == [first]


async def test_next_that_is_said_again_late_holds_its_claim_anew(team: Team) -> None:
    """Simulation, seed 10211: the answer was 99 s on its way, and the card was sent without a claim."""
    await team.queue()
    await say_next(team)
    await team.world.pass_time(70)

    again = await say_next(team)

    assert again.claimed
    assert (await team.claim("two")).present == ()


async def test_next_that_another_worker_had_claimed_is_not_its_to_send(team: Team) -> None:
    """F20."""
    await team.queue()
    await say_next(team, worker="dead")

    again = await say_next(team, worker="alive")

    assert (again.verdict, again.claimed) == (CommandOutcome.DONE, False)


async def test_next_that_was_sent_meanwhile_is_not_sent_again(team: Team) -> None:
    await team.queue()
    told = await say_next(team)
    assert told.row is not None
    await team.sent(told.row)

    again = await say_next(team)

    assert again.row is not None
    assert (again.verdict, again.claimed, again.row.state) == (CommandOutcome.DONE, False, State.IN_REVIEW)


async def test_what_next_claimed_and_nobody_sent_comes_by_the_schedule(team: Team) -> None:
    """F26."""
    item_id = await team.queue()
    await say_next(team, worker="dead")
    await team.world.pass_time(61)

    assert [row.id for row in (await team.claim("alive")).present] == [item_id]


async def test_next_begins_a_gap_of_its_own(team: Team) -> None:
    await team.set_chat(gap_seconds=300)
    await team.queue()
    await team.queue()
    await say_next(team)

    assert (await team.claim()).next_seconds == pytest.approx(300, abs=5)


async def test_next_works_in_a_paused_chat_that_rests(team: Team) -> None:
    item_id = await team.queue()
    await team.set_chat(paused=True, next_card_at=await team.world.now() + timedelta(hours=1))

    told = await say_next(team)

    assert told.row is not None
    assert (told.row.id, told.claimed) == (item_id, True)


async def test_next_with_an_empty_queue_says_so(team: Team) -> None:
    await team.present()

    assert await say_next(team) == Told(CommandOutcome.NOTHING_WAITING)


async def test_next_while_the_only_item_is_being_sent_does_not_send_it_twice(team: Team) -> None:
    """F20."""
    item_id = await team.queue()
    await team.claim("two")

    told = await say_next(team)

    assert told.row is not None
    assert (told.verdict, told.claimed, told.row.id) == (CommandOutcome.BEING_SENT, False, item_id)


async def test_next_takes_over_from_a_sender_that_died(team: Team) -> None:
    item_id = await team.queue()
    await team.claim("dead")
    await team.world.pass_time(61)

    told = await say_next(team)

    assert told.row is not None
    assert (told.row.id, told.claimed) == (item_id, True)


async def test_next_presents_again_what_counts_as_presented_and_has_no_card(team: Team) -> None:
    lost = await present_without_a_card(team)

    told = await say_next(team)

    assert lost.state is State.IN_REVIEW
    assert told.row is not None
    assert (told.row.id, told.row.state, told.row.version, told.claimed) == (lost.id, State.PRESENTING, 0, True)
    assert (await team.line("items"))["lost_sends"] == 0
    assert (await team.sent(told.row)).state is State.IN_REVIEW


async def test_next_presents_again_what_lost_its_card(team: Team) -> None:
    """A card that still needs a decision always has its buttons."""
    row = await team.present()
    await team.shown(row, gone=True)

    told = await say_next(team)

    assert told.row is not None
    assert (told.row.id, told.claimed) == (row.id, True)


async def test_next_leaves_alone_what_has_its_card(team: Team) -> None:
    lost = await present_without_a_card(team)
    await team.record(team.tap(lost, Action.SKIP))
    await team.world.pass_time(3600)
    await team.present()

    assert (await say_next(team)).verdict is CommandOutcome.NOTHING_WAITING


async def test_row_50_item_knows_the_topic_of_its_chat(team: Team) -> None:
    await team.set_chat(topic=17)
    await team.queue()

    told = await say_next(team)

    assert told.row is not None
    assert told.row.topic == 17
