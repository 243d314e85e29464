"""The open recordings of one item: how long each is held, and how it ended.

A tap is recorded by `RecordTap` under its key, Telegram's id of the press. The database actor tries until the deadline,
TAP_HOLD_SECONDS after our first sight of the tap. There are three ends:

- the database answered: the outcome is known, whatever it is;
- no attempt can have been applied (`certain`): the person is told "not saved, tap again";
- an attempt may have been applied: its answer was lost, or it is still under way. Reading the key back would prove
  nothing, because the attempt may commit after the read.

The third is closed by `CloseTap`: insert the key as refused, or answer what the key already holds. Of the two writes
the first one decides for ever: an attempt that comes later finds the key and changes nothing, and a close that comes
later answers what was recorded. It takes no lock of the item, so it is answered while an attempt waits for that lock.
It is asked until it is answered; meanwhile the card says "not confirmed yet", and its buttons are live.

`certain` is said only if every attempt is known here. Not so for a tap that was delivered again: an earlier process may
have tried it. Not so after a freeze beyond the deadline: Telegram may have brought the tap to another worker. If this
worker ends before the tap is closed, Telegram brings it again, unless it was confirmed to make room for newer taps;
then the next tap decides.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import anyio

from actors.bounds import TAP_HOLD_SECONDS
from actors.database.request import NotStored, Priority, RequestTerms
from actors.domain.messages import Message, NotRecorded
from actors.domain.taps import Press, Tap
from actors.item.dependencies import ItemDependencies
from actors.item.tap_log import OpenTaps
from actors.operations.taps import RecordTap
from actors.runtime.actor import EffectTask

FROZEN_SECONDS = 5.0  # a worker that wakes so late after a tap's deadline was frozen; another one may have stored it


@dataclass
class TapRecorder:
    """By tap, so that a person can give one up and a reminder knows whether it still runs."""

    dependencies: ItemDependencies
    open_taps: OpenTaps
    tell: Callable[[Message], Awaitable[None]]
    _terms: dict[str, RequestTerms] = field(default_factory=dict)

    def begin(self, tap: Tap) -> EffectTask:
        """Hold the tap from now on; what is returned records it, and tells how that ended."""
        terms = self._terms[tap.press.id] = RequestTerms(tap.press.at + TAP_HOLD_SECONDS, Priority.HIGH)
        return partial(self._record, tap, terms)

    def is_open(self, tap: Tap) -> bool:
        """Tell whether it still runs."""
        return tap.press.id in self._terms

    def abandon(self, press: Press) -> None:
        """Let it end now, if it runs."""
        if press.id in self._terms:
            self._terms[press.id].expire()

    async def _record(self, tap: Tap, terms: RequestTerms) -> None:
        open_tap = self.open_taps.of(tap.press)
        outcome: Message
        try:
            reply = await self.dependencies.store.ask(RecordTap(tap, self.dependencies.worker), terms)
        except NotStored as lost:
            frozen = anyio.current_time() > tap.press.at + TAP_HOLD_SECONDS + FROZEN_SECONDS
            outcome = NotRecorded(tap, certain=lost.certain and not tap.press.redelivered and not frozen)
            open_tap.recorded(lost.attempts, lost.waited_for, stored=False)
        else:
            outcome = reply.value
            open_tap.recorded(reply.attempts, reply.waited_for, stored=True)
        self._terms.pop(tap.press.id, None)
        await self.tell(outcome)
