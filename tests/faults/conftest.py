"""Faults are made on asyncio: the proxy and the driver are its."""

from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio
