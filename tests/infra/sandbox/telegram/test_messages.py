"""Sending and editing over HTTP."""

import json
from typing import Any

import pytest
from aiohttp import ClientSession

from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.arguments import ReceivedFile
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.rules import NOT_MODIFIED, Rules, StageError
from infra.sandbox.telegram.world import NewChat, Words
from tests.infra.sandbox.client import BUTTONS, BotClient, picture


def refused(envelope: Any) -> tuple[int, str]:
    assert envelope["ok"] is False
    return envelope["error_code"], envelope["description"]


async def test_a_wrong_token_is_401(sandbox: Sandbox, bot: BotClient) -> None:
    async with bot.http.get(f"{sandbox.url}/bot1:wrong/getMe") as reply:
        assert reply.status == 401
        assert await reply.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_an_unknown_method_is_404(bot: BotClient) -> None:
    assert refused(await bot("makeCoffee")) == (404, "Not Found: method not found")


async def test_a_method_is_known_in_any_case_by_get_and_by_form(group: int, bot: BotClient) -> None:
    async with bot.http.get(bot.url("GETCHAT"), params={"chat_id": str(group)}) as by_query:
        assert (await by_query.json())["result"]["title"] == "Team"
    async with bot.http.post(bot.url("getchat"), data={"chat_id": str(group)}) as by_form:
        assert (await by_form.json())["result"]["id"] == group


async def test_a_message_shows_its_entities_and_buttons(group: int, bot: BotClient) -> None:
    envelope = await bot("sendMessage", chat_id=group, text="<b>Hi</b> &lt;", parse_mode="HTML", reply_markup=BUTTONS)

    message = envelope["result"]
    assert message["text"] == "Hi <"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 2}]
    assert message["reply_markup"] == BUTTONS
    assert message["from"]["is_bot"] is True


async def test_structures_may_come_as_json_text(group: int, bot: BotClient) -> None:
    bold = [{"type": "bold", "offset": 0, "length": 1}]

    envelope = await bot("sendMessage", chat_id=str(group), text="x", entities=json.dumps(bold))

    assert envelope["result"]["entities"] == bold


async def test_an_unknown_chat_is_not_found(bot: BotClient) -> None:
    assert refused(await bot("sendMessage", chat_id=-5, text="x")) == (400, "Bad Request: chat not found")


async def test_a_kicked_bot_is_forbidden(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sandbox.set_bot_membership(group, 1, is_member=False)

    answer = await bot("sendMessage", chat_id=group, text="x")

    assert refused(answer) == (403, "Forbidden: bot was kicked from the supergroup chat")
    assert (await bot("getUpdates"))["result"][0]["my_chat_member"]["new_chat_member"]["status"] == "kicked"


async def test_a_group_that_became_a_supergroup_has_another_id(sandbox: Sandbox, bot: BotClient) -> None:
    old = sandbox.create_chat(NewChat("Team", [User(1, "Anna")], "group"))

    new = sandbox.upgrade(old.id, 1)

    refusal = await bot("sendMessage", chat_id=old.id, text="x")
    assert refused(refusal) == (400, "Bad Request: group chat was upgraded to a supergroup chat")
    assert refusal["parameters"] == {"migrate_to_chat_id": new.id}
    left, came = [update["message"] for update in (await bot("getUpdates"))["result"]]
    assert (left["chat"]["id"], left["migrate_to_chat_id"]) == (old.id, new.id)
    assert (came["chat"]["id"], came["migrate_from_chat_id"], came["chat"]["type"]) == (new.id, old.id, "supergroup")
    assert (await bot("sendMessage", chat_id=new.id, text="x"))["ok"]


async def test_a_supergroup_cannot_become_one_again(sandbox: Sandbox, group: int) -> None:
    with pytest.raises(StageError):
        sandbox.upgrade(group, 1)


@pytest.mark.parametrize(
    ("size", "reason"), [(0, "BUTTON_DATA_INVALID"), (65, "BUTTON_DATA_INVALID"), (1, None), (64, None)]
)
async def test_callback_data_has_1_to_64_bytes(group: int, bot: BotClient, size: int, reason: str | None) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "x" * size}]]}

    envelope = await bot("sendMessage", chat_id=group, text="x", reply_markup=markup)

    assert envelope.get("description") == (f"Bad Request: {reason}" if reason else None)


async def test_callback_data_is_counted_in_bytes(group: int, bot: BotClient) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "é" * 33}]]}

    assert refused(await bot("sendMessage", chat_id=group, text="x", reply_markup=markup))[0] == 400


