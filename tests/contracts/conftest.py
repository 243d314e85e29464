"""Contracts run on asyncio: the real adapters do."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contracts.paper import fake_world, open_simulated
from tests.contracts.team import Team
from tests.contracts.worlds import open_postgres
from tests.kit.clock import on_asyncio
from tests.plugins.postgres import Databases

anyio_backend = on_asyncio


@pytest.fixture(scope="session")
def contract_url(databases: Databases, template_database: str) -> Iterator[str]:
    """The DSN of one database for all facts; each begins with empty tables, which is quicker than a new database."""
    yield databases.create("contracts", template_database)
    databases.drop("contracts")


@pytest.fixture(params=["paper", "simulated", "postgres"])
async def team(request: pytest.FixtureRequest) -> AsyncIterator[Team]:
    """A team and its queue, in the fake database, in the simulation's, and then in the real one."""
    match request.param:
        case "paper":
            yield await Team.gather(fake_world())
        case "simulated":
            async with open_simulated() as world:
                yield await Team.gather(world)
        case _:
            async with open_postgres(request.getfixturevalue("contract_url")) as world:
                yield await Team.gather(world)
