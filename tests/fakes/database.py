"""PostgreSQL in memory: the same answers as the real one, and every failure of the way to it on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
from anyio.lowlevel import checkpoint

from actors.errors import AnswerLost, PortError, Refused, Unreachable
from actors.operations.cards import AcknowledgeCards
from actors.operations.commands import MoveChat, PauseChat, RequeueItem
from actors.operations.operation import Operation
from actors.operations.taps import RecordTap
from tests.fakes.faults import Effect, Fault, Faults
from tests.fakes.store import Store
from tests.fakes.tables import Tables

T = TypeVar("T")

# The bounds of infra/postgres/pool.py.
ACQUIRE_SECONDS = 3.0
COMMAND_SECONDS = 4.0
LOCK_SECONDS = 0.3


class FakeDatabase:
    """Fills ports.Pool: `size` sessions at once to a Store. `most` were open at once; `ran` is what was sent."""

    def __init__(self, store: Store, size: int = 5) -> None:
        self.store = store
        self.size = size
        self.seconds = 0.0
        self.faults = Faults()
        self.ran: list[Operation[Any]] = []
        self.open = 0
        self.most = 0
        self._room = anyio.Semaphore(size)
        self._away: PortError | None = None
        self._cut = anyio.Event()
        self._locked: set[tuple[int, int]] = set()
        self._hints: list[FakeHints] = []

    @property
    def tables(self) -> Tables:
        """The tables as they are now."""
        self.store.settle()
        return self.store.tables

    def go_away(self, error: PortError | None = None) -> None:
        """Let nobody connect from now on; whoever waits for an answer loses it."""
        self._away = error or Unreachable("nobody listens")
        self._cut.set()
        for hints in self._hints:
            hints.end()

    def come_back(self) -> None:
        """Let everybody connect again."""
        self._away = None
        self._cut = anyio.Event()

    def lock_item(self, chat_id: int, item_id: int) -> None:
        """Let somebody else hold the lock of this item's row: its taps run into their lock timeout."""
        self._locked.add((chat_id, item_id))

    def unlock_item(self, chat_id: int, item_id: int) -> None:
        """Let go of the row."""
        self._locked.discard((chat_id, item_id))

    def notify(self) -> None:
        """Hint to whoever listens that something was queued."""
        for hints in self._hints:
            hints.hint()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[FakeSession]:
        """Connect, wait for a free connection, or fail to."""
        with anyio.CancelScope(shield=True):
            await self._acquire()
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            yield FakeSession(self)
        finally:
            self.open -= 1
            self._room.release()

    @asynccontextmanager
    async def notifications(self) -> AsyncIterator[AsyncIterator[None]]:
        """Listen; ends with Unreachable when the database goes away."""
        if self._away is not None:
            raise self._away
        hints = FakeHints()
        self._hints.append(hints)
        try:
            yield hints
        finally:
            self._hints.remove(hints)

    async def close(self) -> None:
        """Let nobody connect any more."""
        self.go_away(Unreachable("the pool is closed"))

    async def perform(self, operation: Operation[T]) -> T:
        """Send, run and answer, or go wrong as was asked for; like the real one, not to be interrupted."""
        self.ran.append(operation)
        with anyio.CancelScope(shield=True):
            value: T = await self._perform(operation, self.faults.take(type(operation)))
        return value

    async def _perform(self, operation: Operation[T], fault: Fault | None) -> T:
        await self._travel()
        await self._wait_for_lock(operation)
        if fault is not None:
            raise await self._go_wrong(operation, fault)
        value = self.store.apply(operation)
        hints = isinstance(operation, PauseChat | RequeueItem | MoveChat)
        if hints or (isinstance(operation, AcknowledgeCards) and value):
            self.notify()
        await self._travel()
        return value

    async def _acquire(self) -> None:
        await checkpoint()
        if self._away is not None:
            raise self._away
        with anyio.move_on_after(ACQUIRE_SECONDS) as waiting:
            await self._room.acquire()
        if waiting.cancelled_caught:
            raise Unreachable("no connection came free")

    async def _travel(self) -> None:
        """Take half of a round trip, unless the connection is cut on the way."""
        await checkpoint()
        with anyio.move_on_after(self.seconds / 2):
            await self._cut.wait()
        if self._away is not None:
            raise AnswerLost("the connection to the database was lost under way")

    async def _wait_for_lock(self, operation: Operation[Any]) -> None:
        if isinstance(operation, RecordTap):
            press = operation.tap.press
            if (press.chat_id, press.item_id) in self._locked:
                await anyio.sleep(LOCK_SECONDS)
                raise Unreachable("the database rolled back (SQLSTATE 55P03)")

    async def _go_wrong(self, operation: Operation[Any], fault: Fault) -> Exception:
        if fault.effect is Effect.BEFORE:
            self.store.apply(operation)
        elif fault.effect is Effect.LATER:
            self.store.apply_later(operation, fault.later_seconds)
        if fault.silent:
            with anyio.move_on_after(COMMAND_SECONDS):
                await self._cut.wait()
        return fault.error


class FakeSession:
    """One connection, for one message."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def run(self, operation: Operation[T]) -> T:
        """Run the operation in one round trip and one commit."""
        return await self._database.perform(operation)


class FakeHints:
    """Yields once for all hints since the last look."""

    def __init__(self) -> None:
        self._news = anyio.Event()
        self._lost = False

    def __aiter__(self) -> FakeHints:
        return self

    async def __anext__(self) -> None:
        await self._news.wait()
        if self._lost:
            raise Unreachable("the listening connection to the database is gone")
        self._news = anyio.Event()

    def hint(self) -> None:
        """Something was queued."""
        self._news.set()

    def end(self) -> None:
        """The connection is gone."""
        self._lost = True
        self._news.set()


def nothing_happened(*, refused: bool = False) -> Fault:
    """The database says no before anything took effect."""
    reason = "the database rolled back"
    return Fault(Refused(reason) if refused else Unreachable(reason))


def answer_lost(effect: Effect, *, silent: bool = False, later_seconds: float = 1.0) -> Fault:
    """The connection breaks under way, or falls silent; the statement may take effect all the same."""
    return Fault(AnswerLost("the connection to the database was lost under way"), effect, silent, later_seconds)
