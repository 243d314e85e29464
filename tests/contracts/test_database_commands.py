"""Commands in the chat: what they change is changed once, by whom may, in their own chat."""

import anyio

from actors.domain.item import Action, Person, State
from actors.operations.commands import (
    CommandKey,
    CommandOutcome,
    LookAtChat,
    PauseChat,
    PresentNext,
    RequeueItem,
    SetAside,
    Told,
)
from actors.operations.housekeeping import Prune
from tests.contracts.team import ANNA, BEN, CHAT, OTHER_CHAT, Team

FIRST = 901


async def say_next(team: Team, message_id: int = FIRST, worker: str = "one", person: Person = ANNA) -> Told:
    return await team.ask(PresentNext(CommandKey(CHAT, message_id, person), worker))


async def say_pause(team: Team, message_id: int = FIRST, *, paused: bool = True) -> Told:
    return await team.ask(PauseChat(CommandKey(CHAT, message_id, ANNA), paused))


async def say_requeue(team: Team, item_id: int | None, message_id: int = FIRST, chat_id: int = CHAT) -> Told:
    return await team.ask(RequeueItem(CommandKey(chat_id, message_id, ANNA), item_id))


async def test_person_without_a_role_in_a_restricted_chat_changes_nothing(team: Team) -> None:
    """F34."""
    await team.set_chat(restricted=True)
    await team.add_member(ANNA, "reviewer")
    await team.queue()

    refused, done = await say_next(team, 901, person=BEN), await say_next(team, 902, person=ANNA)

    assert refused == Told(CommandOutcome.FORBIDDEN)
    assert done.verdict is CommandOutcome.DONE


async def test_unknown_chat_changes_nothing(team: Team) -> None:
    """F34."""
    wish = CommandKey(-4711, 1, ANNA)

    told = [await team.ask(asked) for asked in (PresentNext(wish, "one"), PauseChat(wish, True), RequeueItem(wish, 1))]

    assert told == [Told(CommandOutcome.UNKNOWN_CHAT)] * 3
    assert await team.ask(LookAtChat(-4711, 11, 5)) is None
    assert await team.lines("commands") == []
    assert len(await team.lines("chats")) == 1


async def test_command_that_is_set_aside_is_not_done_by_a_late_attempt_either(team: Team) -> None:
    await team.queue()
    wish = CommandKey(CHAT, FIRST, ANNA)

    aside = [await team.ask(SetAside(wish, "next")) for _ in range(2)]
    late = await say_next(team)

    assert [*aside, late] == [Told(CommandOutcome.TOO_OLD)] * 3
    assert len((await team.claim()).present) == 1


async def test_command_that_was_done_before_is_not_set_aside(team: Team) -> None:
    await say_pause(team)

    told = await team.ask(SetAside(CommandKey(CHAT, FIRST, ANNA), "pause"))

    assert told == Told(CommandOutcome.DONE)


async def test_command_that_is_set_aside_overtakes_none(team: Team) -> None:
    await team.ask(SetAside(CommandKey(CHAT, 902, ANNA), "resume"))

    assert (await say_pause(team, 901)).verdict is CommandOutcome.DONE


async def test_who_has_no_right_is_told_so_also_of_an_old_command(team: Team) -> None:
    await team.set_chat(restricted=True)

    assert await team.ask(SetAside(CommandKey(CHAT, 901, BEN), "next")) == Told(CommandOutcome.FORBIDDEN)
    assert await team.ask(SetAside(CommandKey(-4711, 902, BEN), "next")) == Told(CommandOutcome.UNKNOWN_CHAT)


async def test_pause_holds_the_schedule_until_resume(team: Team) -> None:
    await team.queue()

    assert (await say_pause(team, 901)).verdict is CommandOutcome.DONE
    assert (await team.claim()).present == ()
    assert (await say_pause(team, 902, paused=False)).verdict is CommandOutcome.DONE
    assert len((await team.claim()).present) == 1


async def test_pause_that_comes_again_after_a_resume_pauses_nothing(team: Team) -> None:
    await say_pause(team, 901)
    await say_pause(team, 902, paused=False)

    again = await say_pause(team, 901)

    assert again.verdict is CommandOutcome.DONE
    assert not (await team.line("chats"))["paused"]


async def test_pause_that_takes_effect_after_a_later_resume_is_overtaken(team: Team) -> None:
    """Its first attempt hung somewhere while people went on."""
    await say_pause(team, 902, paused=False)

    late = await say_pause(team, 901)

    assert late.verdict is CommandOutcome.OVERTAKEN
    assert not (await team.line("chats"))["paused"]


