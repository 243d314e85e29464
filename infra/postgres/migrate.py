"""Bring a schema up to date: tables by numbered files, once each, functions as they stand, whenever one has changed.

`schema/` holds both as they are read and edited, and its README says how they are changed; `migrations/` holds what
leads older tables there, forward only. A new database is made from `schema/tables.sql` and has every migration behind
it. All of it is one transaction under one lock, so `create index concurrently` has no place here. The functions have an
edition, which grows with each change: an older release that starts beside a newer one never puts its own back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from actors.errors import PortError
from infra.postgres.scram import Connection

FOLDER = Path(__file__).parent
TABLES, FUNCTIONS = "tables", "functions"
LANDED = "0019_doubt_is_never_kept"  # the oldest tables from which this release goes on
BRIDGE = "commit dd8d7d3 (30 November 2026)"  # the last that brings older ones there
TABLES_OF = "select tablename from pg_tables where schemaname = $1"
_FIRST = ("bookkeeping", "rules")  # what tables and migrations need
_NAMED = re.compile(r"\d{4}_[a-z0-9_]+")
_LOCK = 0x65766572_79746170  # the bytes of "everytap": who migrates this database takes it


class MigrationFailed(PortError):
    """The schema is as it was; the text is one sentence for the operator."""


class TooOld(MigrationFailed):
    """An earlier release has to be run first; the text is a sentence that says which."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The SQL of one release."""

    schema: Path = FOLDER / "schema"
    migrations: Path = FOLDER / "migrations"

    def ids(self) -> list[str]:
        """Return the migrations in order; raises MigrationFailed for names that leave the order open."""
        ids = sorted(path.stem for path in self.migrations.glob("*.sql"))
        for name in ids:
            if not _NAMED.fullmatch(name):
                raise MigrationFailed(f"{name}.sql is no name of a migration: four digits, an underscore, what it does")
        if len({name[:4] for name in ids}) < len(ids):
            raise MigrationFailed(f"two migrations in {self.migrations} have the same number")
        return ids

    def functions(self) -> list[Path]:
        """Return the files that are run again whenever one of them has changed."""
        return sorted(path for path in self.schema.glob("*.sql") if path.stem not in {*_FIRST, TABLES})

    def edition(self) -> tuple[int, str]:
        """Return the number of these functions, and the checksum that goes with it."""
        number = _text(self.schema / "edition").split()[0]
        return int(number), self.checksum()

    def checksum(self) -> str:
        """Return what all files of the schema add up to."""
        found = hashlib.sha256()
        for path in sorted(self.schema.glob("*.sql")):
            found.update(f"{path.name}\0{_text(path)}\0".encode())
        return found.hexdigest()


SOURCES = Sources()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a schema holds: `earlier` by the bookkeeping of releases that had another one, `applied` by ours."""

    earlier: frozenset[str] = frozenset()
    applied: frozenset[str] | None = None
    edition: tuple[int, str] = (0, "")


async def migrate(connection: Connection, schema: str = "public", sources: Sources = SOURCES) -> list[str]:
    """Apply what is pending, all of it or nothing, and return its names in order.

    A second one waits for the first, then finds nothing to do. Raises MigrationFailed for SQL that is wrong, TooOld,
    and asyncpg's own errors for a lost connection. A schema that is up to date is looked at without a transaction.
    """
    if not await pending(connection, schema, sources):
        return []
    async with connection.transaction():
        # All of it ends with the transaction: behind a pooler the session is not ours.
        await connection.execute(
            "set local lock_timeout = 0; set local statement_timeout = 0; set local check_function_bodies = off"
        )
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        todo = await pending(connection, schema, sources)
        if todo:
            await _enter(connection, schema)
            await _apply(connection, todo, sources)
        return todo


async def pending(connection: Connection, schema: str = "public", sources: Sources = SOURCES) -> list[str]:
    """Return the names of what is not applied yet, in order, writing nothing; raises as `migrate` does."""
    found = await _look(connection, schema)
    ids, edition = sources.ids(), sources.edition()
    if found.applied is None and not found.earlier:
        return [TABLES, FUNCTIONS]
    if found.applied is None and LANDED not in found.earlier:
        raise TooOld(
            f"The database stands at {max(found.earlier)}, and this release goes on from {LANDED}:"
            f" run `migrate` of {BRIDGE} first, then this one."
        )
    if found.edition[0] > edition[0]:
        return []
    todo = [name for name in ids if name not in (found.applied or ())]
    return todo if found.edition == edition else [*todo, FUNCTIONS]


async def _look(connection: Connection, schema: str) -> _Found:
    within = _quoted(schema)
    # Not to_regclass: it may remember that there was nothing before this connection waited for the lock.
    tables = {row["tablename"] for row in await connection.fetch(TABLES_OF, schema)}
    if "schema_editions" in tables:
        newest = await connection.fetchrow(
            f"select edition, checksum, (select coalesce(array_agg(id), '{{}}') from {within}.schema_migrations) as ids"  # noqa: S608 - quoted
            f" from {within}.schema_editions order by edition desc limit 1"
        )
        assert newest is not None  # both tables and their first rows come in one commit
        return _Found(applied=frozenset(newest["ids"]), edition=(newest["edition"], newest["checksum"]))
    if "_pogo_migration" in tables:
        rows = await connection.fetch(
            f"select migration_id from {within}._pogo_migration where schema_name = $1",  # noqa: S608 - quoted
            schema,
        )
        return _Found(earlier=frozenset(row["migration_id"] for row in rows))
    return _Found()


async def _enter(connection: Connection, schema: str) -> None:
    if not await connection.fetchval("select exists (select from pg_namespace where nspname = $1)", schema):
        await connection.execute(f"create schema {_quoted(schema)}")
    await connection.execute("select set_config('search_path', $1, true)", _quoted(schema))


async def _apply(connection: Connection, todo: Sequence[str], sources: Sources) -> None:
    for name in _FIRST:
        await _run(connection, sources.schema / f"{name}.sql")
    for name in todo:
        if name == FUNCTIONS:
            for path in sources.functions():
                await _run(connection, path)
            await _note_edition(connection, *sources.edition())
        elif name == TABLES:
            await _run(connection, sources.schema / f"{TABLES}.sql")
            for behind in sources.ids():
                await _note_migration(connection, sources.migrations / f"{behind}.sql")
        else:
            await _run(connection, sources.migrations / f"{name}.sql")
            await _note_migration(connection, sources.migrations / f"{name}.sql")


async def _run(connection: Connection, path: Path) -> None:
    try:
        await connection.execute(_text(path))
    except asyncpg.PostgresConnectionError:
        raise
    except asyncpg.PostgresError as error:
        raise MigrationFailed(f"{path.parent.name}/{path.name}: {error}") from error


async def _note_migration(connection: Connection, path: Path) -> None:
    # The checksum tells which text ran here. Another one is no error: a file that was wrong for some may be mended.
    checksum = hashlib.sha256(_text(path).encode()).hexdigest()
    await connection.execute("insert into schema_migrations (id, checksum) values ($1, $2)", path.stem, checksum)


async def _note_edition(connection: Connection, number: int, checksum: str) -> None:
    await connection.execute(
        "insert into schema_editions (edition, checksum) values ($1, $2)"
        " on conflict (edition) do update set checksum = excluded.checksum, created_at = now()",
        number,
        checksum,
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
