"""Asks the row about messages that were drawn without it, until it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from actors.database.request import Cause, NotStored, Priority, RequestTerms, Store
from actors.domain.messages import Checked
from actors.domain.taps import Press
from actors.item.effects import CheckCard
from actors.operations.taps import LookAtCard

ASK_SECONDS = 30.0
AGAIN_SECONDS = 1.0


@dataclass
class Checks:
    """The checks of one item: one a message, however often it was drawn meanwhile; what was drawn last counts."""

    store: Store
    pause: Callable[[float], Awaitable[bool]]
    _wanted: dict[int, CheckCard] = field(default_factory=dict)

    def want(self, check: CheckCard) -> bool:
        """Have this message checked; True if somebody must `look`, False if somebody does already."""
        under_way = check.press.message_id in self._wanted
        self._wanted[check.press.message_id] = check
        return not under_way

    async def look(self, press: Press) -> Checked | None:
        """Ask until answered; None: no such item, no hope, or we stop."""
        asked = LookAtCard(press.chat_id, press.item_id, press.message_id)
        try:
            while True:
                check = self._wanted[press.message_id]
                try:
                    terms = RequestTerms(anyio.current_time() + ASK_SECONDS, Priority.LOW)
                    row = (await self.store.ask(asked, terms)).value
                except NotStored as lost:
                    if lost.cause is Cause.REFUSED or await self.pause(AGAIN_SECONDS):
                        return None
                else:
                    if row is None:
                        return None
                    # What was drawn while we asked may lie over something that is newer than this answer.
                    if self._wanted[press.message_id] is check:
                        return Checked(check.press, row, check.line, check.drawn)
        finally:
            del self._wanted[press.message_id]
