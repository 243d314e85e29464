"""Asks the row about messages that were drawn without it, until it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from actors.database.asking import ask_until_answered, terms_for
from actors.database.request import NotStored, RequestTerms, Store
from actors.domain.messages import Checked
from actors.domain.taps import Press
from actors.item.effects import CheckCard
from actors.operations.taps import LookAtCard

ASK_SECONDS = 30.0


@dataclass
class CardChecks:
    """The checks of one item: one a message, however often it was drawn meanwhile; what was drawn last counts."""

    store: Store
    pause: Callable[[float], Awaitable[bool]]
    _wanted: dict[int, CheckCard] = field(default_factory=dict)

    def want(self, check: CheckCard) -> bool:
        """Have this message checked; True if the caller must `look`, False if a look is under way."""
        under_way = check.press.message_id in self._wanted
        self._wanted[check.press.message_id] = check
        return not under_way

    async def look(self, press: Press) -> Checked | None:
        """Ask until answered; None: no such item, no hope, or we stop."""
        asked = LookAtCard(press.chat_id, press.item_id, press.message_id)
        check: CheckCard

        def terms() -> RequestTerms:
            nonlocal check
            check = self._wanted[press.message_id]
            return terms_for(ASK_SECONDS)

        try:
            while (reply := await ask_until_answered(self.store, asked, terms, self.pause)) is not None:
                if reply.value is None:
                    return None
                # What was drawn while we asked may lie over something that is newer than this answer.
                if self._wanted[press.message_id] is check:
                    return Checked(check.press, reply.value, check.line, check.drawn)
        except NotStored:
            return None
        else:
            return None
        finally:
            del self._wanted[press.message_id]
