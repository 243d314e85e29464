"""A group becomes a supergroup: one row changes, the cards that people need come again, and no tap is lost."""

from dataclasses import replace

import pytest

from actors.domain.item import Action, Item, State
from actors.domain.messages import NotRecorded, Recorded, Stale
from actors.domain.publish_phase import Phase
from actors.operations.cards import AcknowledgeCards, SaveCard, Shown
from actors.operations.commands import CommandKey, CommandOutcome, LookAtChat, MoveChat, PresentNext, Relocation
from actors.operations.housekeeping import Interaction, WriteInteractions
from tests.contracts.team import ANNA, BEN, CHAT, OTHER_CHAT, Team

NEW_CHAT = -100_777


async def move(team: Team, new_id: int = NEW_CHAT) -> Relocation:
    return await team.ask(MoveChat(CHAT, new_id))


async def moved(row: Item, team: Team) -> Item:
    return await team.load(replace(row, chat_id=NEW_CHAT))


async def in_doubt(team: Team) -> Item:
    await team.connect()
    row = await team.settle(await team.present(), Action.AUTO_POST)
    publish = (await team.take(row)).publish
    assert publish is not None
    stepped = await team.step(publish, Phase.CONTAINER, container_id="c1")
    assert stepped.publish is not None
    stepped = await team.step(stepped.publish, Phase.PUBLISHING, attempt=1)
    assert stepped.publish is not None
    stepped = await team.step(stepped.publish, Phase.IN_DOUBT, lost=True)
    assert stepped.row is not None
    return stepped.row


async def test_a_move_changes_the_chat_and_forgets_its_messages(team: Team) -> None:
    row = await team.present()

    outcome = await move(team)

    after = await moved(row, team)
    assert outcome is Relocation.MOVED
    assert (after.chat_key, after.chat_id, after.state, after.cards) == (row.chat_key, NEW_CHAT, State.IN_REVIEW, ())
    assert await team.lines("cards") == []


async def test_a_move_that_is_told_again_finds_itself_done(team: Team) -> None:
    """Telegram tells it in both groups, and each refusal tells it, too."""
    await team.present()
    await move(team)
    (row,) = (await team.claim()).present
    await team.sent(row)

    again = await move(team)

    assert again is Relocation.MOVED_BEFORE
    assert len(await team.lines("cards")) == 1


async def test_a_move_of_a_chat_that_is_not_ours_changes_nothing(team: Team) -> None:
    assert await team.ask(MoveChat(-9, -10)) is Relocation.UNKNOWN_CHAT
    assert (await team.line("chats"))["chat_id"] == CHAT


async def test_a_move_to_a_chat_that_was_added_before_leaves_both_alone(team: Team) -> None:
    row = await team.present()
    await team.add_chat(OTHER_CHAT)

    outcome = await move(team, OTHER_CHAT)

    assert outcome is Relocation.TAKEN
    assert (await team.load(row)).cards == row.cards


async def test_cards_in_review_are_sent_again_one_per_gap_and_before_new_ones(team: Team) -> None:
    first, second = await team.present(), await team.present()
    third = await team.queue()
    await team.set_chat(gap_seconds=300, next_card_at=await team.world.now())
    await move(team)
    await team.forget_changes()

    claimed: list[Item] = []
    for _ in range(3):
        due = await team.claim()
        claimed += due.present
        assert due.next_seconds == pytest.approx(300, abs=5)
        await team.sent(due.present[0])
        assert (await team.claim()).present == ()
        await team.world.pass_time(305)

    assert [row.id for row in claimed] == [first.id, second.id, third]
    assert [(row.state, row.version) for row in claimed[:2]] == [(State.IN_REVIEW, 0)] * 2
    assert (await team.claim()).present == ()


async def test_a_card_that_was_sent_again_is_the_card(team: Team) -> None:
    row = await team.present()
    await move(team)
    (again,) = (await team.claim()).present

    saved = await team.sent(again)

    assert [(card.chat_id, card.message_id) for card in saved.cards] == [(NEW_CHAT, 502)]
    assert (saved.state, saved.version) == (State.IN_REVIEW, row.version)
    await team.world.pass_time(3600)
    assert (await team.claim()).present == ()
    assert isinstance(await team.record(team.tap(saved)), Recorded)


