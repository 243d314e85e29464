"""The control API: the same stage for another process."""

import asyncio
import json
import sys
from typing import Any

import pytest
from aiohttp import ClientSession

from infra.sandbox.sandbox import Sandbox
from tests.infra.sandbox.client import BotClient


async def post(bot: BotClient, path: str, **wish: Any) -> Any:
    async with bot.http.post(f"{bot.sandbox.url}/sandbox/{path}", json=wish) as reply:
        return await reply.json()


async def get(bot: BotClient, path: str) -> Any:
    async with bot.http.get(f"{bot.sandbox.url}/sandbox/{path}") as reply:
        return await reply.json()


@pytest.fixture
async def chat_id(bot: BotClient) -> int:
    people = [{"id": 1, "name": "Ann", "username": "ann"}, {"id": 2, "name": "Bob"}]
    return int((await post(bot, "chats", title="Team", type="group", people=people))["id"])


async def test_a_chat_is_made_with_its_people(bot: BotClient, chat_id: int) -> None:
    chat = (await get(bot, "chats"))[0]

    assert (chat["id"], chat["title"], chat["type"]) == (chat_id, "Team", "group")
    assert [person["first_name"] for person in chat["people"]] == ["Ann", "Bob"]


async def test_a_tap_its_toast_and_its_card_can_be_watched(bot: BotClient, chat_id: int) -> None:
    message_id = await bot.send_card(chat_id)
    tap = await post(bot, "taps", chat_id=chat_id, message_id=message_id, user_id=2, button="Posted")
    await bot("answerCallbackQuery", callback_query_id=tap["query_id"], text="Posted…")
    edit = {"chat_id": chat_id, "message_id": message_id, "parse_mode": "HTML"}
    await bot("editMessageCaption", **edit, caption="<b>Posted</b> by Bob")

    toast = (await get(bot, "toasts"))[tap["query_id"]]
    message = (await get(bot, f"chats/{chat_id}/messages"))[0]

    assert (toast["text"], toast["user_id"], toast["callback_data"]) == ("Posted…", 2, "posted:1:0")
    assert (message["text"], message["html"], message["buttons"]) == ("Posted by Bob", "<b>Posted</b> by Bob", [])
    assert [shown["text"] for shown in message["history"]] == ["A story", "Posted by Bob"]
    assert message["history"][0]["at"] < message["history"][1]["at"]


async def test_what_cannot_be_played_is_refused_with_the_reason(bot: BotClient, chat_id: int) -> None:
    refused = await post(bot, "taps", chat_id=chat_id, message_id=9, user_id=1, button="Skip")
    unknown = await post(bot, "faults", kind="gremlins")

    assert refused == {"error": f"StageError: There is no message 9 in chat {chat_id}."}
    assert "gremlins" in unknown["error"]


async def test_faults_are_set_listed_and_cleared(bot: BotClient) -> None:
    number = (await post(bot, "faults", kind="reset_before", method="getMe", times=3))["number"]
    listed = await get(bot, "faults")
    async with bot.http.delete(f"{bot.sandbox.url}/sandbox/faults/{number}") as reply:
        assert reply.status == 200

    assert (listed[0]["kind"], listed[0]["left"]) == ("reset_before", 3)
    assert await get(bot, "faults") == []
    assert (await bot("getMe"))["ok"] is True


async def test_calls_and_edits_are_counted(bot: BotClient, chat_id: int) -> None:
    message_id = await bot.send_card(chat_id)
    for caption in ("one", "one"):
        await bot("editMessageCaption", chat_id=chat_id, message_id=message_id, caption=caption)

    stats = await get(bot, "stats")

    assert stats["calls"] == {"sendPhoto": 1, "editMessageCaption": 2}
    assert stats["edits"] == {f"{chat_id}/{message_id}": 1}
    assert next(iter(stats["refusals"])).startswith("Bad Request: message is not modified")


async def test_the_journal_tells_everything_in_order_and_waits_for_more(bot: BotClient, chat_id: int) -> None:
    await post(bot, "messages", chat_id=chat_id, user_id=1, text="/start")
    told = await get(bot, "journal")
    waiting = asyncio.create_task(get(bot, f"journal?since={told[-1]['number']}&wait_seconds=5"))

    await bot.send_card(chat_id)

    assert [entry["kind"] for entry in told] == ["chat.created", "said"]
    assert [entry["number"] for entry in told] == [1, 2]
    assert [entry["kind"] for entry in await waiting] == ["message.sent"]


async def test_a_stranger_and_a_broken_update_can_be_played(sandbox: Sandbox, bot: BotClient, chat_id: int) -> None:
    await post(bot, "chats", title="", type="private", people=[{"id": 50, "name": "Mallory"}])
    await post(bot, "messages", chat_id=50, user_id=50, text="/next")
    await post(bot, "updates", kind="callback_query", payload={"id": "1"})
    await post(bot, "membership", chat_id=chat_id, user_id=1, bot_is_member=False)

    updates = (await bot("getUpdates"))["result"]

    assert [update.get("message", {}).get("chat", {}).get("type") for update in updates] == ["private", None, None]
    assert "my_chat_member" in updates[2]
    assert len(sandbox.telegram.updates) == 3


async def test_the_sandbox_runs_as_a_process_that_says_where_it_is() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.sandbox", "--no-limits", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    address = json.loads(await process.stdout.readline())

    async with ClientSession() as http, http.get(f"{address['url']}/bot{address['token']}/getMe") as reply:
        assert (await reply.json())["result"]["is_bot"] is True
    process.terminate()
    assert await process.wait() == 0
