"""A PostgreSQL of the run's own, with as many migrated databases as are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg

from infra.postgres.embedded import open_embedded
from infra.postgres.migrate import MIGRATIONS, migrate

TEMPLATE = "template_faults"


class Server:
    """Makes databases; `folder` is there for as long as the server is."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        self.folder = folder

    async def prepare(self) -> None:
        """Migrate the database that the others are copies of."""
        connection = await asyncpg.connect(await self._create(TEMPLATE, "template1"))
        try:
            await migrate(connection, MIGRATIONS)
        finally:
            await connection.close()

    async def create(self, name: str) -> str:
        """Make a database with the whole schema and no rows; answers its DSN."""
        return await self._create(name, TEMPLATE)

    async def _create(self, name: str, template: str) -> str:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(f'create database "{name}" template "{template}"')
        finally:
            await connection.close()
        return urlsplit(self._dsn)._replace(path=f"/{name}").geturl()


@asynccontextmanager
async def open_server() -> AsyncIterator[Server]:
    """Start it, with nothing but the template in it."""
    with TemporaryDirectory(prefix="everytap-faults-") as name:
        async with open_embedded(Path(name) / "data") as dsn:
            server = Server(dsn, Path(name))
            await server.prepare()
            yield server
