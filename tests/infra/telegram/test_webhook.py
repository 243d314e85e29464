"""The webhook's registration before the sandbox's Telegram, and how a poller gets along with one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from actors.domain.item import Story
from actors.errors import Refused, ShutOut
from actors.ports import Delivery
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.world import NewChat
from infra.telegram.bot import open_telegram
from infra.telegram.update_parsing import ALLOWED
from infra.telegram.updates import TelegramUpdates
from infra.telegram.webhook import Place, TelegramWebhook, open_webhook
from tests.stage import ANNA, CHAT

NOWHERE = "http://127.0.0.1:1/hook"
SECRET = "who-calls-is-telegram"


class NoMedia:
    """Nobody asks for a file here."""

    async def shown(self, story: Story) -> bytes:
        raise AssertionError(story)

    async def thumbnail(self, story: Story) -> bytes | None:
        raise AssertionError(story)

    async def original(self, story: Story) -> bytes:
        raise AssertionError(story)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with open_sandbox() as sandbox:
        sandbox.create_chat(NewChat("Team", [ANNA], id=CHAT))
        yield sandbox


@pytest.fixture
async def webhook(sandbox: Sandbox) -> AsyncIterator[TelegramWebhook]:
    async with open_webhook(sandbox.token, sandbox.url, Place(NOWHERE, SECRET)) as webhook:
        yield webhook


@pytest.fixture
async def updates(sandbox: Sandbox) -> AsyncIterator[TelegramUpdates]:
    async with open_telegram(sandbox.token, sandbox.url, NoMedia()) as (_, updates):
        yield updates


async def test_registration_says_all_that_telegram_needs_to_know(sandbox: Sandbox, webhook: TelegramWebhook) -> None:
    sandbox.say(CHAT, ANNA.id, "kept")

    await webhook.register()

    registered = sandbox.telegram.webhook
    assert registered is not None
    assert (registered.url, registered.secret, registered.max_connections) == (NOWHERE, SECRET, 100)
    assert (registered.allowed, len(sandbox.telegram.updates)) == (frozenset(ALLOWED), 1)


async def test_what_waits_is_brought_at_once_by_a_worker_that_registers_again(
    sandbox: Sandbox, webhook: TelegramWebhook
) -> None:
    """The pauses after failures belong to the registration: a new one begins without."""
    await webhook.register()
    first = sandbox.telegram.webhook
    await webhook.register()
    idle = sandbox.telegram.webhook
    sandbox.say(CHAT, ANNA.id, "hello?")

    await webhook.register()

    assert idle is first
    assert sandbox.telegram.webhook is not first
    assert len(sandbox.telegram.updates) == 1


async def test_look_tells_what_waits_and_what_went_wrong(sandbox: Sandbox, webhook: TelegramWebhook) -> None:
    await webhook.register()
    sandbox.say(CHAT, ANNA.id, "hello?")
    await sandbox.until(lambda: sandbox.telegram.journal.entries[-1].kind == "update.not_taken", 5)

    assert await webhook.look() == Delivery(is_ours=True, waiting=1, trouble="Connection failed")


async def test_look_tells_that_another_address_was_set(sandbox: Sandbox, webhook: TelegramWebhook) -> None:
    async with open_webhook(sandbox.token, sandbox.url, Place(f"{NOWHERE}/2", SECRET)) as newer:
        await newer.register()

    assert await webhook.look() == Delivery(is_ours=False, waiting=0, trouble=None)


async def test_address_that_telegram_does_not_take_is_refused(sandbox: Sandbox) -> None:
    async with open_webhook(sandbox.token, sandbox.url, Place("bot.example.org", SECRET)) as webhook:
        with pytest.raises(Refused, match="url must be provided"):
            await webhook.register()


def test_place_does_not_show_its_secret() -> None:
    assert SECRET not in repr(Place(NOWHERE, SECRET))


async def test_poller_that_begins_ends_the_webhook_and_gets_what_waits(
    sandbox: Sandbox, webhook: TelegramWebhook, updates: TelegramUpdates
) -> None:
    await webhook.register()
    sandbox.say(CHAT, ANNA.id, "kept")

    with capture_logs() as logs:
        found = await updates.get(None, 0.0)

    assert len(found) == 1
    assert sandbox.telegram.webhook is None
    assert [line["event"] for line in logs] == ["webhook.ended"]


async def test_poller_leaves_a_newer_webhook_alone_for_a_moment(
    sandbox: Sandbox, webhook: TelegramWebhook, updates: TelegramUpdates
) -> None:
    await updates.get(None, 0.0)
    await webhook.register()

    with pytest.raises(ShutOut, match="webhook is active") as caught:
        await updates.get(1, 0.0)
    found = await updates.get(2, 0.0)

    assert caught.value.retry_after_seconds == 30.0
    assert (found, sandbox.telegram.webhook) == ([], None)
