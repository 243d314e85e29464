"""Brings updates to the webhook: each person's taps one by one, again and again until the bot takes them."""

import asyncio
from collections.abc import Callable, Hashable
from contextlib import suppress

import aiohttp

from infra.sandbox.common.faults import FaultKind, Faults
from infra.sandbox.common.journal import Changes
from infra.sandbox.telegram.updates import QueuedUpdate
from infra.sandbox.telegram.webhooks import WebhookState
from infra.sandbox.telegram.world import World

ANSWER_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0
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
            if update.line not in self._busy and len(self._busy) < webhook.max_connections:
                self._busy.add(update.line)
                chosen.append(update)
        return chosen

    async def _bring(self, http: aiohttp.ClientSession, webhook: WebhookState, update: QueuedUpdate) -> None:
        """Try until it is taken, has expired, or shall be brought elsewhere."""
        updates, attempt = self._world.updates, 0
        try:
            while self._world.webhook is webhook and updates.holds(update, self._clock()):
                pause = await self._push(http, webhook, update, attempt)
                if pause is None:
                    updates.forget(update)
                    self._world.journal.record(self._clock(), "update.taken", update_id=update.id)
                    return
                attempt += 1
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changes.until(lambda: self._world.webhook is not webhook)
        finally:
            self._busy.discard(update.line)
            self.wake()

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
        pause = 0.0 if attempt == 0 else float(2**attempt)
        try:
            if self._faults.network_is_off(self._clock()):
                raise aiohttp.ClientError
            headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
            async with http.post(webhook.url, json=update.wire(), headers=headers) as reply:
                await reply.read()
        except (aiohttp.ClientError, TimeoutError):
            webhook.fail(self._clock(), "Connection failed")
            self._world.journal.record(self._clock(), "update.not_taken", update_id=update.id, reason="no answer")
            return pause
        if 200 <= reply.status < 300:
            return None
        webhook.fail(self._clock(), f"Wrong response from the webhook: {reply.status} {reply.reason}")
        self._world.journal.record(self._clock(), "update.not_taken", update_id=update.id, reason=str(reply.status))
        asked = reply.headers.get("Retry-After", "")
        return min(float(asked), LONGEST_PAUSE_SECONDS) if asked.isdecimal() else pause
