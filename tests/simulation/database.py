"""The database server, and one process's pool of connections to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio

from actors.errors import AnswerLost, Unreachable
from actors.operations.cards import AcknowledgeCards
from actors.operations.commands import MoveChat, PauseChat, RequeueItem
from actors.operations.operation import Operation
from actors.operations.publishes import StepPublish
from actors.operations.taps import RecordTap
from tests.fakes.store import Store
from tests.simulation.processes import Process
from tests.simulation.wire import Request, Wire

# The bounds of infra/postgres/pool.py.
ACQUIRE_SECONDS = 3.0
COMMAND_SECONDS = 4.0

T = TypeVar("T")
Committed = Callable[[Operation[Any], object], None]
Learned = Callable[[Process, Operation[Any], object], None]
Asked = Callable[[Operation[Any]], None]


class SimulatedDatabase:
    """The server: one store, whoever is connected; `asked` and `committed` hear of each operation, a transaction."""

    def __init__(self, store: Store, committed: Committed, asked: Asked = lambda _: None) -> None:
        self.store = store
        self._committed = committed
        self.learned: Learned = lambda *_: None
        self._asked = asked
        self.locked: set[tuple[int, int]] = set()
        self.life = 1  # connections of an earlier life of the server are dead, and do not know it
        self.is_away = False
        self.is_deaf = False  # as behind a pooler, where nobody can listen
        self._listeners: list[Hints] = []

    def go_away(self) -> None:
        """Serve nobody, and let every connection die."""
        self.is_away = True
        self.cut()

    def come_back(self) -> None:
        """Serve again."""
        self.is_away = False

    def cut(self) -> None:
        """Cut every connection."""
        self.life += 1
        for listener in self._listeners:
            listener.end()

    def notify(self) -> None:
        """Hint to whoever listens."""
        for listener in () if self.is_deaf else self._listeners:
            listener.hint()

    def apply(self, operation: Operation[T], life: int | None) -> T:
        """Run an operation that has arrived on a connection of this life; None: a pooler in front has kept it."""
        if self.is_away or life not in {self.life, None}:
            raise AnswerLost("the connection to the database was lost under way")
        if isinstance(operation, RecordTap) and self._is_locked(operation):
            raise Unreachable("the database rolled back (SQLSTATE 55P03)")
        self._asked(operation)
        value = self.store.apply(operation)
        self._committed(operation, value)
        hints = isinstance(operation, PauseChat | RequeueItem | MoveChat)
        if hints or (isinstance(operation, AcknowledgeCards) and value):
            self.notify()
        return value

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Hints]:
        """Listen until the connection dies."""
        listener = Hints()
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    def _is_locked(self, operation: RecordTap) -> bool:
        press = operation.tap.press
        return (press.chat_id, press.item_id) in self.locked


class Hints:
    """Yields once for all hints since the last look."""

    def __init__(self) -> None:
        self._news = anyio.Event()
        self._lost = False

    def __aiter__(self) -> Hints:
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


class SimulatedPool:
    """Fills ports.Pool for one process, with the bounds of the real one. `most` sessions were open at once."""

    def __init__(self, server: SimulatedDatabase, wire: Wire, size: int) -> None:
        self.size = size
        self.open = 0
        self.most = 0
        self._server = server
        self._wire = wire
        self._room = anyio.Semaphore(size)
        self._idle: list[int] = []
        self._closed = False

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SimulatedSession]:
        """Take an idle connection, or open one; dead ones are found out by who uses them."""
        with anyio.CancelScope(shield=True):
            life = await self._acquire()
        self.open += 1
        self.most = max(self.most, self.open)
        session = SimulatedSession(self._server, self._wire, life)
        try:
            yield session
        finally:
            self.open -= 1
            if session.is_sound:
                self._idle.append(life)
            self._room.release()

    @asynccontextmanager
    async def notifications(self) -> AsyncIterator[AsyncIterator[None]]:
        """Listen on a connection of its own."""
        await self._connect()
        async with self._server.listen() as hints:
            yield hints

    async def close(self) -> None:
        """Let nobody connect any more."""
        self._closed = True
        self._idle.clear()

    async def _acquire(self) -> int:
        with anyio.move_on_after(ACQUIRE_SECONDS) as waiting:
            await self._room.acquire()
        if waiting.cancelled_caught:
            raise Unreachable("no connection came free")
        if self._idle:
            return self._idle.pop()
        try:
            return await self._connect()
        except BaseException:
            self._room.release()
            raise

    async def _connect(self) -> int:
        if self._closed:
            raise Unreachable("the pool is closed")
        try:
            return await self._wire.ask(Request("database", "connect", self._welcome, ACQUIRE_SECONDS))
        except AnswerLost as error:
            raise Unreachable("no connection could be had") from error

    def _welcome(self) -> int:
        if self._server.is_away:
            raise Unreachable("nobody listens")
        return self._server.life


class SimulatedSession:
    """One connection, for the length of one message."""

    def __init__(self, server: SimulatedDatabase, wire: Wire, life: int) -> None:
        self._server = server
        self._wire = wire
        self._life = life
        self.is_sound = False

    async def run(self, operation: Operation[T]) -> T:
        """Run the operation in one round trip; like the real one, not to be interrupted."""
        request = Request(
            "database",
            _name(operation),
            lambda: self._server.apply(operation, self._life),
            COMMAND_SECONDS,
            True,
            lambda: self._server.apply(operation, None),
        )
        try:
            value = await self._wire.ask(request)
        except Unreachable:
            self.is_sound = True
            raise
        self.is_sound = True
        self._server.learned(self._wire.process, operation, value)
        return value


def _name(operation: Operation[Any]) -> str:
    """What it is called on the way: of taps and of a publish's steps also which, since not all are as dangerous."""
    match operation:
        case RecordTap():
            return f"RecordTap {operation.tap.action.value}"
        case StepPublish():
            return f"StepPublish {operation.move.phase.value}"
        case _:
            return type(operation).__name__