async def test_a_caption_has_1024_characters_after_its_markup_was_read(group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)
    place = {"chat_id": group, "message_id": message_id, "parse_mode": "HTML"}

    fits = await bot("editMessageCaption", **place, caption=f"<b>{'x' * 1024}</b>")
    too_long = await bot("editMessageCaption", **place, caption="x" * 1025)

    assert fits["ok"] is True
    assert refused(too_long) == (400, "Bad Request: message caption is too long")


async def test_an_edit_that_changes_nothing_is_not_modified(group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)
    edit = {"chat_id": group, "message_id": message_id, "caption": "New", "reply_markup": BUTTONS}

    first = await bot("editMessageCaption", **edit)
    second = await bot("editMessageCaption", **edit)

    assert first["result"]["caption"] == "New"
    assert first["result"]["edit_date"] >= first["result"]["date"]
    assert refused(second) == (400, f"Bad Request: {NOT_MODIFIED}")


async def test_an_edit_without_keyboard_takes_the_buttons_away(group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)

    edited = await bot("editMessageCaption", chat_id=group, message_id=message_id, caption="A story")

    assert "reply_markup" not in edited["result"]


async def test_buttons_can_be_changed_alone(group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)

    edited = await bot("editMessageReplyMarkup", chat_id=group, message_id=message_id, reply_markup=BUTTONS)

    assert edited["result"]["reply_markup"] == BUTTONS
    assert edited["result"]["caption"] == "A story"


async def test_a_text_has_no_caption_and_a_photo_no_text(group: int, bot: BotClient) -> None:
    text_id = (await bot("sendMessage", chat_id=group, text="x"))["result"]["message_id"]
    photo_id = await bot.send_card(group)

    no_caption = await bot("editMessageCaption", chat_id=group, message_id=text_id, caption="y")
    no_text = await bot("editMessageText", chat_id=group, message_id=photo_id, text="y")

    assert refused(no_caption)[1] == "Bad Request: there is no caption in the message to edit"
    assert refused(no_text)[1] == "Bad Request: there is no text in the message to edit"


async def test_a_deleted_message_cannot_be_edited_or_deleted(group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)
    assert (await bot("deleteMessage", chat_id=group, message_id=message_id))["result"] is True

    edited = await bot("editMessageCaption", chat_id=group, message_id=message_id, caption="y")
    deleted = await bot("deleteMessage", chat_id=group, message_id=message_id)

    assert refused(edited)[1] == "Bad Request: message to edit not found"
    assert refused(deleted)[1] == "Bad Request: message to delete not found"


