"""Notifications as hints: however many came, there is one thing to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import asyncpg

from actors.errors import Unreachable
from infra.postgres.sqlstates import FAILURES, During, classify_error


class Notifications(AsyncIterator[None]):
    """Yields once for all notifications since the last look; ends with Unreachable when its connection does."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection
        self._news = anyio.Event()
        self._lost = False

    async def listen(self, channel: str) -> None:
        """Hear each NOTIFY on this channel from now on; raises PortError."""
        self._connection.add_termination_listener(self._on_lost)
        try:
            await self._connection.add_listener(channel, self._on_notification)
        except FAILURES as error:
            raise classify_error(error, During.ACQUIRE) from error

    async def __anext__(self) -> None:
        """Wait for a notification that was not seen yet."""
        await self._news.wait()
        if self._lost:
            raise Unreachable("the listening connection to the database is gone")
        self._news = anyio.Event()

    def _on_notification(self, *_: object) -> None:
        self._news.set()

    def _on_lost(self, *_: object) -> None:
        self._lost = True
        self._news.set()