async def test_pause_of_a_paused_chat_says_so(team: Team) -> None:
    await say_pause(team, 901)

    assert (await say_pause(team, 902)).verdict is CommandOutcome.AS_IT_WAS


async def test_resume_is_heard_by_whoever_listens(team: Team) -> None:
    await say_pause(team, 901)

    async with team.world.pool.notifications() as hints:
        await say_pause(team, 902, paused=False)
        with anyio.fail_after(5):
            await anext(hints)


async def test_requeue_brings_a_skipped_item_back_by_name(team: Team) -> None:
    skipped = await team.settle(await team.present(), Action.SKIP)

    told = await say_requeue(team, skipped.id)

    assert told.row is not None
    assert (told.verdict, told.row.state, told.row.version) == (CommandOutcome.DONE, State.WAITING, 2)
    assert (await team.line("item_events", version=2))["user_name"] == "Anna"
    assert await say_requeue(team, skipped.id) == told


async def test_requeue_without_a_number_takes_what_was_settled_last(team: Team) -> None:
    first, second = await team.present(), await team.present()
    await team.settle(second, Action.SKIP)
    await team.world.pass_time(5)
    await team.settle(first, Action.SKIP)

    told = [await say_requeue(team, None, message_id) for message_id in (901, 902, 903)]

    assert [one.row and one.row.id for one in told] == [first.id, second.id, None]
    assert told[2] == Told(CommandOutcome.NOTHING_TO_REQUEUE)


async def test_requeue_says_why_it_cannot(team: Team) -> None:
    posted = await team.settle(await team.present(), Action.POSTED)
    media_id = await team.add_story()
    skipped = await team.settle(await team.present(media_id=media_id), Action.SKIP)
    rejected = await team.settle(await team.present(media_id=media_id), Action.REJECT)

    wished = [posted.id, skipped.id, rejected.id, 4711]
    told = [await say_requeue(team, item_id, 901 + item_id) for item_id in wished]

    assert [one.verdict for one in told] == [
        CommandOutcome.CANNOT_REQUEUE,
        CommandOutcome.LOCKED,
        CommandOutcome.CANNOT_REQUEUE,
        CommandOutcome.UNKNOWN_ITEM,
    ]


async def test_requeue_of_a_story_that_is_queued_again_says_so(team: Team) -> None:
    media_id = await team.add_story()
    skipped = await team.settle(await team.present(media_id=media_id), Action.SKIP)
    await team.queue(media_id=media_id)

    assert (await say_requeue(team, skipped.id)).verdict is CommandOutcome.QUEUED_ALREADY


async def test_item_of_another_chat_is_unknown_here(team: Team) -> None:
    """F34."""
    await team.add_chat(OTHER_CHAT)
    skipped = await team.settle(await team.present(), Action.SKIP)

    told = await say_requeue(team, skipped.id, chat_id=OTHER_CHAT)

    assert told == Told(CommandOutcome.UNKNOWN_ITEM)
    assert await team.load(skipped) == skipped


async def test_view_shows_what_waits_what_is_open_and_what_was_settled(team: Team) -> None:
    settled = await team.settle(await team.present(), Action.SKIP)
    shown, later, sooner = await team.present(), await team.queue(7200), await team.queue(3600)

    view = await team.ask(LookAtChat(CHAT, BEN.id, 2))

    assert view is not None
    assert (view.waiting, view.in_review, view.paused, view.permitted) == (2, 1, False, True)
    assert view.next is not None
    assert view.next.id == sooner
    assert [row.id for row in view.queue] == [shown.id, sooner]
    assert later not in [row.id for row in view.queue]
    assert view.settled == settled


async def test_view_of_a_new_chat_is_empty(team: Team) -> None:
    await team.set_chat(restricted=True)

    view = await team.ask(LookAtChat(CHAT, BEN.id, 5))

    assert view is not None
    assert (view.next, view.queue, view.settled, view.permitted) == (None, (), None, False)


async def test_commands_are_forgotten_after_two_days(team: Team) -> None:
    await say_pause(team)
    await team.world.pass_time(47 * 3600)
    await team.ask(Prune())
    assert len(await team.lines("commands")) == 1

    await team.world.pass_time(2 * 3600)
    await team.ask(Prune())

    assert await team.lines("commands") == []
