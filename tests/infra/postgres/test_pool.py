"""The pool against a real PostgreSQL, over a link that can be cut."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import asyncpg
import pytest

from actors.errors import AnswerLost, Refused, Unreachable
from actors.operations.operation import Operation
from infra.postgres.pool import ConnectionPool, OneStatement, PoolSettings, open_pool
from infra.postgres.statement import Statement
from tests.kit.clock import on_either_asyncio
from tests.links import Link, link_to

anyio_backend = on_either_asyncio

SCHEMA = """
create table notes (id text primary key, times int not null default 1);
create function write_note(p_id text) returns jsonb language sql as $$
  insert into notes (id) values (p_id) on conflict (id) do update set times = notes.times + 1
  returning to_jsonb(times) $$;
create function slow_note(p_id text, p_seconds float) returns jsonb language plpgsql as $$ begin
  perform pg_sleep(p_seconds); return write_note(p_id); end $$;
create function setting(p_name text) returns jsonb language sql as $$ select to_jsonb(current_setting(p_name)) $$;
create function broken(p_state text) returns jsonb language plpgsql as $$ begin
  raise exception 'a secret' using errcode = p_state; end $$;
"""


@dataclass(frozen=True, slots=True)
class WriteNote(Operation[int]):
    id: str


@dataclass(frozen=True, slots=True)
class SlowNote(Operation[int]):
    id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Setting(Operation[str]):
    name: str


@dataclass(frozen=True, slots=True)
class Broken(Operation[None]):
    state: Any


@dataclass(frozen=True, slots=True)
class Misread(Operation[int]):
    id: str


BINDINGS: dict[type[Operation[Any]], Statement[Any, Any]] = {
    WriteNote: Statement("select write_note($1)", lambda asked: (asked.id,), lambda _, value: value),
    SlowNote: Statement("select slow_note($1, $2)", lambda asked: (asked.id, asked.seconds), lambda _, value: value),
    Setting: Statement("select setting($1)", lambda asked: (asked.name,), lambda _, value: value),
    Broken: Statement("select broken($1)", lambda asked: (asked.state,), lambda _, value: value),
    Misread: Statement("select write_note($1)", lambda asked: (asked.id,), lambda _, value: value["times"]),
}


@pytest.fixture
async def admin(empty_database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection besides the pool, to see what really happened."""
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(SCHEMA)
    yield connection
    await connection.close()


Admin = asyncpg.Connection
ON_ONE_LOOP = pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)  # seconds pass


@pytest.fixture
async def link(empty_database_url: str, admin: Admin[Any]) -> AsyncIterator[Link]:
    """The way to the database, which has the schema."""
    assert not admin.is_closed()
    async with link_to(empty_database_url) as link:
        yield link


@asynccontextmanager
async def pool_over(link: Link, size: int = 3, pooled: bool = False) -> AsyncIterator[ConnectionPool]:
    async with open_pool(link.dsn, PoolSettings(size, pooled, "worker-1"), BINDINGS) as pool:
        yield pool


async def run(pool: ConnectionPool, operation: Operation[Any]) -> Any:
    async with pool.session() as session:
        return await session.run(operation)


async def backends(admin: Admin[Any]) -> list[str]:
    """The state of each connection of the pool, as the server sees it."""
    rows = await admin.fetch("select state from pg_stat_activity where application_name = 'worker-1'")
    return [row["state"] for row in rows]


async def times(admin: Admin[Any], note: str) -> int | None:
    count: int | None = await admin.fetchval("select times from notes where id = $1", note)
    return count


async def test_operation_is_answered_with_what_its_binding_decodes(link: Link) -> None:
    async with pool_over(link) as pool:
        assert await run(pool, WriteNote("a")) == 1
        assert await run(pool, WriteNote("a")) == 2