async def test_a_doubt_gets_a_card_and_stays_a_doubt(team: Team) -> None:
    doubtful = await in_doubt(team)
    await move(team)

    (again,) = (await team.claim()).present

    saved = await team.sent(again)
    assert (saved.state, saved.phase, saved.version) == (State.IN_DOUBT, Phase.IN_DOUBT, doubtful.version)
    assert isinstance(await team.record(team.tap(saved, Action.IT_IS_LIVE)), Recorded)


async def test_a_publish_gets_a_card_and_goes_on(team: Team) -> None:
    await team.connect()
    row = await team.settle(await team.present(), Action.AUTO_POST)
    publish = (await team.take(row)).publish
    assert publish is not None
    await move(team)

    (again,) = (await team.claim()).present
    saved = await team.sent(again)
    stepped = await team.step(publish, Phase.CONTAINER, container_id="c1")

    assert saved.state is State.PUBLISHING
    assert stepped.row is not None
    assert stepped.row.cards == saved.cards


async def test_cards_come_again_in_a_paused_chat_and_new_ones_do_not(team: Team) -> None:
    """People had them already: a card that needs a decision has its buttons."""
    row = await team.present()
    await team.queue()
    await team.set_chat(paused=True)
    await move(team)

    again = await team.claim()

    assert [one.id for one in again.present] == [row.id]
    assert (await team.claim("two")).present == ()


async def test_what_is_being_sent_again_is_nobody_elses(team: Team) -> None:
    await team.present()
    await move(team)
    await team.claim("one", "look-1")

    same = await team.claim("one", "look-1")
    other = await team.claim("two", "look-2")
    wish = await team.ask(PresentNext(CommandKey(NEW_CHAT, 901, ANNA), "two"))

    assert len(same.present) == 1
    assert other.present == ()
    assert (wish.verdict, wish.claimed) == (CommandOutcome.NOTHING_WAITING, False)


async def test_what_nobody_sent_again_comes_again_when_its_hold_is_over(team: Team) -> None:
    row = await team.present()
    await move(team)
    await team.claim("dead")
    assert (await team.claim()).next_seconds == pytest.approx(60, abs=5)

    await team.world.pass_time(61)

    assert [one.id for one in (await team.claim()).present] == [row.id]


async def test_next_presents_what_was_left_behind_without_waiting_for_its_turn(team: Team) -> None:
    row = await team.present()
    await team.set_chat(gap_seconds=300)
    await move(team)

    told = await team.ask(PresentNext(CommandKey(NEW_CHAT, 901, ANNA), "one"))

    assert told.row is not None
    assert (told.row.id, told.claimed) == (row.id, True)
    await team.sent(told.row)
    await team.world.pass_time(3600)
    assert (await team.claim()).present == ()


async def test_a_card_that_could_not_be_sent_again_stays_to_be_sent(team: Team) -> None:
    row = await team.present()
    await move(team)
    (again,) = (await team.claim()).present

    kept = await team.not_sent(again)
    await team.not_sent(again)

    assert (kept.state, (await team.line("chats"))["failed_sends"]) == (State.IN_REVIEW, 1)
    assert (await team.claim()).present == ()
    await team.world.pass_time(16)
    assert [one.id for one in (await team.claim()).present] == [row.id]


async def test_two_ambiguous_sends_of_a_card_in_review_are_enough(team: Team) -> None:
    row = await team.present()
    await move(team)
    for _ in range(2):
        (again,) = (await team.claim()).present
        await team.not_sent(again, ambiguous=True)
        await team.world.pass_time(60)

    assert (await team.claim()).present == ()
    told = await team.ask(PresentNext(CommandKey(NEW_CHAT, 901, ANNA), "one"))
    assert told.row is not None
    assert told.row.id == row.id


async def test_a_doubt_is_sent_until_somebody_has_its_card(team: Team) -> None:
    row = await in_doubt(team)
    await move(team)
    for _ in range(3):
        (again,) = (await team.claim()).present
        await team.not_sent(again, ambiguous=True)
        await team.world.pass_time(120)

    assert [one.id for one in (await team.claim()).present] == [row.id]


async def test_a_tap_in_the_old_group_counts_and_is_told_in_the_new_one(team: Team) -> None:
    """It was under way: held by an outage, or by Telegram."""
    row = await team.present()
    tap = team.tap(row)
    await move(team)

    outcome = await team.record(tap)

    assert isinstance(outcome, Recorded)
    assert (outcome.row.chat_id, outcome.row.cards) == (NEW_CHAT, ())
    (again,) = (await team.claim()).present
    assert (again.id, again.state) == (row.id, State.SKIPPED)
    assert (await team.sent(again)).cards[0].chat_id == NEW_CHAT


