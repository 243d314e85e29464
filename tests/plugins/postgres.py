"""One real PostgreSQL a session, one migrated template in it, one fresh database a test; for async and plain tests."""

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from infra.postgres.embedded.owner import EmbeddedOwner
from infra.postgres.migrate import migrate
from tests.scratch import scratch_folder

TEMPLATE = "template_everytap"


class Databases:
    """Makes and drops databases of one server, on an event loop in a thread of its own; both calls block."""

    def __init__(self, dsn: str, portal: BlockingPortal) -> None:
        self._dsn = dsn
        self._portal = portal

    def create(self, name: str, template: str = "template1") -> str:
        """Make a database and return its DSN."""
        self._portal.call(self._execute, f'create database "{name}" template "{template}"')
        return urlsplit(self._dsn)._replace(path=f"/{name}").geturl()

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._portal.call(self._execute, f'drop database if exists "{name}" with (force)')

    def migrate(self, dsn: str) -> None:
        """Bring a database up to date."""
        self._portal.call(self._migrate, dsn)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _migrate(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await migrate(connection)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The session's server."""
    with scratch_folder("tests") as folder:
        owner = EmbeddedOwner(folder)
        try:
            dsn = owner.join()
            with start_blocking_portal("asyncio") as portal:
                yield Databases(dsn, portal)
        finally:
            owner.leave()


@pytest.fixture(scope="session")
def template_database(databases: Databases) -> str:
    """The name of a database with the whole schema and no rows."""
    databases.migrate(databases.create(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(databases: Databases, template_database: str) -> Iterator[str]:
    """The DSN of a database of this test's own, with the whole schema."""
    name = f"test_{secrets.token_hex(6)}"
    yield databases.create(name, template_database)
    databases.drop(name)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """The DSN of a database of this test's own, without a schema."""
    name = f"empty_{secrets.token_hex(6)}"
    yield databases.create(name)
    databases.drop(name)
