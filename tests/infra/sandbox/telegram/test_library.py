"""python-telegram-bot against the sandbox: it must not notice the difference."""

from collections.abc import AsyncIterator

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.world import ButtonTap
from tests.infra.sandbox.client import BotClient, picture

SKIP = InlineKeyboardMarkup([[InlineKeyboardButton("Skip", callback_data="skip:1:0")]])


@pytest.fixture
async def library(sandbox: Sandbox) -> AsyncIterator[Bot]:
    async with Bot(sandbox.token, f"{sandbox.url}/bot", f"{sandbox.url}/file/bot") as library:
        yield library


async def test_a_card_is_sent_tapped_answered_and_settled(sandbox: Sandbox, group: int, library: Bot) -> None:
    card = await library.send_photo(group, picture(), caption="<b>A</b> story", parse_mode="HTML", reply_markup=SKIP)
    sandbox.tap(ButtonTap(group, card.message_id, 1, "Skip"))
    (update,) = await library.get_updates(timeout=10)
    query = update.callback_query
    assert query is not None
    assert query.data == "skip:1:0"
    assert await library.answer_callback_query(query.id, "Skipping…")
    edited = await library.edit_message_caption(group, card.message_id, caption="Skipped by Ann")

    assert getattr(edited, "caption", None) == "Skipped by Ann"
    assert sandbox.toasts()[query.id]["text"] == "Skipping…"
    assert sandbox.messages(group)[0]["html"] == "Skipped by Ann"


async def test_an_original_is_sent_and_downloaded(group: int, library: Bot) -> None:
    sent = await library.send_document(group, b"bytes", filename="story.jpg")
    assert sent.document is not None

    file = await library.get_file(sent.document.file_id)

    assert bytes(await file.download_as_bytearray()) == b"bytes"


async def test_every_update_is_parsed(sandbox: Sandbox, group: int, bot: BotClient, library: Bot) -> None:
    message_id = await bot.send_card(group)
    sandbox.tap(ButtonTap(group, message_id, 2, "Posted"))
    sandbox.say(group, 3, "/next please")
    await bot("deleteMessage", chat_id=group, message_id=message_id)
    sandbox.tap(ButtonTap(group, message_id, 2, "skip:1:0", force=True))
    sandbox.set_bot_membership(group, 1, is_member=False)

    updates = [Update.de_json(update, library) for update in (await bot("getUpdates"))["result"]]

    tapped, said, forced, kicked = updates
    assert tapped.callback_query
    assert tapped.callback_query.from_user.first_name == "Bob <b>&_*"
    assert said.message
    assert said.message.parse_entities() == {said.message.entities[0]: "/next"}
    assert forced.callback_query
    assert forced.callback_query.message
    assert not forced.callback_query.message.is_accessible
    assert kicked.my_chat_member
    assert kicked.my_chat_member.new_chat_member.status == "kicked"


async def test_chats_and_members_are_parsed(group: int, library: Bot) -> None:
    assert (await library.get_chat(group)).title == "Team"
    assert (await library.get_chat_member(group, 1)).status == "member"
    assert (await library.get_chat_member(group, library.id)).status == "administrator"
    assert (await library.get_webhook_info()).pending_update_count == 0


# The library announces that retry_after becomes a timedelta, whatever its caller does.
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
async def test_refusals_and_faults_raise_what_the_library_promises(sandbox: Sandbox, group: int, library: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await library.send_message(-4, "x")
    with pytest.raises(BadRequest, match="Can't parse entities"):
        await library.send_message(group, "1 < 2", parse_mode="HTML")
    sandbox.set_fault(Fault(FaultKind.TOO_MANY, times=1, seconds=3))
    with pytest.raises(RetryAfter):
        await library.send_message(group, "x")
    sandbox.set_fault(Fault(FaultKind.SERVER_ERROR, times=1))
    with pytest.raises(NetworkError):
        await library.send_message(group, "x")
    sandbox.set_fault(Fault(FaultKind.RESET_BEFORE, times=1))
    with pytest.raises(NetworkError):
        await library.send_message(group, "x")
    sandbox.set_fault(Fault(FaultKind.BROKEN_BODY, times=1))
    with pytest.raises(TelegramError, match="Invalid server response"):
        await library.send_message(group, "x")
    sandbox.set_bot_membership(group, 1, is_member=False)
    with pytest.raises(Forbidden):
        await library.send_message(group, "x")


async def test_poison_spoils_the_librarys_batch(sandbox: Sandbox, group: int, library: Bot) -> None:
    sandbox.set_fault(Fault(FaultKind.POISON))
    sandbox.say(group, 1, "hello")

    with pytest.raises(TypeError):
        await library.get_updates()
