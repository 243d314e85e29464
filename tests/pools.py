"""A database that exists on paper: it answers, fails and hangs as it is told, on any event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio

from actors.errors import PortError, Unreachable
from actors.operations.operation import Operation
from tests.journal import Journal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Note(Operation[str]):
    """An operation of which nothing needs to be known but its name."""

    name: str


class FakePool:
    """Fills ports.Pool. `journal` notes each acquire, run and end; `most` sessions were open at once."""

    def __init__(self, size: int = 2) -> None:
        self.size = size
        self.journal = Journal()
        self.seconds = 0.01
        self.shielded = False  # as the real one is
        self.most = 0
        self.open = 0
        self.ran: list[Operation[Any]] = []
        self._away: PortError | None = None
        self._failures: dict[object, deque[Exception]] = {}
        self._locked: dict[object, anyio.Event] = {}
        self._answer: Callable[[Operation[Any]], Any] = _name_of

    def go_away(self, error: PortError | None = None) -> None:
        """Let nobody connect from now on."""
        self._away = error or Unreachable("nobody listens")

    def come_back(self) -> None:
        """Let everybody connect again."""
        self._away = None

    def fail(self, operation: Operation[Any], *errors: Exception) -> None:
        """Answer the next attempts at this operation with these, one each."""
        self._failures.setdefault(operation, deque()).extend(errors)

    def hold(self, operation: Operation[Any]) -> anyio.Event:
        """Answer this operation only after the event is set."""
        return self._locked.setdefault(operation, anyio.Event())

    def answers(self, answer: Callable[[Operation[Any]], Any]) -> None:
        """Answer with what this returns, instead of the operation's name."""
        self._answer = answer

    @asynccontextmanager
    async def session(self) -> AsyncIterator[FakeSession]:
        """Connect, or fail to."""
        self.journal.add("acquire")
        if self._away is not None:
            raise self._away
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            yield FakeSession(self)
        finally:
            self.open -= 1

    @asynccontextmanager
    async def notifications(self) -> AsyncIterator[AsyncIterator[None]]:
        """Hear nothing."""
        raise Unreachable("there is no connection to spare for listening")
        yield  # makes this a generator

    async def close(self) -> None:
        """Forget nothing: there is nothing."""

    async def perform(self, operation: Operation[Any]) -> Any:
        """Take the time that it takes, and end as it was told to."""
        self.journal.add(f"run {_name_of(operation)}")
        self.ran.append(operation)
        lock = self._locked.get(operation)
        with anyio.CancelScope(shield=self.shielded):
            await (anyio.sleep(self.seconds) if lock is None else lock.wait())
        failures = self._failures.get(operation)
        if failures:
            raise failures.popleft()
        self.journal.add(f"done {_name_of(operation)}")
        return self._answer(operation)


class FakeSession:
    """One connection of it."""

    def __init__(self, pool: FakePool) -> None:
        self._pool = pool

    async def run(self, operation: Operation[T]) -> T:
        """Run the operation as the pool was told."""
        value: T = await self._pool.perform(operation)
        return value


def _name_of(operation: Operation[Any]) -> str:
    return operation.name if isinstance(operation, Note) else type(operation).__name__
