"""A webhook over HTTP: what is brought to it, in which order, and how often."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.common.journal import Changes
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.webhooks import Connections, WebhookState, pause_after
from infra.sandbox.telegram.world import ButtonTap
from tests.infra.sandbox.client import BotClient

SECRET = "who-calls-is-telegram"


@dataclass
class Hook:
    """A bot's server: answers as it is told, 200 without more ado."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    held: asyncio.Event | None = None
    changes: Changes = field(default_factory=Changes)

    async def take(self, request: web.Request) -> web.Response:
        self.heard.append(json.loads(await request.text()))
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self.changes.wake()
        if self.held is not None:
            await self.held.wait()
        return self.answers.pop(0) if self.answers else web.Response()

    async def heard_so_many(self, count: int) -> None:
        async with asyncio.timeout(5):
            await self.changes.until(lambda: len(self.heard) >= count)

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.heard]


@asynccontextmanager
async def served(hook: Hook) -> AsyncIterator[Hook]:
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield hook
    finally:
        await runner.cleanup()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with served(Hook()) as hook:
        yield hook


def nothing_waits(sandbox: Sandbox) -> bool:
    return len(sandbox.telegram.updates) == 0


async def test_what_waited_is_brought_with_the_secret_and_forgotten_when_taken(
    sandbox: Sandbox, group: int, bot: BotClient, hook: Hook
) -> None:
    sandbox.say(group, 1, "before")

    done = await bot("setWebhook", url=hook.url, secret_token=SECRET)
    await sandbox.until(lambda: nothing_waits(sandbox), 5)

    assert done["result"] is True
    assert (hook.texts, hook.secrets) == (["before"], [SECRET])


async def test_what_is_not_taken_is_brought_again_after_the_pause_that_was_asked_for(
    sandbox: Sandbox, group: int, bot: BotClient, hook: Hook
) -> None:
    hook.answers = [web.Response(status=503, headers={"Retry-After": "0"}), web.Response(status=500)]
    await bot("setWebhook", url=hook.url)
    sandbox.say(group, 1, "again")

    await hook.heard_so_many(2)
    told = (await bot("getWebhookInfo"))["result"]

    assert len({update["update_id"] for update in hook.heard}) == 1
    assert told["last_error_message"].startswith("Wrong response from the webhook: 50")
    assert (told["url"], told["pending_update_count"]) == (hook.url, 1)


async def test_next_tap_of_a_person_waits_for_the_first_and_nobody_elses_does(
    sandbox: Sandbox, group: int, bot: BotClient, hook: Hook
) -> None:
    card = await bot.send_card(group)
    await bot("setWebhook", url=hook.url)
    sandbox.say(group, 3, "taken")
    await sandbox.until(lambda: nothing_waits(sandbox), 5)
    hook.heard.clear()
    hook.held = asyncio.Event()
    first, second, other = (sandbox.tap(ButtonTap(group, card, person, "Posted")) for person in (1, 1, 2))

    await hook.heard_so_many(2)
    early = [update["callback_query"]["id"] for update in hook.heard]
    hook.held.set()
    await sandbox.until(lambda: nothing_waits(sandbox), 5)

    assert sorted(early) == [first, other]
    assert hook.heard[-1]["callback_query"]["id"] == second


async def test_row_16_what_is_not_taken_keeps_the_next_persons_tap_waiting(
    sandbox: Sandbox, group: int, bot: BotClient, hook: Hook
) -> None:
    """WebhookActor.cpp:279-305, https://github.com/tdlib/telegram-bot-api: one connection while nothing is taken."""
    card = await bot.send_card(group)
    hook.held = asyncio.Event()
    await bot("setWebhook", url=hook.url)
    first, other = (sandbox.tap(ButtonTap(group, card, person, "Posted")) for person in (1, 2))

    await hook.heard_so_many(1)
    await bot("getMe")
    early = [update["callback_query"]["id"] for update in hook.heard]
    hook.held.set()
    await sandbox.until(lambda: nothing_waits(sandbox), 5)

    assert early == [first]
    assert [update["callback_query"]["id"] for update in hook.heard] == [first, other]


def busy(connections: Connections, now: float) -> int:
    """Open as many as there may be."""
    while connections.has_room(now):
        connections.busy += 1
    return connections.busy


def test_row_16_connections_come_ten_by_ten_once_something_was_taken_and_go_ten_seconds_later() -> None:
    """WebhookActor.cpp:691-703, https://github.com/tdlib/telegram-bot-api."""
    connections = Connections(25)

    begun = busy(connections, 100.0)
    connections.took(100.0)
    at_once, later, most = busy(connections, 100.0), busy(connections, 100.5), busy(connections, 104.0)
    connections.busy = 0

    assert (begun, at_once, later, most) == (1, 10, 20, 25)
    assert busy(connections, 110.0) == 1


