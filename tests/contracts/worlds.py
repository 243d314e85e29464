"""A database as the contracts see it, and the real one: operations by the port, every table open to look at."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeVar

import asyncpg

from actors.operations.operation import Operation
from actors.ports import Pool
from infra.postgres.pool import PoolSettings, open_pool
from infra.postgres.statements import STATEMENTS

T = TypeVar("T")
Line = dict[str, Any]

# Quicker than truncate, which makes new files for every table and index.
EMPTY = """
  delete from publish_events; delete from publishes; update chats set account_id = null; delete from accounts;
  delete from interaction_batches; delete from leases; delete from interactions; delete from commands;
  delete from locks; delete from card_failures; delete from cards; delete from taps; delete from item_events;
  delete from item_changes;
  delete from items; delete from media;
  delete from members; delete from chats;
  select setval(pg_get_serial_sequence(name, number), 1, false) from (values
    ('chats', 'chat_key'), ('media', 'media_id'), ('items', 'item_id'), ('interactions', 'id'),
    ('accounts', 'account_id'), ('item_changes', 'number')) as t (name, number)
"""


class World(Protocol):
    """A database, its clock, and its tables."""

    pool: Pool

    async def now(self) -> datetime:
        """The database's time."""
        ...

    async def pass_time(self, seconds: float) -> None:
        """Make everything that is stored this much older."""
        ...

    async def insert(self, table: str, columns: Line) -> Line:
        """Insert one line and return it as stored."""
        ...

    async def lines(self, table: str) -> list[Line]:
        """Read a whole table, in the order of its key."""
        ...

    async def update(self, table: str, key: Line, columns: Line) -> None:
        """Write columns of the lines that have this key, past every function."""
        ...

    async def remove(self, item_id: int) -> str | None:
        """Take an item out as the operator does; answers why it refuses."""
        ...

    async def requeue(self, item_id: int, *, force: bool = False) -> str | None:
        """Bring an item back as the operator does; answers why it refuses."""
        ...

    async def cut_connections(self) -> None:
        """End every connection of the pool, as a server does that restarts."""
        ...


async def run(world: World, operation: Operation[T]) -> T:
    """Run an operation in a session of its own."""
    async with world.pool.session() as session:
        return await session.run(operation)


class PostgresWorld:
    """The real one; time passes by making everything older."""

    def __init__(self, pool: Pool, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.pool = pool
        self._connection = connection

    async def now(self) -> datetime:
        """The server's time."""
        now: datetime = await self._connection.fetchval("select clock_timestamp()")
        return now

    async def pass_time(self, seconds: float) -> None:
        """Move every moment in every table into the past."""
        columns = await self._connection.fetch(
            "select table_name, string_agg(format('%1$I = %1$I - make_interval(secs => $1)', column_name), ', ')"
            " from information_schema.columns where data_type = 'timestamp with time zone' and table_name in"
            " (select tablename from pg_tables where schemaname = 'public') group by table_name"
        )
        for table, moved in columns:
            await self._connection.execute(f"update {table} set {moved}", seconds)
        await self._connection.execute(
            "update items set late = (select jsonb_agg(jsonb_set(l, '{at}',"
            " to_jsonb((l->>'at')::timestamptz - make_interval(secs => $1))) order by n)"
            " from jsonb_array_elements(late) with ordinality as t (l, n)) where late <> '[]'",
            seconds,
        )

    async def insert(self, table: str, columns: Line) -> Line:
        """Insert."""
        places = ", ".join(f"${number}" for number, _ in enumerate(columns, 1))
        line = await self._connection.fetchrow(
            f"insert into {table} ({', '.join(columns)}) values ({places}) returning *", *columns.values()
        )
        assert line is not None
        return dict(line)

    async def lines(self, table: str) -> list[Line]:
        """Read, with jsonb as values."""
        found = [dict(line) for line in await self._connection.fetch(f"select * from {table}")]
        return in_order([_with_late_lines(line) for line in found])

    async def update(self, table: str, key: Line, columns: Line) -> None:
        """Write."""
        names = [*columns, *key]
        places = [f"{name} = ${number}" for number, name in enumerate(names, 1)]
        written, found = places[: len(columns)], places[len(columns) :]
        await self._connection.execute(
            f"update {table} set {', '.join(written)} where {' and '.join(found) or 'true'}",
            *columns.values(),
            *key.values(),
        )

    async def remove(self, item_id: int) -> str | None:
        """Take out."""
        return await self._refusal("select operator_removes($1, 'operator')", item_id)

    async def requeue(self, item_id: int, *, force: bool = False) -> str | None:
        """Bring back."""
        return await self._refusal("select operator_requeues($1, null, $2, 'operator')", item_id, force)

    async def cut_connections(self) -> None:
        """Cut."""
        await self._connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()"
        )

    async def _refusal(self, statement: str, *arguments: object) -> str | None:
        why: str | None = json.loads(await self._connection.fetchval(statement, *arguments)).get("refused")
        return why


@asynccontextmanager
async def open_postgres(dsn: str) -> AsyncIterator[PostgresWorld]:
    """Open the worker's pool on emptied tables, and a connection beside it to look at them with."""
    async with open_pool(dsn, PoolSettings(5, False, "contract"), STATEMENTS) as pool:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(EMPTY)
            yield PostgresWorld(pool, connection)
        finally:
            await connection.close()


def _with_late_lines(line: Line) -> Line:
    if "calls" in line:
        return {**line, **{name: tuple(json.loads(line[name])) for name in ("calls", "answers")}}
    if "late" not in line:
        return line
    late = tuple({**told, "at": datetime.fromisoformat(told["at"])} for told in json.loads(line["late"]))
    return {**line, "late": late}


def in_order(lines: list[Line]) -> list[Line]:
    """Sort lines by their key."""
    return sorted(lines, key=lambda line: [_comparable(line.get(name)) for name in _KEYS])


def _comparable(value: object) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, str(value))


_KEYS = (
    "chat_key",
    "media_id",
    "item_id",
    "id",
    "user_id",
    "message_id",
    "version",
    "seq",
    "tap_id",
    "kind",
    "batch",
    "name",
)
