"""What became of a card that was to be sent, and of an item that nobody tapped."""

from dataclasses import replace

import pytest

from actors.domain.item import Action, Item, State
from actors.operations.commands import LookAtChat, MoveChat
from tests.contracts.team import BEN, CHAT, Team


async def test_a_sent_card_is_known_and_its_item_in_review(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present

    saved = await team.sent(row, file_id="file-1")

    card = await team.card(saved.cards[0])
    assert (saved.state, saved.version, saved.story.file_id) == (State.IN_REVIEW, 0, "file-1")
    assert (card["want"], card["shown"], card["claimed_by"]) == (0, 0, None)
    assert (await team.line("items"))["hold_until"] is None


async def test_a_later_send_without_a_file_keeps_the_copy_that_is_known(team: Team) -> None:
    media_id = await team.add_story()
    await team.queue(media_id=media_id)
    (row,) = (await team.claim()).present
    saved = await team.sent(row, file_id="file-1")
    await team.settle(saved, Action.SKIP)

    again = await team.present(media_id=media_id)

    assert again.story.file_id == "file-1"


async def test_a_tap_that_was_faster_than_the_card_keeps_its_effect(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    tap = team.tap(row)
    await team.record(replace(tap, press=replace(tap.press, message_id=501)))

    saved = await team.sent(row)

    card = await team.card(saved.cards[0])
    assert (saved.state, saved.revision, len(saved.cards)) == (State.SKIPPED, 1, 1)
    assert (card["message_id"], card["want"], card["shown"], card["claimed_by"]) == (501, 1, 0, "one")


async def test_a_card_that_arrives_after_a_tap_on_its_twin_must_be_drawn_again(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.record(team.tap(row), worker="two")

    saved = await team.sent(row)

    assert [card.message_id for card in saved.cards] == [500, 501]
    card = await team.line("cards", message_id=501)
    assert (card["want"], card["shown"], card["claimed_by"]) == (1, 0, "one")


async def test_a_card_that_was_not_sent_keeps_its_item_and_its_chat_rests(team: Team) -> None:
    """F22."""
    item_id = await team.queue()
    (row,) = (await team.claim()).present

    kept = await team.not_sent(row)

    due = await team.claim()
    assert kept.state is State.WAITING
    assert due.present == ()
    assert due.next_seconds == pytest.approx(15, abs=3)
    await team.world.pass_time(16)
    assert [row.id for row in (await team.claim()).present] == [item_id]
    assert (await team.line("items"))["lost_sends"] == 0


@pytest.mark.parametrize(("failures", "rest"), [(1, 15), (2, 30), (3, 60), (9, 1920)])
async def test_a_chat_rests_twice_as_long_after_each_failure_up_to_32_minutes(
    team: Team, failures: int, rest: int
) -> None:
    await team.set_chat(failed_sends=failures - 1)
    await team.queue()
    (row,) = (await team.claim()).present

    await team.not_sent(row)

    chat = await team.line("chats")
    assert chat["failed_sends"] == failures
    assert (chat["next_card_at"] - await team.world.now()).total_seconds() == pytest.approx(rest, abs=3)


@pytest.mark.parametrize("asked", [7.0, 120.0])
async def test_a_chat_rests_as_long_as_the_platform_asks(team: Team, asked: float) -> None:
    await team.queue()
    (row,) = (await team.claim()).present

    await team.not_sent(row, pause_seconds=asked)

    assert (await team.claim()).next_seconds == pytest.approx(asked, abs=3)


async def test_a_card_that_is_sent_ends_the_count_of_failures(team: Team) -> None:
    await team.set_chat(failed_sends=3)

    await team.present()

    assert (await team.line("chats"))["failed_sends"] == 0


async def test_a_failure_told_twice_counts_once(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.not_sent(row)

    await team.not_sent(row)

    assert (await team.line("chats"))["failed_sends"] == 1


async def test_an_ambiguous_send_comes_again_and_the_second_one_counts_as_presented(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    first = await team.not_sent(row, ambiguous=True)
    await team.world.pass_time(16)
    (again,) = (await team.claim()).present

    second = await team.not_sent(again, ambiguous=True)

    assert (first.state, second.state) == (State.PRESENTING, State.IN_REVIEW)
    assert (await team.line("items"))["lost_sends"] == 2


async def test_a_failure_after_a_tap_changes_nothing(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.record(team.tap(row))

    kept = await team.not_sent(row, ambiguous=True)

    assert kept.state is State.SKIPPED
    assert (await team.line("chats"))["failed_sends"] == 0


async def test_a_failure_of_another_worker_changes_nothing(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim("two")).present

    kept = await team.not_sent(row)

    assert kept.state is State.PRESENTING
    assert (await team.line("items"))["held_by"] == "two"


async def test_an_item_that_nobody_taps_expires_after_the_review_hours(team: Team) -> None:
    """F23: recorded, and shown on its card."""
    shown = await team.present()
    assert (await team.claim()).next_seconds == pytest.approx(48 * 3600, abs=5)

    await team.world.pass_time(48 * 3600 + 1)

    (row,) = (await team.claim("two")).expired
    assert (row.id, row.state, row.version) == (shown.id, State.EXPIRED, 1)
    assert row.settled is not None
    assert (row.settled.action, row.settled.by) == (Action.EXPIRE, None)
    assert (await team.card(shown.cards[0]))["claimed_by"] == "two"
    assert (await team.line("item_events"))["step"] == "expire"


async def test_an_item_expires_in_a_paused_chat_too(team: Team) -> None:
    await team.present()
    await team.set_chat(paused=True)

    await team.world.pass_time(49 * 3600)

    assert len((await team.claim()).expired) == 1


async def test_a_rehearsal_starts_the_review_hours_anew(team: Team) -> None:
    shown = await team.present()
    await team.world.pass_time(40 * 3600)
    await team.finish(await team.settle(shown, Action.AUTO_POST, BEN), Action.REHEARSED)

    await team.world.pass_time(10 * 3600)

    assert (await team.claim()).expired == ()


async def test_an_expired_item_locks_nothing(team: Team) -> None:
    await team.present(chat_id=CHAT)
    await team.world.pass_time(49 * 3600)

    await team.claim()

    assert await team.lines("locks") == []


async def test_a_claim_that_is_kept_lasts_another_minute(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.world.pass_time(50)

    assert await team.keep(row)

    await team.world.pass_time(50)
    assert (await team.claim("two")).present == ()
    await team.world.pass_time(11)
    assert [again.id for again in (await team.claim("two")).present] == [row.id]


async def test_a_claim_that_another_worker_took_over_cannot_be_kept(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.world.pass_time(61)
    await team.claim("two")

    assert not await team.keep(row)

    assert (await team.line("items"))["held_by"] == "two"


async def test_a_claim_of_an_item_that_somebody_decided_cannot_be_kept(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.record(team.tap(row))

    assert not await team.keep(row)


async def test_a_card_that_is_sent_again_to_a_new_group_keeps_its_claim(team: Team) -> None:
    row = await team.present()
    await team.ask(MoveChat(CHAT, CHAT - 1))
    (again,) = (await team.claim()).present
    await team.world.pass_time(50)

    assert await team.keep(again)

    await team.world.pass_time(50)
    assert (again.id, (await team.claim("two")).present) == (row.id, ())


async def test_why_a_card_was_not_sent_is_kept_and_the_same_reason_again_is_counted(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present
    await team.not_sent(row, reason="no network")
    await team.world.pass_time(16)
    (row,) = (await team.claim()).present
    await team.not_sent(row, reason="no network")
    await team.not_sent(row, reason="told twice")
    await team.world.pass_time(31)
    (row,) = (await team.claim()).present

    await team.not_sent(row, ambiguous=True, reason="no answer")

    kept = [(line["fate"], line["reason"], line["times"]) for line in await team.lines("card_failures")]
    assert sorted(kept) == [("lost", "no answer", 1), ("not_sent", "no network", 2)]


async def _lose(team: Team) -> Item:
    """Have the card of an item lost twice."""
    await team.queue()
    (row,) = (await team.claim()).present
    await team.not_sent(row, ambiguous=True)
    await team.world.pass_time(16)
    (again,) = (await team.claim()).present
    return await team.not_sent(again, ambiguous=True)


async def test_a_card_that_was_lost_twice_is_lost_for_all_to_see(team: Team) -> None:
    lost = await _lose(team)

    view = await team.ask(LookAtChat(CHAT, BEN.id, 9))
    assert lost.card_lost
    assert view is not None
    assert (view.in_review, view.cards_lost, [row.card_lost for row in view.queue]) == (1, 1, [True])


async def test_a_lost_card_that_somebody_taps_after_all_is_not_lost(team: Team) -> None:
    lost = await _lose(team)

    await team.record(team.tap(lost, Action.AUTO_POST))

    assert not (await team.load(lost)).card_lost


async def test_a_card_that_was_lost_with_its_worker_is_told_to_who_finds_it(team: Team) -> None:
    await team.queue()
    await team.claim()
    await team.world.pass_time(61)
    await team.claim("two")
    await team.world.pass_time(61)

    found = await team.claim("three")

    assert (found.present, [row.card_lost for row in found.lost]) == ((), [True])
    kept = [(line["fate"], line["reason"], line["times"]) for line in await team.lines("card_failures")]
    assert kept == [("lost", "its worker ended before it knew", 2)]


async def test_an_item_that_nobody_could_tap_does_not_expire_as_if_nobody_had(team: Team) -> None:
    lost = await _lose(team)
    await team.world.pass_time(49 * 3600)

    (expired,) = (await team.claim()).expired

    assert (expired.id, expired.note) == (lost.id, "Nobody could tap: its card could not be shown.")
