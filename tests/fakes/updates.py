"""Telegram's side of the updates, in memory: kept until they are confirmed, one poller at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio
from anyio.lowlevel import checkpoint

from actors.domain.taps import AskToReject, KeepIt, SendOriginal, Tap
from actors.domain.updates import Membership, Moved, Other, Poison, Said, Unknown, Update
from actors.ports import Conflict
from tests.fakes.faults import Effect, Faults

MOST = 100
SAME_OFFSET_SECONDS = 0.5
IMPATIENT_SECONDS = 3.0
PRESS_SECONDS = 150.0
UPDATE_SECONDS = 86_400.0


class Inbox:
    """What the platform holds for one bot, whoever polls."""

    def __init__(self, first_id: int = 1000) -> None:
        self._held: dict[int, Update] = {}
        self._expires_at: dict[int, float] = {}
        self._next_id = first_id
        self._news = anyio.Event()
        self._polls = 0
        self._asked: tuple[int | None, float] = (-1, 0.0)
        self.offset: int | None = None

    @property
    def unconfirmed(self) -> list[int]:
        """The ids of what is still held."""
        return list(self._held)

    def put(self, update: Update) -> int:
        """Hold an update for whoever polls, under an id of our own; returns the id."""
        update_id, self._next_id = self._next_id, self._next_id + 1
        lifetime = UPDATE_SECONDS
        match update:
            case Said() | Membership() | Moved() | Unknown() | Other() | Poison():
                self._held[update_id] = replace(update, update_id=update_id)
            case _:
                self._held[update_id] = replace(update, press=replace(update.press, update_id=update_id))
                lifetime = PRESS_SECONDS
        self._expires_at[update_id] = anyio.current_time() + lifetime
        self._wake()
        return update_id

    async def poll(self, offset: int | None, timeout_seconds: float) -> list[Update]:
        """Confirm what is below the offset, then wait for more; a newer poll ends an older one with Conflict."""
        self._polls += 1
        number = self._polls
        self._wake()
        most, seconds = self._brake(offset, timeout_seconds)
        await checkpoint()
        self._confirm(offset)
        with anyio.move_on_after(seconds):
            while not self._held and number == self._polls:
                await self._news.wait()
        if number != self._polls:
            raise Conflict
        return list(self._held.values())[:most]

    def _confirm(self, offset: int | None) -> None:
        """Forget what was confirmed or grew too old; an offset from the future confirms nothing."""
        now = anyio.current_time()
        below = offset if offset is not None and offset <= self._next_id else 0
        self.offset = offset
        for update_id in list(self._held):
            if update_id < below or self._expires_at[update_id] <= now:
                del self._held[update_id], self._expires_at[update_id]

    def _brake(self, offset: int | None, seconds: float) -> tuple[int, float]:
        """The same offset again waits 3 s if it comes within 3 s, and gets one update only within half a second."""
        now = anyio.current_time()
        before, at = self._asked
        self._asked = (offset, now)
        if offset != before or now - at >= IMPATIENT_SECONDS:
            return MOST, seconds
        return (1 if now - at < SAME_OFFSET_SECONDS else MOST), max(seconds, IMPATIENT_SECONDS)

    def _wake(self) -> None:
        self._news.set()
        self._news = anyio.Event()


class FakeUpdates:
    """Fills ports.Updates for one worker. Faults are those of `get`."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.faults = Faults()

    async def get(self, offset: int | None, timeout_seconds: float) -> Sequence[object]:
        """Poll, or go wrong; a lost answer may have confirmed what it was to confirm."""
        fault = self.faults.take("get")
        if fault is None:
            return await self.inbox.poll(offset, timeout_seconds)
        if fault.effect is not Effect.NEVER:
            await self.inbox.poll(offset, 0.0)
        await checkpoint()
        raise fault.error

    def identify(self, raw: object) -> int:
        """Read the id."""
        match raw:
            case Tap(press) | AskToReject(press) | KeepIt(press) | SendOriginal(press):
                return press.update_id
            case Said() | Membership() | Moved() | Unknown() | Other() | Poison():
                return raw.update_id
        return -1

    def parse(self, raw: object, at: float, redelivered: bool) -> Update:
        """Read an update as seen at this moment; what `put` did not hold is poison."""
        match raw:
            case Tap() | AskToReject() | KeepIt() | SendOriginal():
                return replace(raw, press=replace(raw.press, at=at, redelivered=redelivered))
            case Said():
                return replace(raw, at=at, redelivered=redelivered)
            case Membership():
                return replace(raw, at=at)
            case Moved() | Unknown() | Other() | Poison():
                return raw
        return Poison(-1, "it has no id")
