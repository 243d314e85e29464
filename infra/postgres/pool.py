"""The connections to PostgreSQL: acquired, used for one statement and released, each within a bound.

Cancellation never meets a connection half way: acquiring, running and releasing are shielded, and bounded instead.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import anyio
import asyncpg

from actors.errors import AnswerLost, Unreachable
from actors.operations.operation import Operation
from infra.postgres.dsn import port_of, without_libpq_options
from infra.postgres.keepalive import keep_alive
from infra.postgres.notifications import Notifications
from infra.postgres.scram import Connection, connect_by_scram
from infra.postgres.sqlstates import FAILURES, During, classify_error, needs_fresh_connection
from infra.postgres.statement import Statement

T = TypeVar("T")
Bindings = Mapping[type[Operation[Any]], Statement[Any, Any]]
Acquired: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

CHANNEL = "everytap"
CONNECT_SECONDS = 10.0
ACQUIRE_SECONDS = 3.0
COMMAND_SECONDS = 4.0
RUN_SECONDS = 6.0  # a last resort, should asyncpg's bound fail
RELEASE_SECONDS = 3.0
CLOSE_SECONDS = 3.0
IDLE_SECONDS = 120.0

# What each session is told at its start, in ms. The server's statement_timeout is a definite no, ours would leave the
# outcome unknown: it has to come first. `jit` costs more than our statements take.
TRANSACTION_MILLISECONDS = 3800  # after statement_timeout, before we ask again after COMMAND_SECONDS
_SESSION = {
    "statement_timeout": "3500",
    "lock_timeout": "300",
    "idle_in_transaction_session_timeout": "5000",
    "client_connection_check_interval": "2000",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """`size`: connections in all; `pooled`: a transaction pooler stands before the server; `worker`: our name there.

    `scram_only`: no server is given the password that does not prove itself.
    """

    size: int
    pooled: bool
    worker: str
    scram_only: bool = False


@asynccontextmanager
async def open_pool(dsn: str, settings: PoolSettings, bindings: Bindings) -> AsyncIterator[ConnectionPool]:
    """Yield a pool that connects when it is used; one to nowhere is `Unreachable` then, not now."""
    pool = ConnectionPool(dsn, settings, bindings)
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


class OneStatement:
    """A session: runs one operation on one connection."""

    def __init__(self, pool: ConnectionPool, connection: Acquired, bindings: Bindings) -> None:
        self._pool = pool
        self._connection = connection
        self._bindings = bindings

    async def run(self, operation: Operation[T]) -> T:
        """Run the operation in one round trip and one commit; a cancelled caller is cancelled when it ended."""
        binding = self._bindings[type(operation)]
        answer = await self._fetch(binding.sql, binding.arguments(operation))
        try:
            value: T = binding.decode(operation, None if answer is None else json.loads(answer))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            # It is committed. A newer schema may speak like this to an older worker, which must not crash at each tap.
            raise AnswerLost(f"the answer to {type(operation).__name__} cannot be read") from error
        return value

    async def _fetch(self, sql: str, arguments: tuple[object, ...]) -> Any:
        try:
            with anyio.move_on_after(RUN_SECONDS):
                return await self._connection.fetchval(sql, *arguments)
            raise TimeoutError
        except FAILURES as error:
            if isinstance(error, TimeoutError):
                # The release would wait for a link that is silent. One that was cut this very moment has left the pool.
                with suppress(asyncpg.InterfaceError):
                    self._connection.terminate()
            if needs_fresh_connection(error):
                await self._pool.renew()
            raise classify_error(error, During.RUN) from error


class Loan:
    """A connection from its acquisition to its release, all of it shielded: each part has a bound of its own."""

    def __init__(self, owner: ConnectionPool, pool: asyncpg.Pool[asyncpg.Record], bindings: Bindings) -> None:
        self._owner = owner
        self._pool = pool
        self._bindings = bindings
        self._shield = anyio.CancelScope(shield=True)
        self._connection: Acquired | None = None

    async def __aenter__(self) -> OneStatement:
        self._shield.__enter__()
        try:
            self._connection = await _acquire(self._pool)
        finally:
            if self._connection is None:
                self._shield.__exit__(*sys.exc_info())
        return OneStatement(self._owner, self._connection, self._bindings)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._connection is not None
        try:
            await _release(self._pool, self._connection)
        finally:
            self._shield.__exit__(kind, error, trace)


class ConnectionPool:
    """Fills ports.Pool. `size` sessions at once; a listener, where there can be one, is a connection besides them."""

    def __init__(self, dsn: str, settings: PoolSettings, bindings: Bindings) -> None:
        self._dsn = without_libpq_options(dsn)
        self._bindings = bindings
        self._listens = not settings.pooled and settings.size >= 2
        self._listening = False
        self._pooled = settings.pooled
        self._connect = connect_by_scram if settings.scram_only else asyncpg.connect
        self.size = settings.size - self._listens
        # A pooler keeps no session: it knows no start-up settings, and no statement that was prepared earlier.
        self._options: dict[str, Any] = {
            "port": port_of(dsn),
            "timeout": CONNECT_SECONDS,
            "command_timeout": COMMAND_SECONDS,
            "statement_cache_size": 0 if settings.pooled else 100,
            "max_cached_statement_lifetime": 0,
            "server_settings": {} if settings.pooled else {**_SESSION, "application_name": settings.worker},
        }
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Make the pool, without a connection."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            connect=self._connect,
            min_size=0,
            max_size=self.size,
            max_queries=0x7FFF_FFFF,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            reset=_noreset,
            init=self._made,
            **self._options,
        )

    async def _made(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Bound what a link can leave open that falls silent between a statement and its Sync.

        The server has executed it by then, and waits with the transaction open and the row locked: `statement_timeout`
        is over, and nothing is idle. Only PostgreSQL 17 and newer know the setting, and an older one would refuse a
        start-up setting that it does not know. https://www.postgresql.org/docs/17/runtime-config-client.html
        """
        await keep_alive(connection)
        if not self._pooled and connection.get_server_version() >= (17,):
            await connection.execute(f"set transaction_timeout = {TRANSACTION_MILLISECONDS}")

    def session(self) -> Loan:
        """Acquire a connection and release it at the end; the release never raises."""
        return Loan(self, self._opened(), self._bindings)

    @asynccontextmanager
    async def notifications(self) -> AsyncIterator[AsyncIterator[None]]:
        """Listen on a connection of its own; yields once for whatever came meanwhile, ends with Unreachable."""
        if not self._listens or self._listening:
            raise Unreachable("there is no connection to spare for listening")
        self._listening = True
        try:
            with anyio.CancelScope(shield=True):
                connection = await self._connect_listener()
            try:
                notifications = Notifications(connection)
                await notifications.listen(CHANNEL)
                yield notifications
            finally:
                with anyio.CancelScope(shield=True):
                    await _close(connection)
        finally:
            self._listening = False

    async def renew(self) -> None:
        """Use none of the present connections again."""
        await self._opened().expire_connections()

    async def close(self) -> None:
        """Close all connections; what has not come back within the bound is cut. May be called again."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        with anyio.CancelScope(shield=True):
            try:
                with anyio.fail_after(CLOSE_SECONDS):
                    await pool.close()
            except FAILURES:
                pool.terminate()

    def _opened(self) -> asyncpg.Pool[asyncpg.Record]:
        if self._pool is None:
            raise Unreachable("the pool is closed")
        return self._pool

    async def _connect_listener(self) -> Connection:
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                connection: Connection = await self._connect(self._dsn, **self._options)
        except FAILURES as error:
            raise classify_error(error, During.ACQUIRE) from error
        await keep_alive(connection)
        return connection


async def _acquire(pool: asyncpg.Pool[asyncpg.Record]) -> Acquired:
    try:
        # With a bound asyncpg makes a task of it, which a connection that is at hand is not worth.
        return await pool.acquire(timeout=None if pool.get_idle_size() else ACQUIRE_SECONDS)
    except FAILURES as error:
        raise classify_error(error, During.ACQUIRE) from error


async def _release(pool: asyncpg.Pool[asyncpg.Record], connection: Acquired) -> None:
    # The statement has its answer or its error; a release that fails cuts the connection, which is all it has to do.
    with suppress(*FAILURES), anyio.move_on_after(2 * RELEASE_SECONDS):
        await pool.release(connection, timeout=RELEASE_SECONDS)


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except FAILURES:
        connection.terminate()


async def _noreset(_: object) -> None:
    """Leave the session as it is: nothing of ours stays in it, and asyncpg's own reset costs a round trip."""
