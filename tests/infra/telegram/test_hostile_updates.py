"""Updates and replies that nobody who means well would send: each becomes a message of ours that can be stored."""

from __future__ import annotations

import json
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot

from actors.domain.item import Story
from actors.domain.taps import Tap
from actors.domain.updates import Membership, Moved, Other, Poison, Said, Unknown, Update
from actors.errors import PortError, Unreachable
from actors.ports import Conflict, Face
from infra.sandbox.telegram.markup import parse_html, utf16_length
from infra.telegram.bot import TelegramChat
from infra.telegram.callback_data import decode, encode
from infra.telegram.cards import LONGEST_CAPTION, caption
from infra.telegram.http import LONGEST_PAUSE_SECONDS, AiohttpRequest
from infra.telegram.update_parsing import LARGEST_ID, LONGEST_KEY
from infra.telegram.updates import TelegramUpdates
from infra.telegram.webhook import Place, TelegramWebhook
from tests.hostile import bent, cruel, few, numbers, spoiled, texts
from tests.infra.telegram.wire import breaks_off, replies, serve
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio

TOKEN = "123456:AAsandboxsandboxsandboxsandboxsandb"
CODES = [200, 204, 302, 400, 403, 409, 418, 429, 500, 599]
UPDATES = TelegramUpdates(AiohttpRequest(1), "")
WRITTEN = "only Anna knows this"
TEAM = {"id": -1001, "type": "supergroup", "title": "Team"}
ANNA = {"id": 5, "is_bot": False, "first_name": WRITTEN, "last_name": "A", "username": "anna"}
ENTITIES = [{"type": "bold", "offset": 0, "length": 5}, {"type": "text_link", "offset": 2, "length": 1, "url": "x:y"}]
CARD: dict[str, Any] = {
    "message_id": 10,
    "chat": TEAM,
    "date": 1,
    "caption": "A & B\nline",
    "caption_entities": ENTITIES,
    "reply_markup": {"inline_keyboard": [[{"text": "Skip", "callback_data": "s:16:3:k9_Xq-"}]]},
}
TAPPED = {
    "update_id": 7,
    "callback_query": {"id": "99", "from": ANNA, "chat_instance": "1", "data": "s:16:3:k9_Xq-", "message": CARD},
}
SAID = {"update_id": 8, "message": {"message_id": 1, "from": ANNA, "chat": TEAM, "date": 1, "text": f"/next {WRITTEN}"}}
MOVED = {"update_id": 9, "message": {"message_id": 1, "chat": TEAM, "date": 1, "migrate_to_chat_id": -1002}}
MEMBER = {
    "update_id": 10,
    "my_chat_member": {
        "chat": TEAM,
        "from": ANNA,
        "date": 1,
        "old_chat_member": {"user": ANNA, "status": "member"},
        "new_chat_member": {"user": ANNA, "status": "kicked", "until_date": 0},
    },
}

REPLY = {"ok": True, "result": [TAPPED, SAID], "description": "Bad Request", "parameters": {"retry_after": 3}}

bodies = (
    spoiled(REPLY).map(lambda reply: json.dumps(reply).encode())
    | bent(json.dumps(REPLY).encode())
    | st.binary(max_size=60)
)
headers = st.sampled_from(["", "Content-Encoding: gzip\r\n", "Content-Encoding: br\r\n", "Content-Type: image/png\r\n"])

updates = spoiled(TAPPED) | spoiled(SAID) | spoiled(MOVED) | spoiled(MEMBER) | cruel


def ids(update: Update) -> list[object]:
    """Every number by which something is looked up or kept."""
    match update:
        case Other() | Poison():
            return [update.update_id]
        case Membership():
            return [update.update_id, update.chat_id, update.user_id]
        case Moved():
            return [update.update_id, update.old_id, update.new_id]
        case Unknown():
            return [update.update_id, update.chat_id or 0, update.message_id or 0, update.person.id]
        case Said():
            return [update.update_id, update.chat_id, update.message_id, update.person.id]
        case _:
            press = update.press
            return [press.update_id, press.chat_id, press.message_id, press.person.id, press.item_id, press.version]


def kept_texts(update: Update) -> list[str]:
    """Every text that reaches the database."""
    match update:
        case Other() | Poison() | Moved() | Membership():
            return []
        case Said() | Unknown():
            return [update.person.name]
        case _:
            return [update.press.id, update.press.person.name]


class NoMedia:
    """A media source that is never asked."""

    async def shown(self, story: Story) -> bytes:
        raise AssertionError(story)

    async def thumbnail(self, story: Story) -> bytes | None:
        raise AssertionError(story)

    async def original(self, story: Story) -> bytes:
        raise AssertionError(story)


