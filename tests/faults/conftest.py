"""Faults are made on asyncio: the proxy and the driver are its."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The backend of production."""
    return "asyncio"
