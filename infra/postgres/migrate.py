"""Bring the schema up to date from a folder of plain SQL files, by pogo-core.

How a migration is written: `-- what it does`, `-- depends: id of the one before`, `-- migrate: apply`, statements,
`-- migrate: rollback`, statements; its id is its file name without `.sql`. All run in one transaction, so
`create index concurrently` and `-- transaction: false` have no place here. pogo splits at semicolons by sqlparse, which
knows dollar quotes, nested begin … end, checks and comments (held by the tests), and drops every line that begins with
`--`: no text literal may have one. The folder holds no other `.sql` and no `.py`, not even an `__init__.py`.
"""

from __future__ import annotations

import logging
from pathlib import Path

import asyncpg
from pogo_core.error import BadMigrationError
from pogo_core.migration import topological_sort
from pogo_core.util import migrate as pogo
from pogo_core.util import sql

from actors.errors import PortError

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x65766572_79746170  # the bytes of "everytap": whoever migrates this database takes it
_SILENT = logging.getLogger(f"{__name__}.pogo")
_SILENT.disabled = True  # it warns of each migration; our caller logs what we return
_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)


class MigrationFailed(PortError):
    """The schema is as it was; the text is one sentence for the operator."""


async def migrate(connection: asyncpg.Connection[asyncpg.Record], folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is pending, all of it or nothing, and return the ids in order.

    Whoever comes second waits, then finds nothing to do. Raises MigrationFailed for a migration that is wrong, and
    asyncpg's own errors for a lost connection. An up-to-date database is looked at without a transaction.
    """
    if not await pending(connection, folder):
        return []
    async with connection.transaction():
        # All of it ends with the transaction: behind a pooler the session is not ours.
        await connection.execute(
            "set local lock_timeout = 0; set local statement_timeout = 0; set local search_path = public"
        )
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        todo = await pending(connection, folder)
        if todo:
            await _apply(connection, folder)
        return todo


async def pending(connection: asyncpg.Connection[asyncpg.Record], folder: Path = MIGRATIONS) -> list[str]:
    """Return the ids of what is not applied yet, in order, writing nothing."""
    known = await sql.get_pogo_version(connection) is not None
    try:
        found = await sql.read_migrations(folder, connection if known else None, schema_name="public")
        ordered = topological_sort(sorted((one.load() for one in found), key=lambda one: one.id))
    except BadMigrationError as error:
        raise MigrationFailed(f"the migrations in {folder} cannot be read: {error}") from error
    return [one.id for one in ordered if not one.applied]


async def _apply(connection: asyncpg.Connection[asyncpg.Record], folder: Path) -> None:
    try:
        await pogo.apply(connection, folder, schema_name="public", logger=_SILENT)
    except BadMigrationError as error:
        # pogo wraps whatever happens; a connection that is gone is not the migration's fault.
        if isinstance(error.__cause__, _LOST):
            raise error.__cause__ from error
        raise MigrationFailed(f"{error}: {error.__cause__}") from error