async def test_repeated_operation_costs_one_round_trip(link: Link) -> None:
    async with pool_over(link, size=1) as pool:
        await run(pool, WriteNote("a"))
        link.take_requests()

        await run(pool, WriteNote("b"))
        await run(pool, WriteNote("c"))

        assert link.take_requests() == 2


async def test_operation_behind_a_pooler_costs_two_round_trips(link: Link) -> None:
    """The statement is parsed afresh in the same packet that runs it, so any server of the pooler will do."""
    async with pool_over(link, size=1, pooled=True) as pool:
        await run(pool, WriteNote("a"))
        link.take_requests()

        await run(pool, WriteNote("b"))

        assert link.take_requests() == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statement_timeout", "3500ms"),
        ("lock_timeout", "300ms"),
        ("idle_in_transaction_session_timeout", "5s"),
        ("client_connection_check_interval", "2s"),
        ("application_name", "worker-1"),
        ("jit", "off"),
    ],
)
async def test_session_is_set_up_at_its_start(link: Link, name: str, value: str) -> None:
    async with pool_over(link) as pool:
        assert await run(pool, Setting(name)) == value


async def test_pooler_is_told_no_settings(link: Link) -> None:
    async with pool_over(link, pooled=True) as pool:
        assert await run(pool, Setting("statement_timeout")) == "0"
        assert await run(pool, Setting("application_name")) == ""


async def test_options_of_libpq_are_not_told_to_the_server(link: Link) -> None:
    link.dsn += "&channel_binding=require&sslmode=prefer"

    async with pool_over(link) as pool:
        assert await run(pool, WriteNote("a")) == 1


async def test_kernel_watches_the_connection(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: dict[int, int] = {}
    original = socket.socket.setsockopt

    def noting(self: socket.socket, level: int, name: int, value: int) -> None:
        if level == socket.IPPROTO_TCP:
            set_to[name] = value
        original(self, level, name, value)

    monkeypatch.setattr(socket.socket, "setsockopt", noting)
    async with pool_over(link) as pool:
        await run(pool, WriteNote("a"))

    assert set_to[socket.TCP_KEEPIDLE] == 20
    assert set_to[socket.TCP_USER_TIMEOUT] == 10_000


async def test_pool_connects_only_when_it_is_used(link: Link) -> None:
    async with pool_over(link):
        pass

    assert link.connections == 0


async def test_database_that_is_away_is_unreachable_at_the_first_use() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        dsn = f"postgresql://tapper:hush@127.0.0.1:{nobody.getsockname()[1]}/none"

        async with open_pool(dsn, PoolSettings(2, False, "worker-1"), BINDINGS) as pool:
            with pytest.raises(Unreachable) as caught:
                await run(pool, WriteNote("a"))

    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is not None


async def test_wrong_password_is_refused(link: Link) -> None:
    login, _, rest = link.dsn.partition("@")
    link.dsn = f"{login}wrong@{rest}"

    async with pool_over(link) as pool:
        with pytest.raises(Refused, match="28P01"):
            await run(pool, WriteNote("a"))


async def test_address_that_is_none_is_refused() -> None:
    async with open_pool("http://example.org", PoolSettings(2, False, "worker-1"), BINDINGS) as pool:
        with pytest.raises(Refused, match="address"):
            await run(pool, WriteNote("a"))


async def test_answer_that_is_cut_off_is_lost_although_it_was_applied(link: Link, admin: Admin[Any]) -> None:
    async with pool_over(link, size=1) as pool:
        await run(pool, WriteNote("a"))
        link.cut_next_answer()

        with pytest.raises(AnswerLost):
            await run(pool, WriteNote("b"))

        assert await times(admin, "b") == 1
        assert await run(pool, WriteNote("b")) == 2


async def test_connection_that_was_cut_while_idle_is_replaced(link: Link) -> None:
    async with pool_over(link, size=1) as pool:
        await run(pool, WriteNote("a"))
        link.cut()
        await anyio.sleep(0.05)  # the loop has to see the end of the connection

        assert await run(pool, WriteNote("b")) == 1


async def test_terminated_backend_leaves_doubt_and_a_pool_that_works(link: Link, admin: Admin[Any]) -> None:
    async with pool_over(link, size=1) as pool:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_expect_answer_lost, pool, SlowNote("a", 3))
            await _until_active(admin)
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'worker-1'"
            )

        assert await times(admin, "a") is None
        assert await run(pool, WriteNote("a")) == 1


