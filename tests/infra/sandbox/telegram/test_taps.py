"""Taps, toasts, and what a person may press."""

import pytest

from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import Content, User
from infra.sandbox.telegram.queries import QueryAnswer
from infra.sandbox.telegram.rules import QUERY_TOO_OLD, BotApiError, Rules, StageError
from infra.sandbox.telegram.world import ButtonTap, NewChat, World
from tests.infra.sandbox.client import BotClient

SKIP = (({"text": "Skip", "callback_data": "skip:1:0"},),)


async def test_a_tap_arrives_with_the_card_as_it_looks_now(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)
    query_id = sandbox.tap(ButtonTap(group, message_id, 2, "⏭ Skip"))

    query = (await bot("getUpdates"))["result"][0]["callback_query"]

    assert query["id"] == query_id
    assert query_id.isdecimal()
    assert query["data"] == "skip:1:0"
    assert query["from"]["first_name"] == "Bob <b>&_*"
    assert query["message"]["caption"] == "A story"
    assert query["message"]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "skip:1:0"


async def test_a_toast_is_shown_to_the_person_who_tapped(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    query_id = sandbox.tap(ButtonTap(group, await bot.send_card(group), 1, "skip:1:0"))

    answered = await bot("answerCallbackQuery", callback_query_id=query_id, text="Skipping…", show_alert=True)

    toast = sandbox.toasts()[query_id]
    assert answered == {"ok": True, "result": True}
    assert (toast["text"], toast["alert"], toast["attempts"]) == ("Skipping…", True, 1)
    assert toast["at"] >= toast["tapped_at"]


async def test_a_toast_has_200_characters_at_most(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    query_id = sandbox.tap(ButtonTap(group, await bot.send_card(group), 1, "skip:1:0"))

    too_long = await bot("answerCallbackQuery", callback_query_id=query_id, text="x" * 201)
    fits = await bot("answerCallbackQuery", callback_query_id=query_id, text="x" * 200)

    assert too_long["error_code"] == 400
    assert fits["ok"] is True


async def test_a_second_answer_is_refused_and_not_shown(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    query_id = sandbox.tap(ButtonTap(group, await bot.send_card(group), 1, "skip:1:0"))
    await bot("answerCallbackQuery", callback_query_id=query_id, text="first")

    second = await bot("answerCallbackQuery", callback_query_id=query_id, text="second")

    assert second["description"] == f"Bad Request: {QUERY_TOO_OLD}"
    assert sandbox.toasts()[query_id]["text"] == "first"
    assert sandbox.toasts()[query_id]["attempts"] == 2


async def test_an_unknown_query_is_refused(bot: BotClient) -> None:
    refused = await bot("answerCallbackQuery", callback_query_id="17")

    assert refused["description"] == f"Bad Request: {QUERY_TOO_OLD}"


async def test_a_button_that_is_gone_can_only_be_tapped_from_memory(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    message_id = await bot.send_card(group)
    await bot("editMessageReplyMarkup", chat_id=group, message_id=message_id)

    with pytest.raises(StageError):
        sandbox.tap(ButtonTap(group, message_id, 1, "skip:1:0"))
    sandbox.tap(ButtonTap(group, message_id, 1, "skip:1:0", force=True))

    assert (await bot("getUpdates"))["result"][0]["callback_query"]["data"] == "skip:1:0"


async def test_a_tap_on_a_deleted_card_carries_an_inaccessible_message(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    message_id = await bot.send_card(group)
    await bot("deleteMessage", chat_id=group, message_id=message_id)
    sandbox.tap(ButtonTap(group, message_id, 1, "skip:1:0", force=True))

    message = (await bot("getUpdates"))["result"][0]["callback_query"]["message"]

    assert message == {
        "chat": {"id": group, "type": "supergroup", "title": "Team"},
        "message_id": message_id,
        "date": 0,
    }


@pytest.fixture
def world() -> World:
    world = World(Rules(answers_once=False))
    world.create_chat(NewChat("Team", [User(1, "Ann")], id=-7), now=0)
    world.send("-7", Content("text", "x", keyboard=SKIP), now=0)
    return world


def test_a_toast_after_the_window_is_too_old(world: World) -> None:
    query_id = world.tap(ButtonTap(-7, 1, 1, "Skip"), now=10)

    world.answer(query_id, QueryAnswer(40, "in time", alert=False))
    with pytest.raises(BotApiError, match="query is too old"):
        world.answer(query_id, QueryAnswer(40.1, "late", alert=False))


def test_a_second_answer_can_be_allowed(world: World) -> None:
    query_id = world.tap(ButtonTap(-7, 1, 1, "Skip"), now=10)

    assert world.answer(query_id, QueryAnswer(11, "one", alert=False)) is True
    assert world.answer(query_id, QueryAnswer(12, "two", alert=False)) is True


def test_nobody_taps_who_does_not_exist(world: World) -> None:
    with pytest.raises(StageError, match="no person with the id 99"):
        world.tap(ButtonTap(-7, 1, 99, "Skip"), now=10)


def test_a_stranger_of_another_chat_can_tap_what_was_forwarded(world: World) -> None:
    world.create_chat(NewChat("", [User(99, "Mallory")], kind="private"), now=0)

    assert world.tap(ButtonTap(-7, 1, 99, "Skip"), now=10)
