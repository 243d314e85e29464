"""Which event loops a test runs on: all of them, unless its module names others.

A module in which time passes has an `anyio_backend` fixture of its own with the virtual ones; a test for one loop names
it: `@pytest.mark.parametrize("anyio_backend", ["asyncio"], indirect=True)`.
"""

import pytest

from tests.backends import BACKENDS, Backend

pytest_plugins = [
    "pytester",
    "tests.kit.plugin",
    "tests.plugins.environment",
    "tests.plugins.examples",
    "tests.plugins.failures",
    "tests.plugins.order",
    "tests.plugins.postgres",
    "tests.plugins.secrets",
]


@pytest.fixture(params=["asyncio", "trio", "trio_virtual"])
def anyio_backend(request: pytest.FixtureRequest) -> Backend:
    """One of `tests.backends.BACKENDS`, by name."""
    return BACKENDS[request.param]()
