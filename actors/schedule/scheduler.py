"""Sleeps until an item is due, claims its card, and tells the item."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import structlog

from actors.audit.lines import LoggedTaps, write_change_line, write_item_line
from actors.database.asking import terms_for
from actors.database.request import NotStored, RequestTerms, Store
from actors.domain.item import State
from actors.domain.messages import CardNotSent, Changed, Message, Present
from actors.errors import MailboxClosed
from actors.operations.housekeeping import Prune
from actors.operations.schedule import ChangesTold, ClaimDue, Due
from actors.peers import Items
from actors.runtime.child import ChildContext
from actors.runtime.waiting import WakeUp, look_and_sleep, seconds_to_poll_window

log = structlog.get_logger()

AFTER_OUTAGE_SECONDS = 2.0
TOLD_SECONDS = 3.0
WORKER_ENDED = "its worker ended before it knew"
PRUNE_SECONDS = 6 * 3600.0
PRUNE_BITE = 5000  # rows of one kind that are deleted at once; fewer of all kinds together: nothing is left
BITE_SECONDS = 1.0  # between two bites: slots are looked at, and taps have the database


class Scheduler:
    """The actor that knows when the next slot comes; `wake` makes it look at once."""

    def __init__(self, store: Store, items: Items, worker: str, on_left_behind: Callable[[], None]) -> None:
        self._logged_taps = LoggedTaps()
        self._on_left_behind = on_left_behind
        self._store = store
        self._items = items
        self._worker = worker
        self._wake_up = WakeUp()
        self._pruned_at: float | None = None
        self._looks = 0

    def wake(self) -> None:
        """Something was queued, settled or failed: look at the schedule again."""
        self._wake_up.ring()

    async def run(self, context: ChildContext) -> None:
        """Claim and sleep until stopped."""
        context.ready()
        await look_and_sleep(self._look, context.stopping, self._wake_up)

    async def _look(self) -> float:
        """Claim what is due; returns how long to sleep."""
        self._looks += 1
        key = f"{self._worker}/{self._looks}"
        operation = ClaimDue(self._worker, key)
        try:
            reply = await self._store.ask(operation, _ticket())
            due = reply.value
            self._write_changes(due)
            await self._tell(due)
            await self._have_forgotten(due, key)
            if reply.attempts > 1:
                # The attempt before may have expired items: their actors were not told, and their cards are not drawn.
                self._on_left_behind()
            more_is_left = await self._prune()
        except NotStored:
            return AFTER_OUTAGE_SECONDS
        pause = BITE_SECONDS if more_is_left else seconds_to_poll_window()
        return pause if due.next_seconds is None else min(pause, due.next_seconds + 0.01)

    async def _tell(self, due: Due) -> None:
        for row in due.present:
            write_item_line(row, "presented", "slot" if row.state is State.PRESENTING else "left behind")
        messages: list[Message] = [Present(row) for row in due.present]
        messages += [Changed(row, "expired") for row in due.expired]
        messages += [CardNotSent(row, WORKER_ENDED) for row in due.lost]
        try:
            for message, row in zip(messages, (*due.present, *due.expired, *due.lost), strict=True):
                await self._items.tell((row.chat_id, row.id), message)
        except MailboxClosed:
            log.info("schedule.stopped", left=len(messages))

    def _write_changes(self, due: Due) -> None:
        """Write what the database kept for us to tell: it came before what this look claimed."""
        for change in due.changes:
            if self._logged_taps.is_untold(change):
                write_change_line(change)

    async def _have_forgotten(self, due: Due, key: str) -> None:
        """What is written the database need not keep; a stop does not come between."""
        if due.changes:
            with anyio.move_on_after(TOLD_SECONDS, shield=True):
                await self._store.ask(ChangesTold(self._worker, key), _ticket())

    async def _prune(self) -> bool:
        """Enforce the retentions, a few times a day and in a poll window that is there anyhow; True if more is left."""
        now = anyio.current_time()
        if self._pruned_at is not None and now - self._pruned_at < PRUNE_SECONDS:
            return False
        gone = (await self._store.ask(Prune(), _ticket())).value
        if gone >= PRUNE_BITE:
            return True
        self._pruned_at = now
        return False


def _ticket() -> RequestTerms:
    return terms_for(30.0)
