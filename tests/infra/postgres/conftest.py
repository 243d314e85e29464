"""An operator at the real PostgreSQL, and who else is connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.postgres.admin import PostgresAdmin, open_admin
from infra.postgres.connect import DatabaseAddress
from tests.stage import CHAT


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection besides the desk's: the worker, and who looks at rows."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[PostgresAdmin]:
    """A desk with one chat."""
    async with open_admin(DatabaseAddress(database_url), pytest.fail) as desk:
        await desk.add_chat(CHAT, {"title": "Studio"})
        yield desk
