"""What the server keeps, and what every operation means to it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TypeVar

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

    def apply(self, operation: Operation[T]) -> T:
        """Run the operation in one transaction, now."""
        worker: str | None = getattr(operation, "worker", None)
        with self.tables.transaction():
            value: T = MEANINGS[type(operation)](Writer(self.tables, self.clock.now(), worker), operation)
        self.commits += 1
        return value
