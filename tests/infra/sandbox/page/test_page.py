"""The page over plain HTTP: what is rendered, what is sent when something changes, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.sandbox import Sandbox
from tests.infra.sandbox.client import BotClient

ROLELESS = re.compile(
    r"<(?:pre|code|div|span|p|b|i|em|strong|small)\b[^>]*>"
)  # elements that by themselves have no role


async def post(bot: BotClient, path: str, **wish: Any) -> dict[str, Any]:
    async with bot.http.post(f"{bot.sandbox.url}/sandbox/page/{path}", json=wish) as reply:
        answer: dict[str, Any] = await reply.json()
        return answer


async def page_of(bot: BotClient) -> str:
    async with bot.http.get(bot.sandbox.url) as reply:
        assert reply.url.path == "/sandbox/page"
        return await reply.text()


async def next_event(stream: ClientResponse, kind: str) -> dict[str, Any]:
    """Read on until there is an event of this kind."""
    while (await stream.content.readline()).decode().strip() != f"event: {kind}":
        pass
    line = (await stream.content.readline()).decode()
    payload: dict[str, Any] = json.loads(line.removeprefix("data: "))
    return payload


@pytest.fixture
async def stream(bot: BotClient, group: int) -> AsyncIterator[ClientResponse]:
    """What a page is sent that was rendered now."""
    since = bot.sandbox.telegram.journal.number
    async with bot.http.get(f"{bot.sandbox.url}/sandbox/page/stream?chat={group}&since={since}") as reply:
        yield reply


async def test_names_and_texts_are_escaped(bot: BotClient, group: int) -> None:
    await bot("sendMessage", chat_id=group, text="<script>alert(1)</script> & more")
    await post(bot, "say", chat_id=group, user_id=2, text="<img src=x>")

    page = await page_of(bot)

    assert "Bob &lt;b&gt;&amp;_*" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    assert "&lt;img src=x&gt;" in page


async def test_formatting_of_the_bot_is_kept(bot: BotClient, group: int) -> None:
    await bot("sendMessage", chat_id=group, text="<b>bold</b> <code>copy</code>", parse_mode="HTML")

    assert "<b>bold</b> <code>copy</code>" in await page_of(bot)


async def test_without_a_chat_the_page_says_how_to_make_one(bot: BotClient) -> None:
    async with bot.http.get(bot.sandbox.url) as reply:
        assert reply.status == 400
        assert "POST /sandbox/chats" in await reply.text()


async def test_without_a_demo_there_is_nothing_to_switch(bot: BotClient, group: int) -> None:
    del group

    refused = [await post(bot, "cut"), await post(bot, "story"), await post(bot, "flip", name="away", seconds=5)]

    assert all("only the demo has workers and a database" in answer["error"] for answer in refused)
    assert "Break something" not in await page_of(bot)


async def test_new_card_and_its_edit_are_sent(bot: BotClient, group: int, stream: ClientResponse) -> None:
    message_id = await bot.send_card(group)
    card = await next_event(stream, "message")
    await bot("editMessageCaption", chat_id=group, message_id=message_id, caption="Skipped by Ann")
    edited = await next_event(stream, "message")
    await bot("deleteMessage", chat_id=group, message_id=message_id)
    gone = await next_event(stream, "message")

    assert card["id"] == edited["id"] == gone["id"] == message_id
    assert 'data-tap="skip:1:0"' in card["html"]
    assert "Skipped by Ann" in edited["html"]
    assert "data-tap" not in edited["html"]
    assert gone["html"] == ""


async def test_toast_is_sent_with_the_name_of_who_tapped(bot: BotClient, group: int, stream: ClientResponse) -> None:
    message_id = await bot.send_card(group)
    tapped = await post(bot, "tap", chat_id=group, message_id=message_id, users=[2], button="skip:1:0")
    await bot("answerCallbackQuery", callback_query_id=tapped["query_ids"][0], text="Skipping…")

    toast = await next_event(stream, "toast")

    assert (toast["text"], toast["name"], toast["user_id"]) == ("Skipping…", "Bob <b>&_*", 2)


async def test_two_at_once_are_two_taps(bot: BotClient, group: int) -> None:
    message_id = await bot.send_card(group)

    tapped = await post(bot, "tap", chat_id=group, message_id=message_id, users=[1, 2], button="skip:1:0")
    queries = [bot.sandbox.telegram.queries.by_id[query_id] for query_id in tapped["query_ids"]]

    assert sorted(query.person.id for query in queries) == [1, 2]


async def test_tap_is_told_as_a_story_while_it_is_under_way(bot: BotClient, group: int, stream: ClientResponse) -> None:
    message_id = await bot.send_card(group)
    await post(bot, "tap", chat_id=group, message_id=message_id, users=[1], button="skip:1:0")

    chapter = await next_event(stream, "chapter")

    assert "under way" in chapter["html"]
    assert "Ann taps ⏭ Skip" in chapter["html"]


async def test_page_of_another_life_is_told_to_start_afresh(bot: BotClient, group: int) -> None:
    address = f"{bot.sandbox.url}/sandbox/page/stream?chat={group}"

    async with bot.http.get(address, headers={"last-event-id": "99999"}) as reply:
        assert await reply.text() == "event: reload\ndata: {}\n\n"


async def test_form_of_a_stranger_is_refused(bot: BotClient, group: int) -> None:
    wish = json.dumps({"chat_id": group, "user_id": 1, "text": "hi"})

    async with bot.http.post(f"{bot.sandbox.url}/sandbox/page/say", data=wish) as reply:
        assert reply.status == 400

    assert bot.sandbox.messages(group) == []


async def test_empty_message_is_refused(bot: BotClient, group: int) -> None:
    assert "empty" in (await post(bot, "say", chat_id=group, user_id=1, text="  "))["error"]


async def test_stream_ends_with_the_sandbox(sandbox: Sandbox, stream: ClientResponse) -> None:
    sandbox.set_fault(Fault(FaultKind.DELAY))
    sandbox.close()

    await stream.content.read()

    assert stream.content.at_eof()


def test_what_bears_a_name_has_a_role_with_which_it_is_read_out() -> None:
    """A name on an element without a role is not read out by every screen reader."""
    templates = Path(__file__).parents[4] / "infra/sandbox/page/templates"
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted(templates.glob("*.html")))

    named = [tag for tag in ROLELESS.findall(sources) if "aria-label" in tag]

    assert named != []
    assert [tag for tag in named if "role=" not in tag] == []
