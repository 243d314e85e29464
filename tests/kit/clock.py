"""The event loop of a test module, or of a folder's `conftest.py`, in one line: `anyio_backend = virtual_time`."""

import pytest

from tests.backends import BACKENDS, Backend


@pytest.fixture(params=["asyncio_virtual", "trio_virtual"])
def virtual_time(request: pytest.FixtureRequest) -> Backend:
    """Both event loops, each jumping to the next timer when nobody can run."""
    return BACKENDS[request.param]()


@pytest.fixture(params=["asyncio"])
def on_asyncio(request: pytest.FixtureRequest) -> Backend:
    """The loop of production, for what stands on asyncpg, aiohttp or hypercorn: none of them knows trio."""
    return BACKENDS[request.param]()


@pytest.fixture(params=["asyncio", "uvloop"])
def on_either_asyncio(request: pytest.FixtureRequest) -> Backend:
    """The same, and the loop that a worker takes where it is there."""
    return BACKENDS[request.param]()