async def test_a_tap_in_the_old_group_that_was_stored_before_is_the_same_tap(team: Team) -> None:
    """Its answer was lost, and the group moved before it was asked again."""
    tap = team.tap(await team.present())
    await team.record(tap)
    await move(team)

    again = await team.record(tap)

    assert isinstance(again, Recorded)
    assert again.replayed
    assert len(await team.lines("item_events")) == 1


async def test_a_tap_in_the_old_group_is_closed_as_any_other(team: Team) -> None:
    tap = team.tap(await team.present())
    await move(team)

    closed = await team.close(tap)

    assert closed == NotRecorded(tap, certain=True)
    assert await team.record(tap) == closed


async def test_a_late_tap_on_an_old_card_is_told_in_the_new_group(team: Team) -> None:
    row = await team.present()
    await team.settle(row, Action.SKIP)
    await team.shown(await team.load(row))
    await team.world.pass_time(3600)
    await move(team)
    assert (await team.claim()).present == ()

    outcome = await team.record(team.tap(row, Action.POSTED, BEN))

    assert isinstance(outcome, Stale)
    (again,) = (await team.claim()).present
    assert [late.name for late in again.late] == ["Ben"]


async def test_a_story_that_was_settled_just_now_and_not_shown_is_shown_in_the_new_group(team: Team) -> None:
    seen, unseen = await team.present(), await team.present()
    await team.shown(await team.settle(seen, Action.SKIP))
    await team.settle(unseen, Action.SKIP)

    await move(team)

    assert [(row.id, row.state) for row in (await team.claim()).present] == [(unseen.id, State.SKIPPED)]


async def test_a_card_that_reached_the_old_group_only_is_sent_again(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await move(team)

    kept = await team.sent(row)

    assert (kept.state, kept.cards) == (State.PRESENTING, ())
    await team.world.pass_time(61)
    (again,) = (await team.claim()).present
    assert (again.id, again.chat_id) == (row.id, NEW_CHAT)
    assert (await team.sent(again)).state is State.IN_REVIEW


async def test_a_rest_that_the_old_id_brought_about_ends_with_it(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.not_sent(row, pause_seconds=600)

    await move(team)

    assert [one.id for one in (await team.claim()).present] == [row.id]


async def test_a_send_that_the_old_group_refused_does_not_hold_the_new_one_back(team: Team) -> None:
    """It was refused with the news of the move, which was stored first."""
    item_id = await team.queue()
    (row,) = (await team.claim()).present
    await move(team)

    kept = await team.not_sent(row, pause_seconds=60)

    assert kept.state is State.WAITING
    assert [one.id for one in (await team.claim()).present] == [item_id]


async def test_what_the_old_group_shows_says_nothing_of_the_new_one(team: Team) -> None:
    """Message ids start anew: the same one is another message there."""
    before, other = await team.present(), await team.present()
    await move(team)
    (again,) = (row for row in (await team.claim()).present if row.id == before.id)
    saved = await team.ask(SaveCard(again, other.cards[0].message_id, None, "one"))
    await team.record(team.tap(saved))

    late = Shown(other.cards[0], other.id, 9, gone=True)
    lost = await team.ask(AcknowledgeCards((late,), "one"))

    card = await team.card(saved.cards[0])
    assert (lost, card["shown"], card["gone"]) == (0, 0, False)


async def test_a_command_of_the_new_group_is_not_one_of_the_old(team: Team) -> None:
    await team.ask(PresentNext(CommandKey(CHAT, 5, ANNA), "one"))
    await move(team)
    item_id = await team.queue()

    told = await team.ask(PresentNext(CommandKey(NEW_CHAT, 5, ANNA), "one"))

    assert told.row is not None
    assert (told.verdict, told.row.id) == (CommandOutcome.DONE, item_id)
    assert await team.ask(LookAtChat(CHAT, ANNA.id, 1)) is None


async def test_what_people_did_in_the_old_group_is_kept(team: Team) -> None:
    await move(team)

    line = Interaction(CHAT, "skip", ANNA.id, ANNA.name, 1, "tap-1", 1_700_000_000_000)

    assert await team.ask(WriteInteractions("batch", (line,))) == 1
