"""Long polling: one bot waits at a time, and a second one that has to wait ends the wait of the first."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from infra.sandbox.common.faults import FaultKind, Faults
from infra.sandbox.telegram.model import Json
from infra.sandbox.telegram.rules import OTHER_POLLER, SHUT_OUT, WEBHOOK_SET, BotApiError
from infra.sandbox.telegram.updates import Poll
from infra.sandbox.telegram.world import World


class NetworkGoneError(Exception):
    """The connection broke while the bot waited."""


class _Waiting:
    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.error: Exception | None = None

    def is_over(self) -> bool:
        return self.error is not None

    def end(self, error: Exception) -> None:
        self.error = error
        self.woken.set()


class LongPolling:
    """Where getUpdates waits until there is something to deliver."""

    def __init__(self, world: World, faults: Faults, clock: Callable[[], float]) -> None:
        self.conflicts = 0
        self._world = world
        self._faults = faults
        self._clock = clock
        self._waiting: _Waiting | None = None

    async def poll(self, asked: Poll, is_connected: Callable[[], bool]) -> list[Json]:
        """Return updates as soon as there are some, or nothing when the time is up.

        Raises the 409 of two pollers, or of a webhook.
        """
        if self._world.webhook is not None:
            raise BotApiError(409, WEBHOOK_SET)
        now = self._clock()
        poll = self._world.updates.open_poll(asked, now)
        batch = self._world.updates.take(poll, now)
        if not batch and poll.timeout_seconds > 0:
            self._end_waiting(BotApiError(409, OTHER_POLLER))
            batch = await self._wait(poll, is_connected)
        return self._delivered(batch)

    def is_waiting(self) -> bool:
        """Tell whether a bot waits here now."""
        return self._waiting is not None

    def wake(self) -> None:
        """Let the waiting bot look whether there is something for it; a webhook ends its wait."""
        if self._world.webhook is not None:
            self._end_waiting(BotApiError(409, SHUT_OUT))
        if self._waiting is not None and len(self._world.updates):
            self._waiting.woken.set()

    def disconnect(self) -> None:
        """Break the connection of the waiting bot."""
        self._end_waiting(NetworkGoneError())

    async def _wait(self, poll: Poll, is_connected: Callable[[], bool]) -> list[Json]:
        waiting = self._waiting = _Waiting()
        self._world.journal.record(self._clock(), "bot.waiting", offset=poll.offset)
        batch: list[Json] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(poll.timeout_seconds):
                while not batch and not waiting.is_over():
                    await waiting.woken.wait()
                    waiting.woken.clear()
                    batch = [] if waiting.is_over() else self._world.updates.take(poll, self._clock())
        if self._waiting is waiting:
            self._waiting = None
        if waiting.error is not None:
            self.conflicts += isinstance(waiting.error, BotApiError) and is_connected()
            raise waiting.error
        return batch

    def _end_waiting(self, error: Exception) -> None:
        if self._waiting is not None:
            self._waiting.end(error)
            self._waiting = None

    def _delivered(self, batch: list[Json]) -> list[Json]:
        strikes = self._faults.strike_delivery(self._clock()) if batch else frozenset()
        if FaultKind.REDELIVER in strikes:
            self._world.updates.repeat(batch)
        return [update for update in batch for _ in range(2)] if FaultKind.DUPLICATE in strikes else batch
