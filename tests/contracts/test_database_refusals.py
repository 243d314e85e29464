"""A card that Telegram refuses: its story is set aside and the next one comes, or its chat pauses; both come back."""

from __future__ import annotations

import pytest

from actors.domain.item import Action, State
from actors.operations.cards import REFUSED, AcknowledgeCards, Shown
from actors.operations.commands import CommandKey, CommandOutcome, LookAtChat, MoveChat, PresentNext, RequeueItem
from actors.operations.refusals import PauseRefusedChat, ReopenChat, SetStoryAside
from tests.contracts.team import ANNA, BEN, CHAT, Team

STORY, RIGHTS = "PHOTO_INVALID_DIMENSIONS", "not enough rights to send photos to the chat"


async def refuse_story(team: Team, worker: str | None = None) -> int:
    """Have the card of the first due item refused; returns the item."""
    (row,) = (await team.claim()).present
    kept = await team.ask(SetStoryAside(row, worker or team.worker, STORY))
    assert kept.id == row.id
    return row.id


async def refuse_chat(team: Team) -> bool:
    """Have the first due card refused for the chat's sake; tells whether that begins."""
    (row,) = (await team.claim()).present
    return (await team.ask(PauseRefusedChat(row, team.worker, RIGHTS))).begins


async def test_story_that_was_refused_is_set_aside_and_the_next_one_comes(team: Team) -> None:
    first, second = await team.queue(-2), await team.queue(-1)

    assert await refuse_story(team) == first

    (row,) = (await team.claim()).present
    assert row.id == second
    await team.sent(row)
    assert (await team.claim()).present == ()
    aside = await team.load(row)
    assert aside.set_aside is None
    view = await team.ask(LookAtChat(CHAT, BEN.id, 9))
    assert view is not None
    assert (view.waiting, view.set_aside, view.next) == (1, 1, None)
    assert [(one.id, one.set_aside) for one in view.queue] == [(first, STORY), (second, None)]


async def test_story_that_is_set_aside_keeps_no_worker_awake(team: Team) -> None:
    await team.queue()
    await refuse_story(team)

    assert (await team.claim()).next_seconds is None


async def test_refusal_is_kept_in_the_platforms_words(team: Team) -> None:
    item = await team.queue()
    await refuse_story(team)

    (failure,) = await team.lines("card_failures", item_id=item)
    assert (failure["fate"], failure["reason"], failure["times"]) == ("refused", STORY, 1)


async def test_refusal_of_a_worker_that_lost_its_claim_changes_nothing(team: Team) -> None:
    await team.queue()

    await refuse_story(team, "another")

    assert (await team.line("items"))["state"] == "presenting"


