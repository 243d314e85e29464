"""Finds what a crash left behind: cards that lie, publishes without a worker."""

from __future__ import annotations

import math

import anyio
import structlog

from actors.bounds import LATE_EDIT_SECONDS
from actors.database.request import NotStored, Priority, RequestTerms, Store
from actors.domain.item import Item
from actors.domain.messages import RECOVERED, Changed, Message, Resume
from actors.errors import MailboxClosed
from actors.operations.cards import Recover, Recoverable
from actors.peers import Items
from actors.runtime.child import ChildContext
from actors.runtime.waiting import WakeUp, look_and_sleep, seconds_to_poll_window

log = structlog.get_logger()

AFTER_OUTAGE_SECONDS = 2.0
SHORTEST_SECONDS = 1.0


class Reconciler:
    """The actor that compares rows and cards: at start, on take-over, after an outage, and when woken."""

    def __init__(self, store: Store, items: Items, worker: str) -> None:
        self._store = store
        self._items = items
        self._worker = worker
        self._wake_up = WakeUp()
        self._everything = True
        self._once_more_at = math.inf

    def wake(self) -> None:
        """Something may have been left behind."""
        self._wake_up.ring()

    def look_at_everything(self) -> None:
        """Another worker may have died over its cards: draw each in review or settled lately, now and once more."""
        self._everything = True
        self._wake_up.ring()

    async def run(self, context: ChildContext) -> None:
        """Look and sleep until stopped."""
        context.ready()
        await look_and_sleep(self._look, context.stopping, self._wake_up)

    async def _look(self) -> float:
        began = anyio.current_time()
        operation = Recover(self._worker, self._everything or began >= self._once_more_at)
        if operation.everything:
            self._once_more_at = began + LATE_EDIT_SECONDS if self._everything else math.inf
        self._everything = False
        try:
            found = (await self._store.ask(operation, RequestTerms(began + 30.0, Priority.LOW))).value
        except NotStored:
            self._everything = self._everything or operation.everything
            return AFTER_OUTAGE_SECONDS
        await self._tell(found)
        now = anyio.current_time()
        next_at = math.inf if found.next_seconds is None else now + found.next_seconds + 0.1
        return max(SHORTEST_SECONDS, min(seconds_to_poll_window(), next_at - now, self._once_more_at - now))

    async def _tell(self, found: Recoverable) -> None:
        if found.behind or found.unpublished:
            log.info("recover.found", behind=len(found.behind), unpublished=len(found.unpublished))
        told: list[tuple[Item, Message]] = [(row, Changed(row, RECOVERED)) for row in found.behind]
        told += [(row, Changed(row, "drawn again")) for row in found.again]
        told += [(row, Resume(row)) for row in found.unpublished]
        try:
            for row, message in told:
                await self._items.tell((row.chat_id, row.id), message)
        except MailboxClosed:
            log.info("recover.stopped", left=len(told))
