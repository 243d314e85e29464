"""Contracts run on asyncio: the real adapters do."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from tests.contracts.paper import open_simulated
from tests.contracts.team import Team
from tests.contracts.worlds import World, open_postgres
from tests.kit.clock import on_asyncio
from tests.plugins.postgres import Databases

anyio_backend = on_asyncio


@pytest.fixture(scope="session")
def contract_url(databases: Databases, template_database: str) -> Iterator[str]:
    """The DSN of one database for all facts; each begins with empty tables, which is quicker than a new database."""
    yield databases.create("contracts", template_database)
    databases.drop("contracts")


WORLDS: dict[str, Callable[[str], AbstractAsyncContextManager[World]]] = {
    "simulated": lambda _: open_simulated(),
    "postgres": open_postgres,
}


@pytest.fixture(params=WORLDS)
async def team(request: pytest.FixtureRequest, contract_url: str) -> AsyncIterator[Team]:
    """A team and its queue, in the simulation's database, and then in the real one."""
    async with WORLDS[request.param](contract_url) as world:
        yield await Team.gather(world)