async def test_a_persons_message_cannot_be_edited(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    message = sandbox.say(group, 1, "mine")

    edited = await bot("editMessageText", chat_id=group, message_id=message.id, text="yours")

    assert refused(edited)[1] == "Bad Request: message can't be edited"


async def test_a_photo_is_sent_again_by_its_file_id(group: int, bot: BotClient) -> None:
    sent = await bot.upload("sendPhoto", {"chat_id": str(group)}, {"photo": picture()})
    file_id = sent["result"]["photo"][-1]["file_id"]

    again = await bot("sendPhoto", chat_id=group, photo=file_id)
    as_document = await bot("sendDocument", chat_id=group, document=file_id)

    assert again["result"]["photo"] == sent["result"]["photo"]
    assert refused(as_document)[1] == "Bad Request: can't use file of type Photo as Document"


async def test_a_document_is_downloaded_as_it_was_uploaded(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sent = await bot.upload("sendDocument", {"chat_id": str(group)}, {"document": b"the original"})
    file = (await bot("getFile", file_id=sent["result"]["document"]["file_id"]))["result"]

    async with bot.http.get(f"{sandbox.url}/file/bot{sandbox.token}/{file['file_path']}") as reply:
        assert await reply.read() == b"the original"
    assert sent["result"]["document"]["file_name"] == "document.jpg"


async def test_a_photo_must_be_a_picture_of_bearable_shape(group: int, bot: BotClient) -> None:
    where = {"chat_id": str(group)}

    no_picture = await bot.upload("sendPhoto", where, {"photo": b"not a picture"})
    too_long = await bot.upload("sendPhoto", where, {"photo": picture(10, 210)})
    too_wide = await bot.upload("sendPhoto", where, {"photo": picture(9_000, 1_001)})

    assert refused(no_picture)[1] == "Bad Request: IMAGE_PROCESS_FAILED"
    assert refused(too_long)[1] == refused(too_wide)[1] == "Bad Request: PHOTO_INVALID_DIMENSIONS"


async def test_a_document_has_50_megabytes_at_most(group: int, bot: BotClient) -> None:
    envelope = await bot.upload("sendDocument", {"chat_id": str(group)}, {"document": bytes(50 * 1024 * 1024 + 1)})

    assert refused(envelope) == (413, "Request Entity Too Large")


async def test_a_picture_can_be_replaced(group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)
    media = json.dumps({"type": "photo", "media": "attach://new", "caption": "<i>new</i>", "parse_mode": "HTML"})
    values = {"chat_id": str(group), "message_id": str(message_id), "media": media}

    edited = await bot.upload("editMessageMedia", values, {"new": picture(50, 50)})

    assert edited["result"]["photo"][-1]["width"] == 50
    assert edited["result"]["caption"] == "new"


async def test_a_reply_shows_what_it_replies_to(group: int, bot: BotClient) -> None:
    message_id = await bot.send_card(group)

    reply = await bot("sendMessage", chat_id=group, text="x", reply_parameters={"message_id": message_id})
    lost = await bot("sendMessage", chat_id=group, text="x", reply_parameters={"message_id": 99})

    assert reply["result"]["reply_to_message"]["message_id"] == message_id
    assert refused(lost)[1] == "Bad Request: message to be replied not found"


async def test_too_many_messages_are_asked_to_wait(bot: BotClient) -> None:
    async with open_sandbox(rules=Rules(chat_burst=1, chat_per_second=0.1)) as strict:
        chat = strict.create_chat(NewChat("Team"))
        strict_bot = BotClient(bot.http, strict)
        await strict_bot("sendMessage", chat_id=chat.id, text="one")

        envelope = await strict_bot("sendMessage", chat_id=chat.id, text="two")

        assert envelope["parameters"] == {"retry_after": 10}
        assert refused(envelope) == (429, "Too Many Requests: retry after 10")
        assert strict.stats()["too_many_requests"] == 1


async def test_members_are_told_apart(group: int, bot: BotClient) -> None:
    member = await bot("getChatMember", chat_id=group, user_id=1)
    itself = await bot("getChatMember", chat_id=group, user_id=123456)

    assert member["result"]["status"] == "member"
    assert itself["result"]["status"] == "administrator"
    assert (await bot("getChatMemberCount", chat_id=group))["result"] == 4


async def test_photo_of_a_person_arrives_with_its_caption_and_what_it_answers(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    sent = (await bot("sendMessage", chat_id=group, text="x"))["result"]
    shown = ReceivedFile("a.jpg", "image/jpeg", picture())

    sandbox.show(Words(group, 1, "look", sent["message_id"], shown, "photo"))

    message = (await bot("getUpdates"))["result"][0]["message"]
    assert (message["caption"], len(message["photo"])) == ("look", 2)
    assert message["reply_to_message"]["from"]["id"] == sent["from"]["id"]


async def test_bot_without_rights_in_a_group_hears_commands_and_answers_to_it_only(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    sent = (await bot("sendMessage", chat_id=group, text="x"))["result"]
    sandbox.telegram.chats[group].bot_is_admin = False

    for words in (Words(group, 1, "hello"), Words(group, 1, "/next"), Words(group, 1, "ok", sent["message_id"])):
        sandbox.show(words)

    heard = [update["message"]["text"] for update in (await bot("getUpdates"))["result"]]
    assert heard == ["/next", "ok"]


async def test_row_50_messages_of_a_topic_say_so_and_threads_of_answers_do_not(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    """Client.cpp:4126, https://github.com/tdlib/telegram-bot-api."""
    first = (await bot("sendMessage", chat_id=group, text="one"))["result"]["message_id"]
    answer = (await bot("sendMessage", chat_id=group, text="two", reply_parameters={"message_id": first}))["result"]
    topic = sandbox.open_topic(group, 1)
    in_topic = (await bot("sendMessage", chat_id=group, text="three", message_thread_id=topic))["result"]
    general = (await bot("sendMessage", chat_id=group, text="four"))["result"]

    assert (answer["message_thread_id"], "is_topic_message" in answer) == (first, False)
    assert (in_topic["message_thread_id"], in_topic["is_topic_message"]) == (topic, True)
    assert ("message_thread_id" in general, general["chat"]["is_forum"]) == (False, True)


async def test_row_50_topic_that_is_closed_or_none_refuses(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    """Client.cpp:8256-8290, https://github.com/tdlib/telegram-bot-api."""
    topic = sandbox.open_topic(group, 1)
    sandbox.close_topic(group, topic)

    closed = await bot("sendMessage", chat_id=group, text="x", message_thread_id=topic)
    gone = await bot("sendMessage", chat_id=group, text="x", message_thread_id=topic + 1)

    assert refused(closed) == (400, "Bad Request: TOPIC_CLOSED")
    assert refused(gone) == (400, "Bad Request: message thread not found")


async def test_row_34_controls_become_spaces_and_what_turns_a_line_round_vanishes(group: int, bot: BotClient) -> None:
    """misc.cpp:76-161, https://github.com/tdlib/td; a newline, and our own marks, stay."""
    text = "\u00a0a\tb\x0b\r\nc\u202ed\u2028e\u2068f\u2069\u2063 \n"

    sent = (await bot("sendMessage", chat_id=group, text=text))["result"]["text"]

    assert sent == "\u00a0a b \ncde\u2068f\u2069\u2063"


async def test_row_35_entity_may_lack_its_semicolon(group: int, bot: BotClient) -> None:
    """MessageEntity.cpp:3240-3287, https://github.com/tdlib/td."""
    sent = await bot("sendMessage", chat_id=group, text="&lt b &amp; &#65 &ltx &apos;", parse_mode="HTML")

    assert sent["result"]["text"] == "< b & A &ltx &apos;"


async def test_row_37_photo_that_is_too_large_is_refused_with_its_size(group: int, bot: BotClient) -> None:
    """FileLoaderUtils.cpp:338, https://github.com/tdlib/td."""
    large = picture() + bytes(10 * 1024 * 1024)

    refusal = await bot.upload("sendPhoto", {"chat_id": str(group)}, {"photo": large})

    assert refused(refusal)[1].startswith(f"Bad Request: file of size {len(large)} bytes is too big for a photo; ")


async def test_row_57_reference_to_a_file_that_did_not_come_is_none(group: int, bot: BotClient) -> None:
    """Client.cpp:10049, https://github.com/tdlib/telegram-bot-api."""
    refusal = await bot("sendPhoto", chat_id=group, photo="attach://p")

    assert refused(refusal) == (400, "Bad Request: there is no photo in the request")


async def test_row_42_flood_of_a_second_is_waited_for_inside_the_call() -> None:
    """NetQueryDelayer.cpp:100, https://github.com/tdlib/td: up to 8 s in all the call just takes longer."""
    async with open_sandbox() as sandbox, ClientSession() as http:
        chat, bot = sandbox.create_chat(NewChat("Team", [User(1, "Ann")])).id, BotClient(http, sandbox)

        sent = [await bot("sendMessage", chat_id=chat, text=str(number)) for number in range(4)]

    assert [envelope["ok"] for envelope in sent] == [True] * 4
    assert sandbox.stats()["too_many_requests"] == 0


async def test_row_44_flood_above_8_seconds_is_refused_with_a_header() -> None:
    """HttpConnection.cpp:74, https://github.com/tdlib/telegram-bot-api."""
    async with open_sandbox(rules=Rules(group_per_minute=1)) as sandbox, ClientSession() as http:
        chat, bot = sandbox.create_chat(NewChat("Team", [User(1, "Ann")])).id, BotClient(http, sandbox)
        await bot("sendMessage", chat_id=chat, text="one")

        async with http.post(bot.url("sendMessage"), json={"chat_id": chat, "text": "two"}) as reply:
            asked = (await reply.json())["parameters"]["retry_after"]

    assert reply.status == 429
    assert reply.headers["Retry-After"] == str(asked)


async def test_row_45_group_that_has_moved_refuses_sends_and_takes_edits(sandbox: Sandbox, bot: BotClient) -> None:
    """Client.cpp:8150, https://github.com/tdlib/telegram-bot-api: the check asks for write access."""
    old = sandbox.create_chat(NewChat("Team", [User(1, "Ann")], "group")).id
    sent = (await bot("sendMessage", chat_id=old, text="one"))["result"]["message_id"]
    sandbox.upgrade(old, 1)

    edited = await bot("editMessageText", chat_id=old, message_id=sent, text="two")
    refusal = await bot("sendMessage", chat_id=old, text="three")

    assert edited["ok"]
    assert refused(refusal)[1] == "Bad Request: group chat was upgraded to a supergroup chat"
