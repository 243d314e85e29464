"""The crowd taps, and the report counts what it saw."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from infra.sandbox.demo.report import Judgement, Report, Tapped, count, first_verdict
from infra.sandbox.demo.simulated_users import Crowd, Pace, SeenCard
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import ChatMessage, Content, User
from infra.sandbox.telegram.queries import QueryAnswer
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import ButtonTap, NewChat, World
from tests.infra.sandbox.client import BotClient

DECISIONS = {"Skip": "skip", "Posted": "posted", "Auto Post": "post", "Reject": "reject"}
FAST = Pace(look=(0, 0.01), again=(0, 0.01), settle=0.05, patience=4)


def buttons(item: int) -> tuple[tuple[dict[str, str], ...], ...]:
    return (tuple({"text": f"• {text}", "callback_data": f"{verb}:{item}:0"} for text, verb in DECISIONS.items()),)


def card(item: int) -> Content:
    return Content("text", f"Story {item}", keyboard=buttons(item))


def report_of(crowd: Crowd, sandbox: Sandbox) -> Report:
    return count(crowd.taps, sandbox.telegram, sandbox.clock())


def taps_by_card(crowd: Crowd) -> dict[int, list[tuple[int, str]]]:
    cards = {tap.message_id for tap in crowd.taps}
    return {each: [(tap.user_id, tap.button) for tap in crowd.taps if tap.message_id == each] for each in cards}


async def play_bot(bot: BotClient, chat_id: int) -> None:
    """Settle items as everytap would, in the simplest way that can work."""
    offset, settled = 0, dict[str, str]()
    while True:
        for update in (await bot("getUpdates", offset=offset, timeout=50))["result"]:
            offset = update["update_id"] + 1
            query = update["callback_query"]
            verb, item, _ = query["data"].split(":")
            await bot("answerCallbackQuery", callback_query_id=query["id"], text="…")
            place = {"chat_id": chat_id, "message_id": query["message"]["message_id"]}
            if item in settled:
                continue
            if verb == "reject":
                confirm = [{"text": "Yes, reject", "callback_data": f"yes:{item}:0"}]
                confirm += [{"text": "No, keep it", "callback_data": f"no:{item}:0"}]
                await bot("editMessageReplyMarkup", **place, reply_markup={"inline_keyboard": [confirm]})
            elif verb in ("no", "post"):
                markup = {"inline_keyboard": [list(row) for row in buttons(int(item))]}
                await bot("editMessageReplyMarkup", **place, reply_markup=markup)
            else:
                past = {"skip": "Skipped", "posted": "Posted", "yes": "Rejected"}[verb]
                settled[item] = f"{past} by {query['from']['first_name']}, 04:38"
                await bot("editMessageText", **place, text=settled[item])


@pytest.fixture
async def worker(bot: BotClient, group: int) -> AsyncIterator[None]:
    playing = asyncio.create_task(play_bot(bot, group))
    yield
    playing.cancel()
    with suppress(asyncio.CancelledError):
        await playing


@pytest.mark.usefixtures("worker")
async def test_a_crowd_settles_every_card_and_the_report_finds_nothing_lost(sandbox: Sandbox, group: int) -> None:
    crowd = Crowd(sandbox, Random(3), FAST)
    for item in range(24):
        sandbox.telegram.send(str(group), card(item), sandbox.clock())

    await crowd.run(0.1)
    await sandbox.until(lambda: report_of(crowd, sandbox).toasts == len(crowd.taps))

    report = report_of(crowd, sandbox)
    assert (report.items, report.settled, report.duplicates, report.lost) == (24, 24, 0, 0)
    assert report.taps == report.answered > 24
    assert {tap.button for tap in crowd.taps} >= {*DECISIONS}
    assert report.toast_p99_ms is not None


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("play", "button"), [(Crowd.reject, "Yes, reject"), (Crowd.reject_and_keep, "No, keep it")])
async def test_who_rejects_is_asked_and_answers(
    sandbox: Sandbox, group: int, play: Callable[[Crowd, SeenCard], Awaitable[None]], button: str
) -> None:
    crowd, remembered = Crowd(sandbox, Random(3), replace(FAST, patience=60)), dict[str, str]()
    sandbox.telegram.send(str(group), card(1), sandbox.clock())
    chat = sandbox.telegram.chats[group]

    await play(crowd, SeenCard(chat, chat.messages[1], remembered, Random(3)))

    assert [tap.button for tap in crowd.taps] == ["Reject", button]


async def test_what_is_done_with_a_card_does_not_hang_on_how_fast_the_others_go(sandbox: Sandbox, group: int) -> None:
    """Else a slow machine plays another game than a fast one, from the same seed."""
    slow, quick = Pace((0.05, 0.01), (0, 0), 0, patience=0.1), Pace((0.01, 0.05), (0, 0), 0, patience=0.1)
    crowds = [Crowd(sandbox, Random(3), slow), Crowd(sandbox, Random(3), quick)]
    for item in range(8):
        sandbox.telegram.send(str(group), card(item), sandbox.clock())

    for crowd in crowds:
        await crowd.run(0.1)

    first, second = (sorted(taps_by_card(crowd).items()) for crowd in crowds)
    assert first == second


@pytest.fixture
def world() -> World:
    world = World(Rules(limits=False))
    world.create_chat(NewChat("Team", [User(1, "Ann"), User(2, "Bob")], id=-7), now=0)
    world.send("-7", card(1), now=0)
    return world


def tap(world: World, now: float, message_id: int = 1) -> Tapped:
    query_id = world.tap(ButtonTap(-7, message_id, 1, "skip:1:0", force=True), now)
    return Tapped(query_id, 1, -7, message_id, "Skip", now)


def show(world: World, text: str, now: float, content: Content | None = None) -> ChatMessage:
    world.edit(("-7", 1), lambda _: content or Content("text", text), now)
    return world.chats[-7].messages[1]


def test_a_tap_without_toast_or_change_is_lost_once_patience_is_over(world: World) -> None:
    tapped = tap(world, now=10)

    assert (count([tapped], world, now=19).lost, count([tapped], world, now=19).waiting) == (0, 1)
    assert (count([tapped], world, now=20).lost, count([tapped], world, now=20).waiting) == (1, 0)
    assert count([tapped], world, now=12, judgement=Judgement(patience_seconds=1)).lost == 1


def test_a_change_of_the_card_is_an_answer_too(world: World) -> None:
    tapped = tap(world, now=10)
    show(world, "Skipped by Ann", now=10.25)

    report = count([tapped], world, now=30)

    assert (report.answered, report.lost, report.toasts, report.answer_p99_ms) == (1, 0, 0, 250)


def test_an_empty_answer_shows_nothing(world: World) -> None:
    tapped = tap(world, now=10)
    world.answer(tapped.query_id, QueryAnswer(10.1, "", alert=False))

    assert count([tapped], world, now=30).lost == 1


def test_a_toast_is_timed_from_the_tap(world: World) -> None:
    taps = [tap(world, now=10), tap(world, now=11)]
    world.answer(taps[0].query_id, QueryAnswer(10.02, "Skipping…", alert=False))
    world.answer(taps[1].query_id, QueryAnswer(11.3, "Skipping…", alert=False))

    report = count(taps, world, now=30)

    assert (report.toast_p50_ms, report.toast_p99_ms) == (20, 300)


def test_an_item_that_was_settled_two_ways_is_a_duplicate(world: World) -> None:
    show(world, "Skipped by Ann", now=10)
    show(world, "Skipped by Ann, 04:38\nBob's Skip, 04:39: too late", now=11)
    assert count([], world, now=30).duplicates == 0

    show(world, "Posted by Bob", now=12)

    assert count([], world, now=30).duplicates == 1


def test_two_cards_of_one_item_count_once_and_must_agree(world: World) -> None:
    world.send("-7", card(1), now=1)
    show(world, "Skipped by Ann", now=10)

    report = count([], world, now=30)

    assert (report.items, report.settled, report.duplicates) == (1, 0, 0)


def test_a_card_that_lost_its_buttons_and_says_nothing_is_not_settled(world: World) -> None:
    show(world, "Story 1", now=10)

    assert count([], world, now=30).settled == 0


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Story\n⏭ Skipped by Ann, 04:38", "skipped by ann"),
        ("✅ Posted by hand by Bob <b>, 04:38", "posted by bob <b>"),
        ("Ann's Skip, 04:39: too late, posted via Instagram by Bob, 04:38", "posted by bob"),
        ("⏳ Ann is skipping this…", None),
    ],
)
def test_a_verdict_is_a_verb_and_a_person(text: str, verdict: str | None) -> None:
    assert first_verdict(text) == verdict
