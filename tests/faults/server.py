"""A PostgreSQL of the run's own, with as many migrated databases as are asked for."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from infra.postgres.embedded.owner import open_embedded
from infra.postgres.migrate import migrate
from tests.scratch import scratch_folder

TEMPLATE = "template_faults"
DATA = "data"


class Server:
    """Makes databases; `folder` is there for as long as the server is."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        self.folder = folder

    async def prepare(self) -> None:
        """Migrate the database that the others are copies of."""
        connection = await asyncpg.connect(await self._create(TEMPLATE, "template1"))
        try:
            await migrate(connection)
        finally:
            await connection.close()

    async def create(self, name: str) -> str:
        """Make a database with the whole schema and no rows; answers its DSN."""
        return await self._create(name, TEMPLATE)

    async def set(self, name: str, value: str) -> None:
        """Have every session that begins from now on use this setting, also behind a pooler."""
        await self._execute(f"alter role current_user set {name} = '{value}'")

    def crash(self) -> None:
        """End it as a crash would: without a word to anybody, and without a checkpoint."""
        lines = (self.folder / DATA / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        os.kill(int(lines[0]), signal.SIGQUIT)

    async def _create(self, name: str, template: str) -> str:
        await self._execute(f'create database "{name}" template "{template}"')
        return urlsplit(self._dsn)._replace(path=f"/{name}").geturl()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def open_server() -> AsyncIterator[Server]:
    """Start it, with nothing but the template in it."""
    with scratch_folder("faults") as folder:
        async with open_embedded(folder / DATA) as dsn:
            server = Server(dsn, folder)
            await server.prepare()
            try:
                yield server
            finally:
                server.crash()  # nobody reads this any more; a gentle end would write all of it to the disk
