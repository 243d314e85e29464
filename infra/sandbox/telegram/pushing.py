"""Brings updates to the webhook: each person's taps one by one, again and again until the bot takes them.

The rules are those of the Bot API server (WebhookActor.cpp in tdlib/telegram-bot-api): few connections while nothing is
taken, pauses that double up to a random 60 to 120 s, and no try that would come after the end of an update.
"""

import asyncio
from collections.abc import Callable, Hashable
from contextlib import suppress

import aiohttp

from infra.sandbox.common.faults import FaultKind, Faults
from infra.sandbox.common.journal import Changes
from infra.sandbox.telegram.updates import QueuedUpdate
from infra.sandbox.telegram.webhooks import LINES_A_CONNECTION, NEW_EVERY_SECONDS, WebhookState, pause_after
from infra.sandbox.telegram.world import World

ANSWER_SECONDS = 60.0
LONGEST_PAUSES_SECONDS = (60.0, 120.0)
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


class WebhookDelivery:
    """Where updates wait for the webhook; of each line, that is of one person or one chat, one is on its way."""

    def __init__(self, world: World, faults: Faults, clock: Callable[[], float]) -> None:
        self._world = world
        self._faults = faults
        self._clock = clock
        self._busy: set[Hashable] = set()
        self._news = asyncio.Event()
        self._changes = Changes()
        self._queue = asyncio.Lock()  # those who wait for a connection, in their order

    def wake(self) -> None:
        """Look whether there is something to bring, or nowhere to bring it any more."""
        self._news.set()
        self._changes.wake()

    async def run(self) -> None:
        """Bring updates, until cancelled."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http, asyncio.TaskGroup() as tasks:
            while True:
                self._news.clear()
                if self._world.webhook is not None:
                    for update in self._next(self._world.webhook):
                        tasks.create_task(self._bring(http, self._world.webhook, update))
                await self._news.wait()

    def _next(self, webhook: WebhookState) -> list[QueuedUpdate]:
        chosen: list[QueuedUpdate] = []
        for update in self._world.updates.open_push(self._clock()):
            if update.line not in self._busy and len(self._busy) < LINES_A_CONNECTION * webhook.max_connections:
                self._busy.add(update.line)
                chosen.append(update)
        return chosen

    async def _bring(self, http: aiohttp.ClientSession, webhook: WebhookState, update: QueuedUpdate) -> None:
        """Try until it is taken, has expired, or shall be brought elsewhere."""
        updates, attempt = self._world.updates, 0
        try:
            while self._world.webhook is webhook and updates.holds(update, self._clock()):
                if not await self._connected(webhook):
                    return
                try:
                    pause = await self._push(http, webhook, update, attempt)
                finally:
                    webhook.connections.busy -= 1
                    self._changes.wake()
                if pause is None:
                    webhook.connections.took(self._clock())
                    updates.forget(update)
                    self._world.journal.record(self._clock(), "update.taken", update_id=update.id)
                    return
                if self._clock() + pause >= update.expires_at:
                    updates.drop(update)
                    self._world.journal.record(self._clock(), "update.dropped", update_id=update.id)
                    return
                if webhook.is_over(self._clock()):
                    self._world.set_webhook(None, False, self._clock())
                attempt += 1
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changes.until(lambda: self._world.webhook is not webhook)
        finally:
            self._busy.discard(update.line)
            self.wake()

    async def _connected(self, webhook: WebhookState) -> bool:
        """Wait for a connection, and hold it; False if there is nothing to be brought there any more."""
        async with self._queue:
            while self._world.webhook is webhook and not webhook.connections.has_room(self._clock()):
                with suppress(TimeoutError):
                    async with asyncio.timeout(NEW_EVERY_SECONDS):
                        await self._changes.until(lambda: webhook.connections.has_room(self._clock()))
            if self._world.webhook is not webhook:
                return False
            webhook.connections.busy += 1
            return True

    async def _push(
        self, http: aiohttp.ClientSession, webhook: WebhookState, update: QueuedUpdate, attempt: int
    ) -> float | None:
        """Bring it once, or twice if a fault says so; returns how long to pause, None if it was taken."""
        update.delivered = True
        strikes = self._faults.strike_delivery(self._clock())
        if FaultKind.REDELIVER in strikes:
            self._world.updates.repeat([update.wire()])
        if FaultKind.DUPLICATE in strikes:
            first, _ = await asyncio.gather(*(self._post(http, webhook, update, attempt) for _ in range(2)))
            return first
        return await self._post(http, webhook, update, attempt)

    async def _post(
        self, http: aiohttp.ClientSession, webhook: WebhookState, update: QueuedUpdate, attempt: int
    ) -> float | None:
        longest = self._faults.between(*LONGEST_PAUSES_SECONDS)
        try:
            if self._faults.network_is_off(self._clock()):
                raise aiohttp.ClientError
            headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
            async with http.post(webhook.url, json=update.wire(), headers=headers) as reply:
                await reply.read()
        except (aiohttp.ClientError, TimeoutError):
            webhook.fail(self._clock(), "Connection failed")
            self._world.journal.record(self._clock(), "update.not_taken", update_id=update.id, reason="no answer")
            return pause_after(attempt, longest)
        webhook.heard(reply.status, self._clock())
        if 200 <= reply.status < 300:
            return None
        webhook.fail(self._clock(), f"Wrong response from the webhook: {reply.status} {reply.reason}")
        self._world.journal.record(self._clock(), "update.not_taken", update_id=update.id, reason=str(reply.status))
        return pause_after(attempt, longest, reply.headers.get("Retry-After", ""))
