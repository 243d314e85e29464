"""The test's own connection, past the proxy: it sees the rows while the worker's connections are broken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio
import asyncpg

from infra.postgres.embedded.owner import open_embedded
from tests.faults.server import DATA, Server

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Eyes:
    """Asks while the server runs; a restart of it waits for a question, and a question for the restart."""

    def __init__(self, server: Server, dsn: str, connection: Connection) -> None:
        self._server = server
        self._dsn = dsn
        self._connection = connection
        self._lock = anyio.Lock()

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Ask for rows."""
        async with self._lock:
            return await self._connection.fetch(query, *arguments)

    async def value(self, query: str, *arguments: object) -> Any:
        """Ask for one value."""
        rows = await self.fetch(query, *arguments)
        return rows[0][0]

    async def restart(self) -> None:
        """Crash the server and start it again."""
        async with self._lock:
            await self._connection.close()
            self._server.crash()
            await self._until_it_is_gone()
            async with open_embedded(self._server.folder / DATA):
                self._connection = await asyncpg.connect(self._dsn)

    async def close(self) -> None:
        """Ask no more."""
        await self._connection.close()

    async def _until_it_is_gone(self) -> None:
        while True:
            try:
                await (await asyncpg.connect(self._dsn)).close()
            except (OSError, asyncpg.PostgresError):
                return
            await anyio.sleep(0.01)


@asynccontextmanager
async def open_eyes(server: Server, name: str) -> AsyncIterator[tuple[str, Eyes]]:
    """Make a database of this name; yields its DSN and a look into it."""
    dsn = await server.create(name)
    eyes = Eyes(server, dsn, await asyncpg.connect(dsn))
    try:
        yield dsn, eyes
    finally:
        await eyes.close()
