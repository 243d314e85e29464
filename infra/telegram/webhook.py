"""Where Telegram is to bring updates, over setWebhook and getWebhookInfo.

https://core.telegram.org/bots/api#setwebhook
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from telegram import Bot

from actors.ports import Delivery
from infra.telegram.caption_text import clip, one_line
from infra.telegram.errors import port_errors
from infra.telegram.http import AiohttpRequest
from infra.telegram.update_parsing import ALLOWED

MOST_AT_ONCE = 100  # the most that Telegram allows: a tap is not to wait for others that are held


@dataclass(frozen=True, slots=True)
class Place:
    """Our address, and what proves that it is Telegram who calls there."""

    url: str
    secret: str = field(repr=False)
    connections: int = MOST_AT_ONCE


class TelegramWebhook:
    """The port Webhook."""

    def __init__(self, bot: Bot, place: Place) -> None:
        self._bot = bot
        self._place = place

    async def register(self) -> None:
        """Have updates brought to us, those included that wait.

        Telegram leaves a webhook that does not change as it is, with pauses of a minute after failures of the worker
        before us. So while updates wait it is ended first.
        """
        with port_errors():
            found = await self._bot.get_webhook_info()
            if found.url and found.pending_update_count:
                await self._bot.delete_webhook(drop_pending_updates=False)
            await self._bot.set_webhook(
                self._place.url,
                max_connections=min(self._place.connections, MOST_AT_ONCE),
                allowed_updates=ALLOWED,
                drop_pending_updates=False,
                secret_token=self._place.secret,
            )

    async def look(self) -> Delivery:
        """Ask Telegram whether it brings updates to us, how many wait, and what went wrong last."""
        with port_errors():
            found = await self._bot.get_webhook_info()
        trouble = clip(one_line(found.last_error_message), 200) if found.last_error_message else None
        return Delivery(found.url == self._place.url, found.pending_update_count, trouble)


@asynccontextmanager
async def open_webhook(
    token: str, api_url: str, place: Place, proxy: str | None = None
) -> AsyncIterator[TelegramWebhook]:
    """Open a connection to Telegram for this alone, and close it."""
    async with AiohttpRequest(1, proxy) as calls:
        yield TelegramWebhook(Bot(token, base_url=f"{api_url}/bot", request=calls), place)
