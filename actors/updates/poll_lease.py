"""Holds the lease of the update poller, so that of any number of workers one polls and the others can take over.

Telegram serves one poller of a bot and ends the other one's poll with a 409. A row decides which worker polls: owner
and expiry, by the database's clock. Three aims conflict, and the protocol is their compromise:

- A database that suspends when idle must be able to sleep. A lone holder takes the lease for ALONE_SECONDS.
- A standby must take over within 15 s of a death. It registers itself in the row, which cuts the lease to
  CONTESTED_SECONDS, and reads it every STANDBY_SECONDS.
- A living holder must learn of the cut, though it reads nothing. The standby nudges it: it polls Telegram once,
  Telegram ends the holder's poll with a 409, and the holder reads the lease, finds it contested, and renews every
  POLL_RENEW_SECONDS for as long as there is company.

A 409 may also mean that the lease is lost, so the holder is silent until it has read it (`look`). After a freeze, or
while the offset stands still, two pollers may take turns without ever seeing a 409: the lease is read, and polling goes
on meanwhile (`suspect`). A holder whose database is away polls on: toasts and refusals need no database. Two pollers at
once are therefore possible for some seconds. They cost statements and harm nothing, because every effect is keyed.

A worker that took over assumes company for COMPANY_SECONDS, because the row names one standby and there may be more. A
stop gives the lease back, after the last read has ended: a renewal left behind could overtake the release.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import structlog

from actors.bounds import CONTESTED_SECONDS, LAST_READ_SECONDS, POLL_RENEW_SECONDS, STANDBY_SECONDS
from actors.database.asking import terms_for
from actors.database.request import NotStored, Priority, Store
from actors.operations.housekeeping import HoldLease, LeaseState, LeaseView, ReleaseLease
from actors.runtime.child import ChildContext
from actors.runtime.waiting import WakeUp

log = structlog.get_logger()

NAME = "updates"
ALONE_SECONDS = 86_400.0  # a lone holder renews once in half a day
COMPANY_SECONDS = 30.0  # other standbys may exist, and the row names one of them at most
OVERDUE_SECONDS = CONTESTED_SECONDS - POLL_RENEW_SECONDS - 1.0  # left of the lease of a holder that does not renew
OVERDUE_READ_SECONDS = 1.0  # a nudge that comes between two polls is not noticed
TICK_SECONDS = 5.0
FROZEN_SECONDS = 4.0  # late: a freeze that is long enough for a standby to take over makes a tick so late


class PollLease:
    """The actor that knows whether this worker may poll."""

    def __init__(
        self, store: Store, owner: str, nudge: Callable[[], Awaitable[None]], on_take_over: Callable[[], None]
    ) -> None:
        self._store = store
        self._owner = owner
        self._nudge = nudge
        self._on_take_over = on_take_over
        self._wake_up = WakeUp()
        self._held = anyio.Event()
        self.held_since: float | None = None
        self._contested = False
        self._doubted = False
        self._stood_back = False
        self._company_until = 0.0

    @property
    def is_held(self) -> bool:
        """Tell whether this worker may poll now."""
        return self._held.is_set()

    async def wait_held(self) -> None:
        """Wait until this worker may poll."""
        await self._held.wait()

    def look(self) -> None:
        """Another poller was seen: say nothing before the lease has been read."""
        self._stand_back()
        self._doubted = True
        self._wake_up.ring()

    def suspect(self) -> None:
        """Another poller may be there: read the lease, and poll on meanwhile."""
        self._wake_up.ring()

    async def run(self, context: ChildContext) -> None:
        """Hold the lease, or wait for it, until stopped; then give it back."""
        context.ready()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._notice_freezes)
            stopping = False
            while not stopping:
                stopping = await self._wake_up.wait(await self._read_through(context.stopping), context.stopping)
            tasks.cancel_scope.cancel()
        await self._release()

    async def _notice_freezes(self) -> None:
        """A holder that was frozen may have lost its lease, and two who poll by turns may see no conflict for long."""
        while True:
            due = anyio.current_time() + TICK_SECONDS
            await anyio.sleep_until(due)
            late = anyio.current_time() - due
            if late >= FROZEN_SECONDS:
                log.info("lease.woke", late_seconds=round(late, 1))
                self.suspect()

    async def _read_through(self, stopping: anyio.Event) -> float:
        """Read; a stop lets it end within a moment, since a renewal that we left behind could overtake our release."""
        seconds = 0.0
        with anyio.CancelScope() as bound:
            async with anyio.create_task_group() as tasks:

                async def hurry() -> None:
                    await stopping.wait()
                    bound.deadline = anyio.current_time() + LAST_READ_SECONDS

                tasks.start_soon(hurry)
                seconds = await self._read()
                tasks.cancel_scope.cancel()
        return seconds

    async def _read(self) -> float:
        """Take, renew or wait; returns how long until the next look. Without its database a poller polls on."""
        self._doubted = False
        seconds = CONTESTED_SECONDS if self._contested else ALONE_SECONDS
        operation = HoldLease(NAME, self._owner, seconds, CONTESTED_SECONDS)
        try:
            view = (await self._store.ask(operation, terms_for(CONTESTED_SECONDS, Priority.HIGH))).value
        except NotStored:
            return STANDBY_SECONDS
        if self._doubted:
            return 0.0
        return await self._stand(view)

    async def _stand(self, view: LeaseView) -> float:
        if view.standing is LeaseState.STANDBY:
            return await self._stand_by(view)
        if not self._held.is_set():
            log.info("lease.held", contested=view.contested)
            self._held.set()
            self.held_since = anyio.current_time()
            if self._stood_back:
                self._company_until = self.held_since + COMPANY_SECONDS
                self._on_take_over()
        contested = view.contested or anyio.current_time() < self._company_until
        changed, self._contested = contested != self._contested, contested
        if changed:
            return 0.0  # renew at once, for as long as suits the company we have
        return POLL_RENEW_SECONDS if contested else ALONE_SECONDS / 2

    async def _stand_by(self, view: LeaseView) -> float:
        self._stand_back()
        overdue = view.seconds_left < OVERDUE_SECONDS
        if overdue or not self._contested:
            # The holder may not know of us: the platform's 409 makes it look. One that does is left in peace.
            with anyio.move_on_after(STANDBY_SECONDS):
                await self._nudge()
        self._contested = True
        return max(0.1, min(OVERDUE_READ_SECONDS if overdue else STANDBY_SECONDS, view.seconds_left + 0.1))

    def _stand_back(self) -> None:
        self._stood_back = True
        if self._held.is_set():
            self._held = anyio.Event()
            self.held_since = None

    async def _release(self) -> None:
        if self._held.is_set():
            self._stand_back()
            try:
                await self._store.ask(ReleaseLease(NAME, self._owner), terms_for(3.0, Priority.HIGH))
            except NotStored:
                log.info("lease.not_released")
