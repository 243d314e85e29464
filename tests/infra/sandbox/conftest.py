"""A sandbox on a free port without send limits, a team's group in it, and a bot to call it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import NewChat
from tests.infra.sandbox.client import BotClient
from tests.infra.sandbox.graph import Graph, open_shelf
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with open_sandbox(rules=Rules(limits=False)) as sandbox:
        yield sandbox


@pytest.fixture
def group(sandbox: Sandbox) -> int:
    team = [User(1, "Ann", "ann"), User(2, "Bob <b>&_*"), User(3, "Chloé")]
    return sandbox.create_chat(NewChat("Team", team)).id


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[BotClient]:
    async with ClientSession() as http:
        yield BotClient(http, sandbox)


@pytest.fixture
async def graph(sandbox: Sandbox) -> AsyncIterator[Graph]:
    """A caller of the Graph API, with containers that are ready at once."""
    sandbox.instagram.set_rules(lag_seconds=0)
    async with ClientSession() as http, open_shelf() as shelf:
        yield Graph(http, sandbox, shelf)