async def _expect_answer_lost(pool: ConnectionPool, operation: Operation[Any]) -> None:
    with pytest.raises(AnswerLost):
        await run(pool, operation)


async def _until_active(admin: Admin[Any]) -> None:
    while "active" not in await backends(admin):  # noqa: ASYNC110 - the server has no event to wait for
        await anyio.sleep(0.01)


async def test_locked_row_is_given_up_soon_and_certainly(link: Link, admin: Admin[Any]) -> None:
    async with pool_over(link) as pool:
        await run(pool, WriteNote("a"))
        async with admin.transaction():
            await admin.execute("select * from notes where id = 'a' for update")
            with pytest.raises(Unreachable, match="55P03"):
                await run(pool, WriteNote("a"))

        assert await run(pool, WriteNote("a")) == 2


@ON_ONE_LOOP
async def test_exhausted_pool_is_unreachable_within_its_bound(link: Link) -> None:
    async with pool_over(link, size=1) as pool, pool.session():
        with anyio.fail_after(5), pytest.raises(Unreachable):
            await run(pool, WriteNote("a"))


@ON_ONE_LOOP
async def test_frozen_link_is_an_answer_lost_within_a_bound_and_heals(link: Link) -> None:
    async with pool_over(link, size=1) as pool:
        await run(pool, WriteNote("a"))
        link.swallows = True
        with anyio.fail_after(5), pytest.raises(AnswerLost):
            await run(pool, WriteNote("b"))
        link.swallows = False

        assert await run(pool, WriteNote("c")) == 1


async def test_cancelled_caller_leaves_no_connection_half_way(link: Link, admin: Admin[Any]) -> None:
    """The statement ends by itself; the connection is as good as before."""
    async with pool_over(link, size=1) as pool:
        await run(pool, WriteNote("a"))
        with anyio.move_on_after(0.1) as scope:
            await run(pool, SlowNote("b", 0.5))

        assert scope.cancel_called
        assert await times(admin, "b") == 1
        assert await backends(admin) == ["idle"]
        assert link.connections == 1


async def test_caller_cancelled_while_connecting_gives_the_connection_back(link: Link) -> None:
    async with pool_over(link, size=1) as pool:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await run(pool, WriteNote("a"))

        assert await run(pool, WriteNote("b")) == 1
        assert link.connections == 1


async def test_release_that_fails_takes_nothing_back(link: Link) -> None:
    """F13: the work was done, whatever becomes of the connection."""
    async with pool_over(link, size=1) as pool:
        async with pool.session() as session:
            value = await session.run(WriteNote("a"))
            link.cut()
            await anyio.sleep(0.05)  # the loop has to see the end of the connection

        assert value == 1
        assert await run(pool, WriteNote("a")) == 2


@pytest.mark.parametrize("state", ["P0001", "23505", "42883"])
async def test_statement_that_the_server_refuses_is_refused_without_its_words(link: Link, state: str) -> None:
    async with pool_over(link) as pool:
        with pytest.raises(Refused, match=state) as caught:
            await run(pool, Broken(state))

    assert "secret" not in str(caught.value)


async def test_argument_that_cannot_be_sent_is_refused(link: Link) -> None:
    async with pool_over(link) as pool:
        with pytest.raises(Refused):
            await run(pool, Broken(17))


async def test_answer_that_cannot_be_read_is_lost(link: Link, admin: Admin[Any]) -> None:
    async with pool_over(link) as pool:
        with pytest.raises(AnswerLost, match="Misread"):
            await run(pool, Misread("a"))

    assert await times(admin, "a") == 1