async def test_second_run_of_a_refusal_changes_nothing(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.ask(SetStoryAside(row, team.worker, STORY))

    await team.ask(SetStoryAside(row, team.worker, "told twice"))

    assert (await team.line("items"))["set_aside"] == STORY
    assert (await team.line("card_failures"))["times"] == 1


async def test_story_that_is_set_aside_comes_again_by_requeue(team: Team) -> None:
    item = await team.queue()
    await refuse_story(team)

    told = await team.ask(RequeueItem(CommandKey(CHAT, 900, ANNA), item))

    assert told.verdict is CommandOutcome.DONE
    (row,) = (await team.claim()).present
    assert (row.id, row.set_aside, row.version) == (item, None, 0)


async def test_story_that_waits_and_is_not_set_aside_cannot_be_requeued(team: Team) -> None:
    item = await team.queue(3600)

    told = await team.ask(RequeueItem(CommandKey(CHAT, 900, ANNA), item))

    assert told.verdict is CommandOutcome.CANNOT_REQUEUE


async def test_next_takes_what_is_set_aside_only_when_no_other_waits(team: Team) -> None:
    first, later = await team.queue(-2), await team.queue(3600)
    await refuse_story(team)

    told = [await team.ask(PresentNext(CommandKey(CHAT, number, ANNA), team.worker)) for number in (900, 901)]

    assert [(one.verdict, one.row.id if one.row else None) for one in told] == [
        (CommandOutcome.DONE, later),
        (CommandOutcome.DONE, first),
    ]
    assert told[1].row is not None
    assert told[1].row.set_aside is None


async def test_story_that_is_set_aside_can_be_taken_out(team: Team) -> None:
    item = await team.queue()
    await refuse_story(team)

    await team.world.remove(item)

    assert (await team.line("items"))["state"] == "withdrawn"


async def test_card_that_gets_through_after_all_ends_it(team: Team) -> None:
    item = await team.queue()
    await refuse_story(team)
    told = await team.ask(PresentNext(CommandKey(CHAT, 900, ANNA), team.worker))
    assert told.row is not None

    sent = await team.sent(told.row)

    assert (sent.id, sent.state, sent.set_aside) == (item, State.IN_REVIEW, None)


async def test_story_left_behind_by_a_move_that_is_refused_is_passed_over_and_next_shows_it(team: Team) -> None:
    row = await team.present()
    await team.ask(MoveChat(CHAT, CHAT - 1))
    (again,) = (await team.claim()).present

    kept = await team.ask(SetStoryAside(again, team.worker, STORY))

    assert (kept.state, kept.set_aside, kept.card_lost) == (State.IN_REVIEW, STORY, True)
    assert (await team.claim()).present == ()
    told = await team.ask(PresentNext(CommandKey(CHAT - 1, 900, ANNA), team.worker))
    assert told.row is not None
    assert told.row.id == row.id


async def test_doubt_that_is_refused_is_tried_again_since_people_have_to_decide_on_its_card(team: Team) -> None:
    row = await team.settle(await team.present(), Action.AUTO_POST)
    await team.ask(MoveChat(CHAT, CHAT - 1))
    (again,) = (await team.claim()).present
    assert again.id == row.id
    await team.ask(SetStoryAside(again, team.worker, STORY))
    assert (await team.claim()).present == ()

    await team.world.pass_time(3601)

    (later,) = (await team.claim()).present
    assert later.id == row.id


@pytest.mark.parametrize(("refusals", "minutes"), [(1, 1), (2, 2), (4, 8), (7, 64), (9, 64)])
async def test_chat_that_refuses_cards_is_tried_again_after_pauses_that_grow(
    team: Team, refusals: int, minutes: int
) -> None:
    await team.queue()
    await team.set_chat(failed_sends=refusals - 1)
    before = await team.world.now()

    assert await refuse_chat(team)

    chat = await team.line("chats")
    assert (chat["refused"], chat["failed_sends"]) == (RIGHTS, refusals)
    assert abs((chat["next_card_at"] - before).total_seconds() - 60 * minutes) < 5
    item = await team.line("items")
    assert (item["state"], item["set_aside"]) == ("waiting", None)


async def test_chat_that_refuses_cards_is_said_to_once(team: Team) -> None:
    await team.queue()
    begins = [await refuse_chat(team)]
    await team.world.pass_time(61)

    begins.append(await refuse_chat(team))

    assert begins == [True, False]
    assert (await team.line("card_failures"))["times"] == 2


async def test_chat_that_refuses_cards_is_seen_by_who_asks(team: Team) -> None:
    await team.queue()
    await refuse_chat(team)

    view = await team.ask(LookAtChat(CHAT, BEN.id, 9))

    assert view is not None
    assert (view.refused, view.waiting, view.set_aside) == (RIGHTS, 1, 0)
    assert view.refused_at is not None
    assert view.tried_at is not None
    assert view.tried_at > view.refused_at


async def test_chat_goes_on_by_itself_once_a_card_gets_through(team: Team) -> None:
    await team.queue()
    await refuse_chat(team)
    await team.world.pass_time(61)
    (row,) = (await team.claim()).present

    await team.sent(row)

    chat = await team.line("chats")
    assert (chat["refused"], chat["refused_at"], chat["failed_sends"]) == (None, None, 0)


async def test_chat_goes_on_at_once_when_the_bots_rights_have_changed(team: Team) -> None:
    item = await team.queue()
    await refuse_chat(team)
    assert (await team.claim()).present == ()

    assert await team.ask(ReopenChat(CHAT))

    (row,) = (await team.claim()).present
    assert row.id == item


async def test_chat_that_refused_nothing_has_nothing_to_reopen(team: Team) -> None:
    await team.present()

    assert not await team.ask(ReopenChat(CHAT))
    assert not await team.ask(ReopenChat(CHAT - 99))


async def test_refusal_of_the_group_of_before_a_move_says_nothing_of_the_new_one(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.ask(MoveChat(CHAT, CHAT - 1))

    pause = await team.ask(PauseRefusedChat(row, team.worker, RIGHTS))

    assert not pause.begins
    assert (await team.line("chats"))["refused"] is None


async def test_chat_that_moved_is_open_again(team: Team) -> None:
    await team.queue()
    await refuse_chat(team)

    await team.ask(MoveChat(CHAT, CHAT - 1))

    assert (await team.line("chats"))["refused"] is None


async def test_card_left_behind_by_a_move_waits_for_its_chat(team: Team) -> None:
    row = await team.present()
    await team.ask(MoveChat(CHAT, CHAT - 1))
    (again,) = (await team.claim()).present

    pause = await team.ask(PauseRefusedChat(again, team.worker, RIGHTS))

    assert (pause.begins, (await team.claim()).present) == (True, ())
    await team.world.pass_time(61)
    (later,) = (await team.claim()).present
    assert later.id == row.id


async def refused_edit(team: Team, times: int = 1) -> Shown:
    """Settle an item whose card's edit is refused so many times, each time that it is tried."""
    row = await team.settle(await team.present(), Action.SKIP)
    (card,) = row.cards
    said = Shown(card, row.id, REFUSED)
    await team.ask(AcknowledgeCards((said,), team.worker))
    for refusals in range(1, times):
        await team.world.pass_time(60 * 2 ** min(refusals - 1, 7) + 1)
        (found,) = (await team.recover()).behind
        assert found.id == row.id
        await team.ask(AcknowledgeCards((said,), team.worker))
    return said


async def test_card_whose_edit_was_refused_is_not_gone_and_is_drawn_again_after_a_pause(team: Team) -> None:
    said = await refused_edit(team)

    assert (await team.recover()).behind == ()
    await team.world.pass_time(61)
    (row,) = (await team.recover()).behind
    assert row.id == said.item_id
    assert not (await team.card(said.card))["gone"]


async def test_pauses_between_edits_that_are_refused_grow(team: Team) -> None:
    said = await refused_edit(team, 3)

    assert (await team.card(said.card))["refusals"] == 3
    await team.world.pass_time(239)
    assert (await team.recover()).behind == ()
    await team.world.pass_time(2)
    assert len((await team.recover()).behind) == 1


async def test_edit_that_is_refused_again_and_again_wakes_no_worker_of_its_own(team: Team) -> None:
    said = await refused_edit(team)
    await team.world.update("cards", {"message_id": said.card.message_id}, {"refusals": 5})

    assert (await team.recover()).next_seconds is None


async def test_edit_that_was_refused_for_three_days_waits_for_a_change_of_rights(team: Team) -> None:
    said = await refused_edit(team)
    await team.world.update("cards", {"message_id": said.card.message_id}, {"refusals": 40})
    await team.world.pass_time(3 * 3600)
    assert (await team.recover()).behind == ()

    assert await team.ask(ReopenChat(CHAT))

    (row,) = (await team.recover()).behind
    assert row.id == said.item_id


async def test_card_that_is_shown_at_last_has_no_refusals(team: Team) -> None:
    said = await refused_edit(team)
    await team.world.pass_time(61)
    (row,) = (await team.recover()).behind

    await team.shown(row)

    card = await team.card(said.card)
    assert (card["refusals"], card["shown"]) == (0, card["want"])


async def test_refusal_under_a_lost_claim_leaves_the_other_workers_claim_alone(team: Team) -> None:
    row = await team.settle(await team.present(), Action.SKIP)
    (card,) = row.cards
    await team.world.pass_time(11)
    assert len((await team.recover("two")).behind) == 1

    lost = await team.ask(AcknowledgeCards((Shown(card, row.id, REFUSED),), team.worker))

    kept = await team.card(card)
    assert (lost, kept["claimed_by"], kept["refusals"]) == (1, "two", 0)
