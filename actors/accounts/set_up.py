"""Knows what of the set-up is not complete, and says so once: in the log, and to who asks."""

from __future__ import annotations

import structlog

from actors.accounts.shortcomings import Shortcoming, concerning, shortcomings
from actors.database.asking import terms_for
from actors.database.request import NotStored, Store
from actors.operations.set_up import LookAtSetUp, Prerequisites
from actors.runtime.child import ChildContext
from actors.runtime.waiting import POLL_WINDOW_SECONDS, WakeUp, seconds_to_poll_window, until_stopped

log = structlog.get_logger()

LOOK_SECONDS = 6 * 3600.0  # while all is well; what changes that sends a hint, where hints work
ASK_SECONDS = 30.0
COMMAND_SECONDS = 1.0  # a person waits


class SetUpWatch:
    """The actor that looks at start, after a hint, when a person asks, and in a poll window that is there anyhow."""

    def __init__(self, store: Store, means: Prerequisites) -> None:
        self._store = store
        self._means = means
        self._missing: tuple[Shortcoming, ...] = ()
        self._wake_up = WakeUp()

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is not complete, as last seen."""
        return tuple(one.reason for one in self._missing)

    def wake(self) -> None:
        """Something may have come right, or not be right any more."""
        self._wake_up.ring()

    async def of_chat(self, chat_id: int) -> tuple[str, ...]:
        """What this chat feels: as it is now, or, without the database, as last seen."""
        await self._ask(COMMAND_SECONDS)
        return concerning(chat_id, self._missing)

    async def run(self, context: ChildContext) -> None:
        """Look and sleep until stopped."""
        context.ready()
        stopping = False
        while not stopping:
            await until_stopped(context.stopping, self._look)
            calm = LOOK_SECONDS - POLL_WINDOW_SECONDS if not self._missing else 0.0
            stopping = await self._wake_up.wait(seconds_to_poll_window() + calm, context.stopping)

    async def _look(self) -> None:
        await self._ask(ASK_SECONDS)

    async def _ask(self, seconds: float) -> None:
        try:
            found = (await self._store.ask(LookAtSetUp(), terms_for(seconds))).value
        except NotStored:
            return
        before, self._missing = self._missing, shortcomings(found, self._means)
        for one in self._missing:
            if one not in before:
                log.warning(
                    "setup.incomplete", reason=one.reason, chat_id=one.chats[0] if len(one.chats) == 1 else None
                )
        for one in before:
            if one not in self._missing:
                log.info("setup.came_right", reason=one.reason)
