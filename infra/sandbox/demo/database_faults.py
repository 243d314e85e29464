"""What the demo does to the database behind the worker's back, and what it counts afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import asyncpg

DatabaseConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CUT = """
select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
# An item whose decisions outnumber its versions, or a tap that decided twice, would be an effect too many.
COUNT = """
select json_build_object(
  'settled_rows', count(*) filter (where state in ('posted', 'skipped', 'rejected')),
  'recorded', (select count(*) from item_events where tap_id is not null),
  'doubled', (select count(*) from (
      select from item_events where tap_id is not null group by chat_key, tap_id having count(*) > 1) as taps)
    + (select count(*) from items i where i.version <> (
      select count(*) from item_events e where e.chat_key = i.chat_key and e.item_id = i.item_id)))
from items
"""


class DatabaseFaults:
    """Cuts the worker's connections, holds rows, and counts what they say; `connected` opens one connection more."""

    def __init__(
        self, connection: DatabaseConnection, connected: Callable[[], AbstractAsyncContextManager[DatabaseConnection]]
    ) -> None:
        self._connection = connection
        self._connected = connected

    async def cut_connections(self) -> int:
        """End every connection but this one, whatever it is doing; returns how many."""
        ended: int = await self._connection.fetchval(CUT)
        return ended

    async def decisions(self) -> dict[str, int]:
        """Count settled items, taps that took effect, and effects too many."""
        counted: dict[str, int] = json.loads(await self._connection.fetchval(COUNT))
        return counted

    @asynccontextmanager
    async def lock(self, item_id: int) -> AsyncIterator[None]:
        """Hold the row of an item for as long as this lasts, over a connection of its own."""
        async with self._connected() as connection, connection.transaction():
            await connection.execute("select from items where item_id = $1 for update", item_id)
            yield
