"""Scenarios run on asyncio: asyncpg and aiohttp are real here."""

from collections.abc import AsyncIterator

import pytest

from tests.kit.clock import on_asyncio
from tests.stage import Stage, open_stage

anyio_backend = on_asyncio


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    """A sandbox and a fresh database; at the end each tap must have been explained by exactly one log line."""
    async with open_stage(database_url) as opened:
        yield opened
        assert opened.unexplained() == {}
