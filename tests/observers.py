"""Looks at the server again and again while something else happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import asyncpg

EVERY_SECONDS = 0.01
ACTIVITY = "select state from pg_stat_activity where application_name = $1 and datname = current_database()"


@asynccontextmanager
async def sampled_activity(dsn: str, worker: str = "one") -> AsyncIterator[list[list[str]]]:
    """Yield the states of a worker's connections as a growing list of samples, taken on a connection of its own."""
    seen: list[list[str]] = []
    connection = await asyncpg.connect(dsn)

    async def look_again_and_again() -> None:
        while True:
            seen.append([row["state"] or "" for row in await connection.fetch(ACTIVITY, worker)])
            await anyio.sleep(EVERY_SECONDS)

    try:
        async with anyio.create_task_group() as looking:
            looking.start_soon(look_again_and_again)
            yield seen
            looking.cancel_scope.cancel()
    finally:
        connection.terminate()
