"""One connection for a command: patient with a database that is only starting, and not silent about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import asyncpg

from actors.errors import Refused, Unreachable
from infra.postgres.dsn import port_of, without_libpq_options
from infra.postgres.keepalive import keep_alive
from infra.postgres.scram import Connection, connect_by_scram
from infra.postgres.sqlstates import FAILURES, During, classify_error

PATIENCE_SECONDS = 30.0
ATTEMPT_SECONDS = 5.0
PAUSE_SECONDS = 0.5
SAY_EVERY_SECONDS = 5.0
CLOSE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where the database is; `pooled`: a transaction pooler stands before it.

    `libpq` names the variables of PostgreSQL's own that are set: what the DSN leaves out is taken from them.
    `scram_only`: no server is given the password that does not prove itself.
    """

    dsn: str
    pooled: bool = False
    libpq: tuple[str, ...] = ()
    scram_only: bool = False

    def suspects(self) -> str:
        """What to look at if it leads nowhere."""
        others = f" and {', '.join(self.libpq)}" if self.libpq else ""
        return f"DATABASE_URL{others}"


@asynccontextmanager
async def connected(address: DatabaseAddress, say: Callable[[str], None]) -> AsyncIterator[Connection]:
    """Yield a connection, see `connect_patiently`, and close it."""
    connection = await connect_patiently(address, say)
    try:
        yield connection
    finally:
        with anyio.CancelScope(shield=True):
            await _close(connection)


async def connect_patiently(
    address: DatabaseAddress, say: Callable[[str], None], seconds: float = PATIENCE_SECONDS
) -> Connection:
    """Connect, trying again until `seconds` have passed and saying so now and then.

    Raises `Refused` at once for what waiting does not change (wrong password, no such database), else `Unreachable`.
    """
    began = anyio.current_time()
    said = began
    while True:
        left = began + seconds - anyio.current_time()
        try:
            return await _connect(address, min(ATTEMPT_SECONDS, left))
        except Unreachable as error:
            left = began + seconds - anyio.current_time()
            if left <= PAUSE_SECONDS:
                waited = f"No answer from the database for {seconds:.0f} s"
                sentence = f"{waited}; look whether it runs, and at {address.suspects()}"
                raise Unreachable(sentence) from error
        if anyio.current_time() - said >= SAY_EVERY_SECONDS or said == began:
            said = anyio.current_time()
            say(f"The database does not answer; still trying, for {left:.0f} s more.")
        await anyio.sleep(PAUSE_SECONDS)


async def _connect(address: DatabaseAddress, seconds: float) -> Connection:
    connect = connect_by_scram if address.scram_only else asyncpg.connect
    try:
        with anyio.fail_after(seconds):
            connection: Connection = await connect(
                without_libpq_options(address.dsn),
                port=port_of(address.dsn),
                timeout=seconds + 1,  # ours comes first, and cuts cleanly
                statement_cache_size=0 if address.pooled else 100,
            )
    except FAILURES as error:
        sorted_out = classify_error(error, During.ACQUIRE)
        if address.libpq and isinstance(sorted_out, Refused):
            raise Refused(f"{sorted_out}; look at {address.suspects()}") from error
        raise sorted_out from error
    except ValueError as error:  # a port that is no number, in a variable of libpq's
        raise Refused(f"the address of the database cannot be used; look at {address.suspects()}") from error
    await keep_alive(connection)
    return connection


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except FAILURES:
        connection.terminate()
