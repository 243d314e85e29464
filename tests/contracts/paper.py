"""The database in memory: the simulation's server, and the store behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import datetime

from actors.ports import Pool
from infra.clock import WallClock
from tests.contracts.worlds import Line, in_order
from tests.fakes.admin import Requeue, operator_removes, operator_requeues
from tests.fakes.clock import FakeClock
from tests.fakes.store import Store
from tests.fakes.writer import Writer
from tests.simulation.calm import open_wires
from tests.simulation.database import SimulatedDatabase, SimulatedPool

_IDENTITY = {
    "chats": "chat_key",
    "media": "media_id",
    "items": "item_id",
    "interactions": "id",
    "accounts": "account_id",
}
_AGED = {"chats", "media", "items", "accounts"}


class PaperWorld:
    """A store, open to look at."""

    def __init__(self, clock: FakeClock, server: SimulatedDatabase, pool: Pool) -> None:
        self.clock = clock
        self.pool = pool
        self.tables = server.store.tables
        self._server = server

    async def now(self) -> datetime:
        """The time, with what was skipped."""
        return self.clock.now()

    async def pass_time(self, seconds: float) -> None:
        """Set the clock forward: what is stored stays where it is."""
        self.clock.skip(seconds)

    async def insert(self, table: str, columns: Line) -> Line:
        """Insert, with a number and a time of creation where the real one would give them."""
        tables = self.tables
        given = dict(columns)
        if table in _IDENTITY:
            given[_IDENTITY[table]] = tables.number(_IDENTITY[table])
        if table in _AGED:
            given["created_at"] = self.clock.now()
        with tables.transaction():
            return asdict(tables.by_name[table].make(**given))

    async def lines(self, table: str) -> list[Line]:
        """Read."""
        return in_order([asdict(record) for record in self.tables.by_name[table].all()])

    async def update(self, table: str, key: Line, columns: Line) -> None:
        """Write."""
        tables = self.tables
        with tables.transaction():
            for record in tables.by_name[table].all():
                if key.items() <= asdict(record).items():
                    tables.by_name[table].put(replace(record, **columns))

    async def remove(self, item_id: int) -> str | None:
        """Take out."""
        with self.tables.transaction():
            refusal = operator_removes(Writer(self.tables, self.clock.now()), item_id)
        self._server.notify()
        return refusal

    async def requeue(self, item_id: int, *, force: bool = False) -> str | None:
        """Bring back."""
        with self.tables.transaction():
            refusal = operator_requeues(Writer(self.tables, self.clock.now()), Requeue(item_id, None, force))
        self._server.notify()
        return refusal

    async def cut_connections(self) -> None:
        """Cut."""
        self._server.go_away()
        self._server.come_back()


@asynccontextmanager
async def open_simulated() -> AsyncIterator[PaperWorld]:
    """Yield the simulation's server, in weather in which nothing goes wrong."""
    clock = FakeClock(WallClock().now())
    server = SimulatedDatabase(Store(clock), lambda _operation, _value: None)
    async with open_wires() as (wire,):
        yield PaperWorld(clock, server, SimulatedPool(server, wire, 5))
