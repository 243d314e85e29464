"""Migrations: once, in order, all or nothing, whoever starts at the same time."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import asyncpg
import pytest

from infra.postgres.migrate import MIGRATIONS, MigrationFailed, migrate, pending

FIRST = """\
-- A first table; with a semicolon
-- depends:

-- migrate: apply

-- it's a comment; with both
create table stories (
  id bigint primary key,  -- trailing; it's fine
  state text not null check (state in ('begin', 'end')),
  title text default 'a;b',
  "end" timestamptz
);
/* a block; of comment */
create unique index one_at_a_time on stories (state) where state = 'begin';
create view titles as
with named as (select case when title = 'x' then 1 else 2 end as n from stories) select n from named;

-- migrate: rollback
drop view titles;
drop table stories;
"""

SECOND = """\
-- Functions
-- depends: 0001_first

-- migrate: apply
create function settle(item bigint, choice text) returns table (id bigint, verdict text) language plpgsql as $$
declare
  found record;
  times int := 0;
begin
  -- a comment; it's inside
  if times = 0 then
    for found in select * from stories loop times := times + 1; end loop;
  elsif times = 1 then
    null;
  end if;
  begin
    insert into stories (id, state) values (item, choice);
  exception when unique_violation or check_violation then
    null;
  end;
  case times when 1 then null; else null; end case;
  return query select item, case when times > 0 then 'many' else 'none' end;
end;
$$;
create function one() returns int language sql begin atomic select 2; select 1; end;
create function stamp() returns trigger language plpgsql as $body$ begin new."end" = now(); return new; end $body$;
create trigger stamp before insert on stories for each row execute function stamp();
do $$ begin perform one(); end $$;
comment on table stories is 'one; two';
create table last (number int)

-- migrate: rollback
drop table last;
"""

BROKEN = """\
-- Broken
-- depends: 0002_second

-- migrate: apply
create table half (number int);
create table half (number int);

-- migrate: rollback
"""


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text(FIRST)
    (tmp_path / "0002_second.sql").write_text(SECOND)
    return tmp_path


async def test_each_is_applied_once_and_in_order(empty_database_url: str, folder: Path) -> None:
    async with connected(empty_database_url) as connection:
        assert await pending(connection, folder) == ["0001_first", "0002_second"]
        assert await migrate(connection, folder) == ["0001_first", "0002_second"]

        assert await pending(connection, folder) == []
        assert await migrate(connection, folder) == []


async def test_statements_are_split_where_they_end(empty_database_url: str, folder: Path) -> None:
    async with connected(empty_database_url) as connection:
        await migrate(connection, folder)

        assert await connection.fetchval("select verdict from settle(1, 'begin')") == "none"
        assert await connection.fetchval("select verdict from settle(1, 'begin')") == "many"
        assert await connection.fetchval("select one()") == 1
        assert await connection.fetchval('select "end" is not null and title = $1 from stories', "a;b")
        assert await connection.fetchval("select obj_description('stories'::regclass)") == "one; two"


async def test_asking_writes_nothing(empty_database_url: str, folder: Path) -> None:
    async with connected(empty_database_url) as connection:
        await pending(connection, folder)

        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0


async def test_two_at_the_same_time_apply_once(empty_database_url: str, folder: Path) -> None:
    applied: list[str] = []

    async def start() -> None:
        async with connected(empty_database_url) as connection:
            applied.extend(await migrate(connection, folder))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(start)
        tasks.start_soon(start)
        tasks.start_soon(start)

    assert applied == ["0001_first", "0002_second"]


async def test_a_failure_leaves_the_schema_as_it_was(empty_database_url: str, folder: Path) -> None:
    (folder / "0003_broken.sql").write_text(BROKEN)

    async with connected(empty_database_url) as connection:
        with pytest.raises(MigrationFailed, match=r'0003_broken: relation "half" already exists'):
            await migrate(connection, folder)

        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0


async def test_a_file_that_is_no_migration_is_named(empty_database_url: str, folder: Path) -> None:
    (folder / "0003_notes.sql").write_text("select 1;")

    async with connected(empty_database_url) as connection:
        with pytest.raises(MigrationFailed, match=r"0003_notes\.sql"):
            await pending(connection, folder)


async def test_same_names_in_two_folders_do_not_mix(empty_database_url: str, folder: Path, tmp_path: Path) -> None:
    """In one process pogo keeps one register of all migrations that it ever read."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "0001_first.sql").write_text(FIRST.replace("stories", "others"))

    async with connected(empty_database_url) as connection:
        assert await pending(connection, other) == ["0001_first"]
        assert await migrate(connection, folder) == ["0001_first", "0002_second"]

        assert await connection.fetchval("select to_regclass('others')") is None


async def test_the_time_limits_of_the_connection_come_back(empty_database_url: str, folder: Path) -> None:
    async with connected(empty_database_url) as connection:
        await connection.execute("set lock_timeout = '300ms'")
        await migrate(connection, folder)

        assert await connection.fetchval("show lock_timeout") == "300ms"


async def test_nothing_is_logged(empty_database_url: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async with connected(empty_database_url) as connection:
        await migrate(connection, folder)

    assert caplog.records == []


async def test_a_database_of_a_test_is_up_to_date(database_url: str) -> None:
    async with connected(database_url) as connection:
        assert await pending(connection, MIGRATIONS) == []


async def test_database_that_is_up_to_date_is_neither_locked_nor_waited_for(database_url: str) -> None:
    """A start beside a running migration of nothing, and no connection that is idle in a transaction."""
    async with connected(database_url) as other, connected(database_url) as connection, other.transaction():
        await other.execute("select pg_advisory_xact_lock($1)", 0x65766572_79746170)

        assert await migrate(connection) == []