@given(updates)
def test_any_update_becomes_a_message_that_the_database_can_keep(raw: object) -> None:
    update = UPDATES.parse(raw, 0.5, redelivered=False)

    assert [found for found in ids(update) if type(found) is not int or abs(found) > LARGEST_ID] == []
    assert [text for text in kept_texts(update) if not text.isprintable() or not 0 < len(text) <= LONGEST_KEY] == []
    assert UPDATES.identify(raw) == ids(update)[0]


@given(updates)
def test_update_that_cannot_be_read_is_told_without_a_word_of_it(raw: object) -> None:
    update = UPDATES.parse(raw, 0.5, redelivered=False)
    told = update.why if isinstance(update, Poison | Other | Unknown) else ""

    assert WRITTEN not in told
    assert len(told) < 60


@given(
    texts
    | st.from_regex(r"[a-z_]{1,17}:\d{1,20}:\d{1,11}(:\d{1,17})?")
    | st.from_regex(r"[a-z]{1,3}:[0-9a-z]{1,14}:[0-9a-z]{1,7}:[A-Za-z0-9_-]{5,7}(:[0-9a-z]{0,12}){0,2}")
)
def test_callback_data_has_one_spelling_or_no_meaning(written: str) -> None:
    meaning = decode(written)

    assert meaning is None or meaning.mark is None or encode(meaning) == written


@given(spoiled(CARD), texts)
def test_card_that_was_seen_can_be_drawn_again_whatever_it_was(card: object, line: str) -> None:
    tapped = {**TAPPED, "callback_query": {**TAPPED["callback_query"], "message": card}}  # type: ignore[dict-item]
    update = UPDATES.parse(tapped, 0.5, redelivered=False)
    seen = update.press.seen if isinstance(update, Tap) else None

    drawn = caption(Face(-1001, 10, 42, 3, seen=seen, line=line))

    assert utf16_length(parse_html(drawn).text) <= LONGEST_CAPTION


async def poll(calls: AiohttpRequest, url: str) -> object:
    return await TelegramUpdates(calls, f"{url}/bot{TOKEN}").get(None, 0)


async def say(calls: AiohttpRequest, url: str) -> None:
    await TelegramChat(Bot(TOKEN, base_url=f"{url}/bot", request=calls), NoMedia()).send_text(-1, "hello")


async def ask_name(calls: AiohttpRequest, url: str) -> object:
    return await TelegramChat(Bot(TOKEN, base_url=f"{url}/bot", request=calls), NoMedia()).own_name()


async def show_menu(calls: AiohttpRequest, url: str) -> None:
    await TelegramChat(Bot(TOKEN, base_url=f"{url}/bot", request=calls), NoMedia()).show_menu([("next", "x")])


async def look(calls: AiohttpRequest, url: str) -> object:
    place = Place("https://bot.example", TOKEN)
    return await TelegramWebhook(Bot(TOKEN, base_url=f"{url}/bot", request=calls), place).look()


@few(4)
@given(st.sampled_from([poll, say, ask_name, show_menu, look]), st.sampled_from(CODES), bodies, headers)
async def test_any_reply_is_an_answer_or_an_error_that_a_port_has(
    call: Callable[[AiohttpRequest, str], Awaitable[object]], code: int, body: bytes, header: str
) -> None:
    head = f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\n{header}\r\n".encode()
    error: Exception | None = None

    async with serve(breaks_off(head + body)) as wire, AiohttpRequest(1) as calls:
        try:
            await call(calls, wire.url)
        except (PortError, Conflict) as raised:
            error = raised

    assert TOKEN not in "".join(traceback.format_exception(error) if error else [])


@few(8)
@given(numbers)
async def test_pause_that_is_asked_for_has_an_end(seconds: float) -> None:
    refusal = replies(429, {"ok": False, "parameters": {"retry_after": seconds}})

    async with serve(refusal) as wire, AiohttpRequest(1) as calls:
        with pytest.raises(Unreachable) as caught:
            await say(calls, wire.url)

    assert 0 < (caught.value.retry_after_seconds or 1) <= LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize("name", ["", None, 7, ["everytap_bot"]])
async def test_name_of_ours_that_is_none_is_an_error_of_the_port(name: object) -> None:
    """As "" it would make every command that names a bot another bot's."""
    me = {"ok": True, "result": {"id": 7, "is_bot": True, "first_name": "everytap", "username": name}}

    async with serve(replies(200, me)) as wire, AiohttpRequest(1) as calls:
        with pytest.raises(PortError):
            await ask_name(calls, wire.url)
