"""Migrations: once, in order, all or nothing, also beside another start; functions whenever one has changed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import asyncpg
import pytest

from infra.postgres.migrate import LANDED, SOURCES, MigrationFailed, Sources, TooOld, migrate, pending
from tests import earlier_schemas
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio

BOOKKEEPING = (SOURCES.schema / "bookkeeping.sql").read_text(encoding="utf-8")
RULES = "create or replace function rank(word text) returns int language sql immutable as $$ select length(word) $$;"
STORIES = "create table stories (id bigint primary key, rank int not null default rank('abc'));"
TITLE = "alter table stories add column title text;"
WAITS = """
select count(*) from pg_locks where locktype = 'advisory' and not granted
  and database = (select oid from pg_database where datname = current_database())
"""
COUNTED = "create or replace function counted() returns bigint language sql as $$ select count(*) from {} $$;"


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """A first release: one table, two functions."""
    return release(tmp_path / "first", 1, {"tables": STORIES, "counting": COUNTED.format("stories")}, {})


@pytest.fixture
def newer(tmp_path: Path) -> Sources:
    """The release after it: another column, and a function that has changed."""
    files = {"tables": STORIES + TITLE, "counting": COUNTED.format("stories where title is null")}
    return release(tmp_path / "newer", 2, files, {"0001_story_title": TITLE})


def release(folder: Path, edition: int, files: dict[str, str], migrations: dict[str, str]) -> Sources:
    made = Sources(folder / "schema", folder / "migrations")
    for place in (made.schema, made.migrations):
        place.mkdir(parents=True)
    for name, text in {"bookkeeping": BOOKKEEPING, "rules": RULES, **files}.items():
        (made.schema / f"{name}.sql").write_text(text, encoding="utf-8")
    for name, text in migrations.items():
        (made.migrations / f"{name}.sql").write_text(text, encoding="utf-8")
    (made.schema / "edition").write_text(f"{edition}\n", encoding="utf-8")
    return made


async def tables(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    found: int = await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'")
    return found


async def test_new_database_gets_the_tables_and_has_every_migration_behind_it(
    empty_database_url: str, newer: Sources
) -> None:
    async with connected(empty_database_url) as connection:
        assert await pending(connection, sources=newer) == ["tables", "functions"]
        assert await migrate(connection, sources=newer) == ["tables", "functions"]

        assert await pending(connection, sources=newer) == []
        assert await migrate(connection, sources=newer) == []
        assert await connection.fetchval("select array_agg(id) from schema_migrations") == ["0001_story_title"]
        assert await connection.fetchval("select counted()") == 0


async def test_older_database_gets_what_it_lacks(empty_database_url: str, sources: Sources, newer: Sources) -> None:
    async with connected(empty_database_url) as connection:
        await migrate(connection, sources=sources)
        await connection.execute("insert into stories (id) values (1)")

        assert await migrate(connection, sources=newer) == ["0001_story_title", "functions"]

        assert await connection.fetchval("select title is null from stories")
        assert await connection.fetchval("select counted()") == 1


async def test_older_release_that_starts_beside_a_newer_one_puts_nothing_back(
    empty_database_url: str, sources: Sources, newer: Sources
) -> None:
    async with connected(empty_database_url) as connection:
        await migrate(connection, sources=newer)
        await connection.execute("insert into stories (id, title) values (1, 'told')")

        assert await migrate(connection, sources=sources) == []

        assert await connection.fetchval("select counted()") == 0


async def test_functions_that_changed_under_the_same_number_are_made_anew(
    empty_database_url: str, sources: Sources
) -> None:
    """Whoever edits a function sees it at once; the number is for releases."""
    async with connected(empty_database_url) as connection:
        await migrate(connection, sources=sources)
        (sources.schema / "counting.sql").write_text(COUNTED.format("generate_series(1, 7)"), encoding="utf-8")

        assert await migrate(connection, sources=sources) == ["functions"]

        assert await connection.fetchval("select counted()") == 7
        assert await migrate(connection, sources=sources) == []


async def test_asking_writes_nothing(empty_database_url: str, sources: Sources) -> None:
    async with connected(empty_database_url) as connection:
        await pending(connection, sources=sources)

        assert await tables(connection) == 0


async def test_two_at_the_same_time_apply_once(empty_database_url: str, sources: Sources) -> None:
    applied: list[str] = []

    async def start() -> None:
        async with connected(empty_database_url) as connection:
            applied.extend(await migrate(connection, sources=sources))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(start)
        tasks.start_soon(start)
        tasks.start_soon(start)

    assert applied == ["tables", "functions"]


async def test_one_that_waited_for_another_finds_what_that_did(empty_database_url: str, sources: Sources) -> None:
    """Names that were looked up before the wait are remembered by PostgreSQL: they are not asked for again."""
    second_did: list[str] = ["not yet"]

    async with connected(empty_database_url) as first, connected(empty_database_url) as second:

        async def start_second() -> None:
            second_did[:] = await migrate(second, sources=sources)

        async with anyio.create_task_group() as tasks, first.transaction():
            await first.execute("select pg_advisory_xact_lock($1)", 0x65766572_79746170)
            tasks.start_soon(start_second)
            while not await first.fetchval(WAITS):  # noqa: ASYNC110 - it is the server that waits
                await anyio.sleep(0.01)
            assert await migrate(first, sources=sources) == ["tables", "functions"]

    assert second_did == []


async def test_a_failure_leaves_the_schema_as_it_was(empty_database_url: str, sources: Sources) -> None:
    (sources.schema / "later.sql").write_text("create table half (n int); create table half (n int);")

    async with connected(empty_database_url) as connection:
        with pytest.raises(MigrationFailed, match=r'schema/later\.sql: relation "half" already exists'):
            await migrate(connection, sources=sources)

        assert await tables(connection) == 0


@pytest.mark.parametrize(
    ("name", "complaint"), [("notes", "no name of a migration"), ("0001_another", "have the same number")]
)
async def test_migration_whose_turn_is_open_is_refused(
    empty_database_url: str, newer: Sources, name: str, complaint: str
) -> None:
    (newer.migrations / f"{name}.sql").write_text("select 1;")

    async with connected(empty_database_url) as connection:
        with pytest.raises(MigrationFailed, match=complaint):
            await pending(connection, sources=newer)


async def test_schema_has_the_name_that_is_given(empty_database_url: str, sources: Sources) -> None:
    async with connected(empty_database_url) as connection:
        assert await migrate(connection, 'of "ours"', sources) == ["tables", "functions"]

        assert await migrate(connection, 'of "ours"', sources) == []
        assert await tables(connection) == 0
        assert await connection.fetchval('select count(*) from "of ""ours""".stories') == 0
        assert await migrate(connection, sources=sources) == ["tables", "functions"]


