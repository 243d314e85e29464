"""Listens for "something was queued": a hint that saves waiting; nothing relies on it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from actors.errors import PortError
from actors.ports import Pool
from actors.runtime.backoff import Backoff
from actors.runtime.child import ChildContext
from actors.runtime.waiting import WakeUp, until_stopped

log = structlog.get_logger()

RETRY = Backoff.doubling(5.0, 300.0)


class NotificationListener:
    """The actor that wakes the schedule when another process changed the queue."""

    def __init__(self, pool: Pool, on_hint: Callable[[], None]) -> None:
        self._pool = pool
        self._on_hint = on_hint

    async def run(self, context: ChildContext) -> None:
        """Listen until stopped; where listening does not work, try again seldom."""
        context.ready()
        failures, stopping = 1, False
        while not stopping:
            heard = await until_stopped(context.stopping, self._listen)
            failures = 1 if heard else failures + 1
            stopping = await WakeUp().wait(RETRY.after(failures), context.stopping)

    async def _listen(self) -> bool:
        listening = False
        try:
            async with self._pool.notifications() as notifications:
                listening = True
                # What was queued before we listened.
                self._on_hint()
                async for _ in notifications:
                    self._on_hint()
        except PortError as error:
            log.info("hints.lost" if listening else "hints.missing", reason=str(error))
        return listening