async def test_read_only_server_is_left_for_a_fresh_connection(link: Link) -> None:
    async with pool_over(link, size=1) as pool:
        with pytest.raises(Unreachable, match="25006"):
            await run(pool, Broken("25006"))
        await run(pool, WriteNote("a"))

    assert link.connections == 2


async def test_pool_never_has_more_connections_than_its_size(link: Link, admin: Admin[Any]) -> None:
    async with pool_over(link, size=3) as pool, pool.notifications():
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(run, pool, SlowNote(str(number), 0.02))

        assert pool.size == 2
        assert len(await backends(admin)) == 3


async def test_nothing_is_ever_idle_in_transaction(link: Link, admin: Admin[Any]) -> None:
    """F11: one statement, one commit."""
    async with pool_over(link) as pool, pool.session() as session:
        await session.run(WriteNote("a"))

        assert await backends(admin) == ["idle"]


async def test_notification_is_heard(link: Link, admin: Admin[Any]) -> None:
    async with pool_over(link) as pool, pool.notifications() as hints:
        await admin.execute("notify everytap; notify everytap")
        with anyio.fail_after(5):
            await anext(hints)
        await admin.execute("notify everytap")
        with anyio.fail_after(5):
            await anext(hints)


async def test_listener_whose_connection_dies_is_told(link: Link) -> None:
    async with pool_over(link) as pool:
        async with pool.notifications() as hints:
            link.cut()
            with anyio.fail_after(5), pytest.raises(Unreachable):
                await anext(hints)
        async with pool.notifications():
            pass


@pytest.mark.parametrize(("size", "pooled"), [(1, False), (5, True)])
async def test_without_a_connection_to_spare_nobody_listens(link: Link, size: int, pooled: bool) -> None:
    async with pool_over(link, size, pooled) as pool:
        assert pool.size == size
        with pytest.raises(Unreachable):
            await _listen(pool.notifications)


async def test_only_one_listens(link: Link) -> None:
    async with pool_over(link) as pool, pool.notifications():
        with pytest.raises(Unreachable):
            await _listen(pool.notifications)


async def _listen(notifications: Callable[[], Any]) -> None:
    async with notifications():
        pass


async def test_listener_is_closed_at_its_end(link: Link, admin: Admin[Any]) -> None:
    async with pool_over(link) as pool:
        await _listen(pool.notifications)
        await _until_no_backend(admin)


async def _until_no_backend(admin: Admin[Any]) -> None:
    with anyio.fail_after(5):
        while await backends(admin):  # noqa: ASYNC110 - the server has no event to wait for
            await anyio.sleep(0.01)


async def test_closed_pool_is_unreachable(link: Link, admin: Admin[Any]) -> None:
    async with pool_over(link) as pool:
        await run(pool, WriteNote("a"))
        await pool.close()

        with pytest.raises(Unreachable):
            await run(pool, WriteNote("b"))
    await _until_no_backend(admin)


async def test_pool_closes_in_bounded_time_while_a_session_is_out(link: Link) -> None:
    async with pool_over(link) as pool, pool.session():
        with anyio.fail_after(5):
            await pool.close()


class LostInTime:
    """A connection whose time is over in the instant in which it is cut: the pool has taken it back already."""

    async def fetchval(self, *_: object) -> None:
        raise TimeoutError

    def terminate(self) -> None:
        raise asyncpg.InterfaceError("cannot call Connection.terminate(): it has been released back to the pool")


@ON_ONE_LOOP
async def test_statement_whose_time_is_over_as_its_connection_is_cut_has_lost_its_answer(link: Link) -> None:
    """The soak, after 870,000 taps: the pool's complaint ended the database actor, and 67 taps were refused."""
    lost: Any = LostInTime()

    async with pool_over(link) as pool:
        with pytest.raises(AnswerLost):
            await OneStatement(pool, lost, BINDINGS).run(WriteNote("a"))
