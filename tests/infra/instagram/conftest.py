"""The adapter stands on aiohttp, so on asyncio alone; it calls the sandbox's Instagram, or a wire that fails."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from infra.instagram.graph import GraphInstagram, open_instagram
from infra.instagram.settings import App, settings_for
from infra.sandbox.instagram.calls import APP_ID, APP_SECRET
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.rules import Rules
from tests.infra.instagram.accounts import around
from tests.infra.sandbox.graph import Shelf, open_shelf
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox whose containers are ready at once, told the time by the clock that the adapter has, too."""
    async with open_sandbox(rules=Rules(limits=False)) as sandbox:
        sandbox.instagram.set_rules(lag_seconds=0)
        yield sandbox


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    async with open_shelf() as shelf:
        yield shelf


@pytest.fixture
async def instagram(sandbox: Sandbox, shelf: Shelf) -> AsyncIterator[GraphInstagram]:
    """The adapter, with the sandbox's app."""
    settings = settings_for(sandbox.url, App(APP_ID, APP_SECRET))
    async with open_instagram(settings, around(shelf.url)) as instagram:
        yield instagram


@pytest.fixture
def before() -> datetime:
    return datetime(2020, 1, 1, tzinfo=UTC)
