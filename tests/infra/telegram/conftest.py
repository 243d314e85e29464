"""The adapter stands on aiohttp, so on asyncio alone."""

from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio
