"""The DB actor on a real PostgreSQL: whatever happens to the link, each request takes effect and is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import anyio
import asyncpg
import pytest

from actors.database.actor import Database
from actors.database.request import Priority, Reply, RequestTerms
from actors.operations.operation import Operation
from actors.runtime.child import ChildContext
from infra.postgres.pool import PoolSettings, open_pool
from infra.postgres.statement import Statement
from tests.kit.clock import on_asyncio
from tests.links import Link, link_to

anyio_backend = on_asyncio

SCHEMA = """
create table notes (id text primary key, tries int not null default 1);
create function keep_note(p_id text) returns jsonb language sql as $$
  insert into notes (id) values (p_id) on conflict (id) do update set tries = notes.tries + 1
  returning to_jsonb(tries) $$;
"""


@dataclass(frozen=True, slots=True)
class KeepNote(Operation[int]):
    id: str


BINDINGS: dict[type[Operation[Any]], Statement[Any, Any]] = {
    KeepNote: Statement("select keep_note($1)", lambda asked: (asked.id,), lambda _, value: value)
}
Admin = asyncpg.Connection


@dataclass
class Place:
    """A database actor, the link that it uses, and a look behind it."""

    database: Database
    link: Link
    admin: Admin[Any]

    async def keep(self, note: str, seconds: float = 20.0) -> Reply[int]:
        return await self.database.ask(KeepNote(note), RequestTerms(anyio.current_time() + seconds, Priority.HIGH))

    async def keep_all(self, count: int) -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(count):
                tasks.start_soon(self.keep, str(number))

    async def kept(self) -> int:
        count: int = await self.admin.fetchval("select count(*) from notes")
        return count


@pytest.fixture
async def place(empty_database_url: str) -> AsyncIterator[Place]:
    async with link_to(empty_database_url) as link, _admin(empty_database_url) as admin:
        await admin.execute(SCHEMA)
        async with open_pool(link.dsn, PoolSettings(5, False, "worker-1"), BINDINGS) as pool:
            database = Database(pool, random=Random(1))
            async with anyio.create_task_group() as tasks:
                context = ChildContext()
                tasks.start_soon(database.run, context)
                yield Place(database, link, admin)
                context.stopping.set()


@asynccontextmanager
async def _admin(dsn: str) -> AsyncIterator[Admin[Any]]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_thousand_requests_at_once_are_kept(place: Place) -> None:
    await place.keep_all(1000)

    assert await place.kept() == 1000


async def test_locked_row_waits_and_the_others_do_not(place: Place) -> None:
    await place.keep("locked")
    answered: list[str] = []

    async def keep(name: str) -> None:
        await place.keep(name)
        answered.append(name)

    async with anyio.create_task_group() as tasks, place.admin.transaction():
        await place.admin.execute("select * from notes where id = 'locked' for update")
        tasks.start_soon(keep, "locked")
        await anyio.sleep(0.4)
        for name in ("a", "b", "c"):
            await keep(name)

    assert answered == ["a", "b", "c", "locked"]
    assert await place.admin.fetchval("select tries from notes where id = 'locked'") == 2


async def test_cut_connections_lose_nothing(place: Place) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(place.keep_all, 500)
        for _ in range(10):
            await anyio.sleep(0.02)
            place.link.cut()

    assert await place.kept() == 500


async def test_terminated_backends_lose_nothing(place: Place) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(place.keep_all, 500)
        for _ in range(5):
            await anyio.sleep(0.02)
            await place.admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'worker-1'"
            )

    assert await place.kept() == 500


async def test_lost_answer_is_asked_for_again_with_the_same_key(place: Place) -> None:
    await place.keep("warm")
    place.link.cut_next_answer()

    reply = await place.keep("a")

    assert (reply.value, reply.attempts) == (2, 2)


async def test_database_that_was_away_is_not_stormed_and_serves_at_once_again(place: Place) -> None:
    recovered = anyio.Event()
    place.database.on_recovered = recovered.set
    await place.keep("warm")
    place.link.refuse()
    await anyio.sleep(0.05)
    before = place.link.connections
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(place.keep_all, 100)
        await anyio.sleep(3)
        tries = place.link.connections - before
        place.link.refuse(False)
        with anyio.fail_after(3):
            await recovered.wait()

    assert tries <= 15
    assert await place.kept() == 101


async def test_nothing_stays_open_in_the_server(place: Place) -> None:
    """Cancelled callers, too: no transaction, no lock, no connection too many."""
    for _ in range(20):
        with anyio.move_on_after(0.001):
            await place.keep_all(10)
    await place.keep("last")
    await anyio.sleep(0.2)  # what nobody waits for ends by itself

    states = await place.admin.fetch("select state from pg_stat_activity where application_name = 'worker-1'")
    assert {row["state"] for row in states} <= {"idle"}
    assert len(states) <= 4
