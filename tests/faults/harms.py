"""What can be wrong with PostgreSQL, each made by entering a context and mended by leaving it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import anyio
import asyncpg
from anyio import to_thread

from infra.postgres.embedded.server import Server as Postmaster
from tests.faults.server import DATA, Server
from tests.tcp_proxy import Pace, Proxy

Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

OURS = "a test"
# A worker names its sessions; the stage does not.
WORKERS = f"from pg_stat_activity where datname = current_database() and application_name not in ('', '{OURS}')"
END_ALL = f"select pg_terminate_backend(pid) {WORKERS}"
ANY_SESSION = f"select pid {WORKERS} order by state = 'active' desc, pid limit 1"
HOW_MANY = f"select count(*) {WORKERS}"
AGAIN_SECONDS = 0.3
PAUSE_SECONDS = 0.02
MENDED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What a fault is made on: the server, a database of it, and the worker's link there."""

    server: Server
    dsn: str
    link: Proxy

    @property
    def postmaster(self) -> Postmaster:
        """Whoever starts and stops the server."""
        return Postmaster(self.server.folder / DATA)

    @property
    def cluster(self) -> Path:
        """The server's own folder."""
        return self.server.folder / DATA / "postgres"

    def signal(self, sign: signal.Signals) -> None:
        """Tell the server."""
        os.kill(int((self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]), sign)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Yield a session of our own, which may write whatever is the matter, and close it."""
        settings = {"application_name": OURS, "default_transaction_read_only": "off"}
        connection = await asyncpg.connect(self.dsn, server_settings=settings)
        try:
            yield connection
        finally:
            connection.terminate()

    async def execute(self, *statements: str) -> None:
        """Execute them one by one."""
        async with self.session() as session:
            for statement in statements:
                await session.execute(statement)

    async def start(self) -> None:
        """Start the server, or wait until it serves again."""
        await to_thread.run_sync(self.postmaster.ensure_running)

    async def stop(self) -> None:
        """Stop it at once, in order."""
        await to_thread.run_sync(self.postmaster.stop)


@asynccontextmanager
async def stopped_smartly(ground: Ground) -> AsyncIterator[None]:
    """Nobody is let in any more, and whoever is there may stay: so the fast stop has to end it."""
    ground.signal(signal.SIGTERM)
    yield
    await ground.stop()
    await ground.start()


@asynccontextmanager
async def stopped_fast(ground: Ground) -> AsyncIterator[None]:
    """Every session is ended in order."""
    await ground.stop()
    yield
    await ground.start()


@asynccontextmanager
async def crashed(ground: Ground) -> AsyncIterator[None]:
    """Every session is ended without a word."""
    ground.server.crash()
    await ground.stop()
    yield
    await ground.start()


@asynccontextmanager
async def one_killed(ground: Ground) -> AsyncIterator[None]:
    """One session's process is killed: the server ends all of them, and recovers by itself."""
    async with ground.session() as session:
        pid = await session.fetchval(ANY_SESSION)
    os.kill(pid, signal.SIGKILL)
    yield
    await ground.start()


@asynccontextmanager
async def read_only(ground: Ground) -> AsyncIterator[None]:
    """Every session is read-only from one statement to the next."""
    file = ground.cluster / "postgresql.conf"
    before = file.read_bytes()
    file.write_bytes(before + b"\ndefault_transaction_read_only = on\n")
    await _reload(ground, "on")
    yield
    file.write_bytes(before)
    await _reload(ground, "off")


async def _reload(ground: Ground, expected: str) -> None:
    """Have the server read its file, and wait until sessions know."""
    ground.signal(signal.SIGHUP)
    connection = await asyncpg.connect(ground.dsn, server_settings={"application_name": OURS})
    try:
        while await connection.fetchval("show default_transaction_read_only") != expected:  # noqa: ASYNC110 - unannounced
            await anyio.sleep(PAUSE_SECONDS)
    finally:
        connection.terminate()


@asynccontextmanager
async def begun_read_only(ground: Ground) -> AsyncIterator[None]:
    """Sessions that begin now are read-only, and stay so when it is over: the worker has to leave them."""
    name = urlsplit(ground.dsn).path.lstrip("/")
    await ground.execute(f'alter database "{name}" set default_transaction_read_only = on', END_ALL)
    yield
    await ground.execute(f'alter database "{name}" reset default_transaction_read_only')


@asynccontextmanager
async def full(ground: Ground) -> AsyncIterator[None]:
    """Others hold every connection: 53300."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(ground.session())
        await _fill(ground, stack)
        while await first.fetchval(HOW_MANY):
            await first.execute(END_ALL)
            await anyio.sleep(PAUSE_SECONDS)
            await _fill(ground, stack)
        yield


async def _fill(ground: Ground, stack: AsyncExitStack) -> None:
    try:
        while True:
            await stack.enter_async_context(ground.session())
    except asyncpg.TooManyConnectionsError:
        return


@asynccontextmanager
async def locked(ground: Ground) -> AsyncIterator[None]:
    """Another session holds the row."""
    async with ground.session() as session, session.transaction():
        await session.execute("select from items for update")
        yield


@asynccontextmanager
async def ended_again_and_again(ground: Ground) -> AsyncIterator[None]:
    """Whatever session the worker has, it does not have it for long."""

    async def go_on(session: Session) -> None:
        while True:
            await session.execute(END_ALL)
            await anyio.sleep(AGAIN_SECONDS)

    async with ground.session() as session, anyio.create_task_group() as tasks:
        await session.execute(END_ALL)
        tasks.start_soon(go_on, session)
        yield
        tasks.cancel_scope.cancel()


def _at(pace: Pace) -> Callable[[Ground], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def slow(ground: Ground) -> AsyncIterator[None]:
        ground.link.pace = pace
        yield
        ground.link.pace = Pace()

    return slow


@dataclass(frozen=True, slots=True)
class Harm:
    """One fault; `words`: its column; `breaks`: an answer that is under way when it begins never comes."""

    words: str
    made: Callable[[Ground], AbstractAsyncContextManager[None]]
    breaks: bool = False


HARMS: Final[Mapping[str, Harm]] = {
    "SMART": Harm("stopped (smart)", stopped_smartly),
    "FAST": Harm("stopped (fast)", stopped_fast, breaks=True),
    "CRASH": Harm("crashed", crashed, breaks=True),
    "KILL": Harm("a session killed -9", one_killed, breaks=True),
    "READ_ONLY": Harm("read-only", read_only),
    "BEGUN_READ_ONLY": Harm("new sessions read-only", begun_read_only, breaks=True),
    "FULL": Harm("full", full, breaks=True),
    "SLOW": Harm("0.2 s a piece", _at(Pace(delay_seconds=0.2))),
    "SLOWER": Harm("1 s a piece", _at(Pace(delay_seconds=1.0))),
    "THROTTLED": Harm("100 bytes/s", _at(Pace(bytes_per_second=100.0))),
    "LOCKED": Harm("row locked", locked),
    "ENDED": Harm("sessions ended each 0.3 s", ended_again_and_again, breaks=True),
}


async def connect_again(ground: Ground) -> Session:
    """Open a session to a server that may be only starting."""
    with anyio.fail_after(MENDED_SECONDS):
        while True:
            try:
                connection: Session = await asyncpg.connect(ground.dsn)
            except (asyncpg.PostgresError, OSError):
                await anyio.sleep(PAUSE_SECONDS)
            else:
                return connection
