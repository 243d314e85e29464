"""One database with one connection to it that is cut: the real pool, the real actor, and eyes beside the proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import anyio
import asyncpg

from actors.database.actor import Database
from actors.database.request import Priority as Urgency
from actors.database.request import Reply, RequestTerms
from actors.operations.operation import Operation
from actors.runtime.child import ChildContext
from infra.postgres.pool import PoolSettings, open_pool
from infra.postgres.statements import STATEMENTS
from tests.contracts.worlds import EMPTY, PostgresWorld
from tests.faults.setups import Road
from tests.tcp_proxy import Ending

T = TypeVar("T")

HELD_SECONDS = 30.0  # a tap is held for 100; nothing here may take as long as this
CALM_SECONDS = 15.0
TABLES = "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
ROWS = "select '{0}: ' || regexp_replace(row_to_json(t)::text, $1, '\"at\"', 'g') from {0} t"
MOMENT = '"[0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*"'  # differs from run to run; that there is one does not
ONE_MARK = "alter table items alter column mark set default 'k9_Xq-'"  # of chance, it would differ from run to run
OTHERS = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@dataclass(slots=True)
class Lane:
    """`database` asks over the road, and `world` prepares over it; `eyes` looks past the proxy.

    `warm`: the case whose statement the connection knows.
    """

    road: Road
    database: Database
    eyes: asyncpg.Connection[asyncpg.Record]
    world: PostgresWorld
    rows: str
    warm: str | None = None

    async def empty(self) -> None:
        """Empty every table and begin to count from one."""
        await self.eyes.execute(EMPTY)

    async def ask(self, operation: Operation[T]) -> Reply[T]:
        """Ask as a tap does."""
        ticket = RequestTerms(anyio.current_time() + HELD_SECONDS, Urgency.HIGH)
        return await self.database.ask(operation, ticket)

    async def idle_in_transaction(self) -> int:
        """Count the sessions that hold a transaction open for nobody."""
        count: int = await self.eyes.fetchval(f"select count(*) {OTHERS} and state like 'idle in transaction%'")
        return count

    async def calm_down(self) -> bool:
        """Let the other ends of silent connections learn of it, and wait until no session is at work any more."""
        self.road.proxy.end(Ending.RST)
        with anyio.move_on_after(CALM_SECONDS):
            busy = f"select count(*) {OTHERS} and state <> 'idle'"
            while await self.eyes.fetchval(busy):  # noqa: ASYNC110 - sessions announce nothing
                await anyio.sleep(0.005)
            return True
        return False

    async def snapshot(self) -> list[str]:
        """Every row of every table."""
        return sorted(row[0] for row in await self.eyes.fetch(self.rows, MOMENT))


@asynccontextmanager
async def open_lane(road: Road, dsn: str) -> AsyncIterator[Lane]:
    """Open it; the pool has one session, so that one which does not come back stops all that follows."""
    eyes = await asyncpg.connect(dsn)
    try:
        await eyes.execute(ONE_MARK)
        rows = " union all ".join(ROWS.format(row[0]) for row in await eyes.fetch(TABLES))
        async with (
            open_pool(road.dsn, PoolSettings(1, road.pooled, "cut"), STATEMENTS) as pool,
            anyio.create_task_group() as tasks,
        ):
            database = Database(pool, random=Random(1))
            context = ChildContext()
            tasks.start_soon(database.run, context)
            yield Lane(road, database, eyes, PostgresWorld(pool, eyes), rows)
            context.stopping.set()
    finally:
        await eyes.close()