async def test_settings_of_the_connection_come_back(empty_database_url: str, sources: Sources) -> None:
    async with connected(empty_database_url) as connection:
        await connection.execute("set lock_timeout = '300ms'")
        await migrate(connection, "ours", sources)

        assert await connection.fetchval("show lock_timeout") == "300ms"
        assert await connection.fetchval("show search_path") == '"$user", public'
        assert await connection.fetchval("show check_function_bodies") == "on"


async def test_nothing_is_logged(empty_database_url: str, sources: Sources, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async with connected(empty_database_url) as connection:
        await migrate(connection, sources=sources)

    assert caplog.records == []


async def test_a_database_of_a_test_is_up_to_date(database_url: str) -> None:
    async with connected(database_url) as connection:
        assert await pending(connection) == []


async def test_database_that_is_up_to_date_is_neither_locked_nor_waited_for(database_url: str) -> None:
    """A start beside a running migration of nothing, and no connection that is idle in a transaction."""
    async with connected(database_url) as other, connected(database_url) as connection, other.transaction():
        await other.execute("select pg_advisory_xact_lock($1)", 0x65766572_79746170)

        assert await migrate(connection) == []


async def test_database_from_before_the_oldest_supported_state_says_what_to_run_first(empty_database_url: str) -> None:
    names = list(earlier_schemas.history())

    async with connected(empty_database_url) as connection:
        await earlier_schemas.build(connection, names[: names.index(LANDED)])

        with pytest.raises(TooOld, match=r"stands at 0018_.* goes on from 0019_.*: run `migrate` of commit"):
            await migrate(connection)

        assert await connection.fetchval("select to_regclass('schema_migrations')") is None
