"""What the server keeps, and what every operation means to it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, TypeVar

import anyio

from actors.operations.operation import Operation
from actors.ports import Clock
from tests.fakes import (
    cards,
    commands,
    housekeeping,
    insights,
    preflight,
    publishes,
    refusals,
    schedule,
    set_up,
    taps,
    tokens,
)
from tests.fakes.tables import Tables
from tests.fakes.writer import Meanings, Writer

T = TypeVar("T")

MEANINGS: Meanings = MappingProxyType(
    {
        **taps.MEANINGS,
        **cards.MEANINGS,
        **schedule.MEANINGS,
        **publishes.MEANINGS,
        **insights.MEANINGS,
        **commands.MEANINGS,
        **tokens.MEANINGS,
        **preflight.MEANINGS,
        **refusals.MEANINGS,
        **set_up.MEANINGS,
        **housekeeping.MEANINGS,
    }
)


class Store:
    """What the server keeps, whoever is connected to it; several pools (workers) may share one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.tables = Tables()
        self.commits = 0
        self._later: list[tuple[float, Operation[Any]]] = []

    def apply(self, operation: Operation[T]) -> T:
        """Run the operation in one transaction, now, after whatever should have happened before."""
        self.settle()
        return self._commit(operation)

    def apply_later(self, operation: Operation[Any], seconds: float) -> None:
        """Let the operation take effect after so long, though nobody waits for it any more."""
        self._later.append((anyio.current_time() + seconds, operation))

    def settle(self) -> None:
        """Let what was to happen until now have happened."""
        now = anyio.current_time()
        due = sorted((at, number) for number, (at, _) in enumerate(self._later) if at <= now)
        operations = [self._later[number][1] for _, number in due]
        self._later = [(at, operation) for at, operation in self._later if at > now]
        for operation in operations:
            self._commit(operation)

    def _commit(self, operation: Operation[T]) -> T:
        worker: str | None = getattr(operation, "worker", None)
        with self.tables.transaction():
            value: T = MEANINGS[type(operation)](Writer(self.tables, self.clock.now(), worker), operation)
        self.commits += 1
        return value