def test_row_13_pauses_double_up_to_a_minute_or_two() -> None:
    """WebhookActor.cpp:493-523, https://github.com/tdlib/telegram-bot-api."""
    pauses = [pause_after(attempt, 77.0) for attempt in range(9)]

    assert pauses == [0, 2, 4, 8, 16, 32, 64, 77, 77]
    assert (pause_after(3, 77.0, "5"), pause_after(3, 77.0, "99999"), pause_after(3, 77.0, "soon")) == (5, 3600, 8)


async def test_row_13_what_would_come_again_after_its_end_is_dropped(
    sandbox: Sandbox, group: int, bot: BotClient, hook: Hook
) -> None:
    """WebhookActor.cpp:512, https://github.com/tdlib/telegram-bot-api: a tap lives for 150 s."""
    card = await bot.send_card(group)
    hook.answers = [web.Response(status=503, headers={"Retry-After": "151"})]
    await bot("setWebhook", url=hook.url)

    sandbox.tap(ButtonTap(group, card, 1, "Posted"))
    await sandbox.until(lambda: nothing_waits(sandbox), 5)

    assert sandbox.stats()["updates_expired"] == 1


def test_row_12_a_webhook_that_is_gone_for_23_hours_ends() -> None:
    """WebhookActor.h:76, https://github.com/tdlib/telegram-bot-api."""
    gone, back = WebhookState("http://127.0.0.1/"), WebhookState("http://127.0.0.1/")
    for code in (410, 410):
        gone.heard(code, 1.0)
    for code in (410, 200):
        back.heard(code, 1.0)

    assert [gone.is_over(at) for at in (1.0, 23 * 3600.0, 23 * 3600.0 + 1)] == [False, False, True]
    assert not back.is_over(1e9)


async def test_polls_are_refused_while_a_webhook_is_set_and_one_that_waits_is_ended(
    sandbox: Sandbox, bot: BotClient, hook: Hook
) -> None:
    poll = asyncio.create_task(bot("getUpdates", timeout=50))
    await sandbox.until(sandbox.bot_api.polls.is_waiting)

    await bot("setWebhook", url=hook.url)
    refused = await bot("getUpdates")

    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    assert (refused["error_code"], "webhook is active" in refused["description"]) == (409, True)


async def test_update_that_no_webhook_took_waits_for_a_poll(
    sandbox: Sandbox, group: int, bot: BotClient, hook: Hook
) -> None:
    hook.answers = [web.Response(status=503, headers={"Retry-After": "60"})]
    await bot("setWebhook", url=hook.url)
    sandbox.say(group, 1, "kept")
    await hook.heard_so_many(1)

    await bot("deleteWebhook")
    found = (await bot("getUpdates"))["result"]

    assert [update["message"]["text"] for update in found] == ["kept"]


async def test_webhook_that_is_set_once_more_keeps_its_pauses(
    sandbox: Sandbox, group: int, bot: BotClient, hook: Hook
) -> None:
    hook.answers = [web.Response(status=503, headers={"Retry-After": "60"})]
    await bot("setWebhook", url=hook.url)
    sandbox.say(group, 1, "one")
    await hook.heard_so_many(1)

    await bot("setWebhook", url=hook.url)
    await bot("getMe")
    early = len(hook.heard)
    await bot("setWebhook", url=hook.url, secret_token=SECRET)
    await hook.heard_so_many(2)

    assert early == 1
    assert hook.secrets == [None, SECRET]


async def test_nobody_is_there_and_getwebhookinfo_says_so(sandbox: Sandbox, group: int, bot: BotClient) -> None:
    await bot("setWebhook", url="http://127.0.0.1:1/hook")
    sandbox.say(group, 1, "hello?")

    await sandbox.until(lambda: sandbox.telegram.journal.entries[-1].kind == "update.not_taken", 5)

    assert (await bot("getWebhookInfo"))["result"]["last_error_message"] == "Connection failed"


async def test_update_is_brought_twice_when_a_fault_says_so(
    sandbox: Sandbox, group: int, bot: BotClient, hook: Hook
) -> None:
    sandbox.set_fault(Fault(FaultKind.DUPLICATE, times=1))
    await bot("setWebhook", url=hook.url)

    sandbox.say(group, 1, "twice")
    await sandbox.until(lambda: nothing_waits(sandbox), 5)

    assert hook.texts == ["twice", "twice"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"url": "nowhere"}, "bad webhook: "),
        ({"url": "https://a.example/", "secret_token": "no spaces"}, "secret token contains unallowed characters"),
    ],
)
async def test_row_20_bad_webhooks_are_refused_in_words(bot: BotClient, wish: dict[str, str], words: str) -> None:
    """Client.cpp:16018-16023, https://github.com/tdlib/telegram-bot-api."""
    refused = await bot("setWebhook", **wish)

    assert refused["description"].startswith(f"Bad Request: {words}")
    assert (await bot("getWebhookInfo"))["result"]["url"] == ""
