"""getUpdates over HTTP: what is delivered when, and to whom."""

import asyncio

from infra.sandbox.sandbox import Sandbox
from tests.infra.sandbox.client import BotClient


async def test_unconfirmed_updates_come_again_at_once(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sandbox.say(group, 1, "hello")

    first = await bot("getUpdates", offset=0, timeout=50)
    again = await bot("getUpdates", offset=-1, timeout=50)

    assert first["result"] == again["result"]
    assert first["result"][0]["message"]["text"] == "hello"


async def test_an_offset_confirms_what_lies_before_it(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sandbox.say(group, 1, "one")
    sandbox.say(group, 1, "two")
    first = await bot("getUpdates")

    second = await bot("getUpdates", offset=first["result"][1]["update_id"])

    assert [update["message"]["text"] for update in second["result"]] == ["two"]
    assert sandbox.stats()["updates_waiting"] == 1


async def test_a_waiting_poll_is_answered_the_moment_something_happens(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    poll = asyncio.create_task(bot("getUpdates", timeout=50))
    await sandbox.until(sandbox.bot_api.polls.is_waiting)

    sandbox.say(group, 1, "now")

    assert [update["message"]["text"] for update in (await poll)["result"]] == ["now"]


async def test_a_second_poller_ends_the_first_with_409(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    older = asyncio.create_task(bot("getUpdates", timeout=50))
    await sandbox.until(sandbox.bot_api.polls.is_waiting)
    newer = asyncio.create_task(bot("getUpdates", offset=5, timeout=50))

    refused = await older
    sandbox.say(group, 1, "for the newer one")

    assert refused == {
        "ok": False,
        "error_code": 409,
        "description": "Conflict: terminated by other getUpdates request; "
        "make sure that only one bot instance is running",
    }
    assert len((await newer)["result"]) == 1
    assert sandbox.stats()["conflicts"] == 1


async def test_updates_are_numbered_one_by_one(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sandbox.say(group, 1, "one")
    sandbox.say(group, 1, "two")

    ids = [update["update_id"] for update in (await bot("getUpdates"))["result"]]

    assert ids[1] == ids[0] + 1


async def test_only_asked_for_kinds_are_queued_until_asked_otherwise(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    await bot("getUpdates", allowed_updates=["callback_query"])
    sandbox.say(group, 1, "not wanted")
    await bot("getUpdates", offset=1)
    sandbox.say(group, 1, "still not wanted")
    await bot("getUpdates", offset=2, allowed_updates=["message"])
    sandbox.say(group, 1, "wanted")

    updates = (await bot("getUpdates", offset=3))["result"]

    assert [update["message"]["text"] for update in updates] == ["wanted"]


async def test_a_command_is_marked_with_utf16_offsets(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    sandbox.say(group, 1, "🎉 /next@everytap_sandbox_bot please")

    message = (await bot("getUpdates"))["result"][0]["message"]

    assert message["entities"] == [{"type": "bot_command", "offset": 3, "length": 26}]


async def test_a_deleted_webhook_can_take_the_waiting_updates_along(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    sandbox.say(group, 1, "old")

    await bot("deleteWebhook", drop_pending_updates=True)

    assert (await bot("getUpdates"))["result"] == []


async def test_row_5_second_poller_that_need_not_wait_ends_nothing(
    sandbox: Sandbox, group: int, bot: BotClient
) -> None:
    """Client.cpp:16386, https://github.com/tdlib/telegram-bot-api."""
    older = asyncio.create_task(bot("getUpdates", timeout=50))
    await sandbox.until(sandbox.bot_api.polls.is_waiting)

    newer = await bot("getUpdates", offset=5, timeout=0)
    sandbox.say(group, 1, "for the older one")

    assert newer["result"] == []
    assert len((await older)["result"]) == 1
