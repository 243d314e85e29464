"""Virtual time for a test module in one line: `anyio_backend = virtual_time`."""

import pytest

from tests.backends import BACKENDS, Backend


@pytest.fixture(params=["asyncio_virtual", "trio_virtual"])
def virtual_time(request: pytest.FixtureRequest) -> Backend:
    """Both event loops, each jumping to the next timer when nobody can run."""
    return BACKENDS[request.param]()
