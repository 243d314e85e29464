"""The open recordings of one item: how long each is held, and how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import anyio

from actors.audit.tap_log import Traces
from actors.database.request import NotStored, Priority, RequestTerms
from actors.domain.messages import Message, NotRecorded
from actors.domain.taps import Press, Tap
from actors.item.dependencies import Outside
from actors.operations.taps import RecordTap
from actors.runtime.actor import EffectTask

FROZEN_SECONDS = 5.0  # whoever wakes so long after a tap's deadline was frozen, and another worker may have stored it
HOLD_SECONDS = 100.0  # Telegram keeps a tap for 150 s; within 100 s of our first sight it is stored or refused


@dataclass
class Recordings:
    """By tap, so that a person can give one up and a reminder knows whether it still runs."""

    outside: Outside
    traces: Traces
    tell: Callable[[Message], Awaitable[None]]
    _tickets: dict[str, RequestTerms] = field(default_factory=dict)

    def begin(self, tap: Tap) -> EffectTask:
        """Hold the tap from now on; what is returned records it, and tells how that ended."""
        terms = self._tickets[tap.press.id] = RequestTerms(tap.press.at + HOLD_SECONDS, Priority.HIGH)
        return partial(self._record, tap, terms)

    def is_open(self, tap: Tap) -> bool:
        """Tell whether it still runs."""
        return tap.press.id in self._tickets

    def abandon(self, press: Press) -> None:
        """Let it end now, if it runs."""
        if press.id in self._tickets:
            self._tickets[press.id].expire()

    async def _record(self, tap: Tap, terms: RequestTerms) -> None:
        trace = self.traces.of(tap.press)
        outcome: Message
        try:
            reply = await self.outside.store.ask(RecordTap(tap, self.outside.worker), terms)
        except NotStored as lost:
            frozen = anyio.current_time() > tap.press.at + HOLD_SECONDS + FROZEN_SECONDS
            outcome = NotRecorded(tap, certain=lost.certain and not tap.press.redelivered and not frozen)
            trace.recorded(lost.attempts, lost.waited_for, stored=False)
        else:
            outcome = reply.value
            trace.recorded(reply.attempts, reply.waited_for, stored=True)
        self._tickets.pop(tap.press.id, None)
        await self.tell(outcome)
