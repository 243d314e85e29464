"""Cards in review, dealt from the database: one a chat, each in a chat of its own."""

from __future__ import annotations

from typing import Any, TypeAlias

import asyncpg

FIRST_CHAT = -1003000000000
SETTLED = 2000
DEAL = """
with made as (
    insert into chats (chat_id, title, gap_seconds)
    select $1::bigint - n, 'Team', 0 from generate_series(1, $2::int) n returning chat_key, chat_id),
  stories as (
    insert into media (chat_key, kind, path, file_name, title, caption, sha256, bytes)
    select chat_key, 'photo', 'p', 'sunset.jpg', 'Sunset', 'Golden hour over the harbour #sunset', chat_key::text, 5
    from made returning chat_key, media_id),
  queued as (
    insert into items (chat_key, media_id, due_at, state, came_from, came_by, presented_at)
    select chat_key, media_id, now(), $3, 'presenting', $4, now() from stories returning chat_key, item_id),
  shown as (
    insert into cards (chat_key, message_id, item_id, shown) select chat_key, 1, item_id, 0 from queued)
select chat_id, item_id from made join queued using (chat_key)
"""

Card: TypeAlias = tuple[int, int, int]  # chat, message, item


class Deck:
    """Makes cards when they are needed: a worker that starts would draw all that lie about."""

    def __init__(self, database: asyncpg.Connection) -> None:
        self._database = database
        self._dealt = 0

    async def prepare(self) -> None:
        """Fill the tables with a past, so that the planner uses the indexes."""
        await self._put(SETTLED, "skipped", "skip")
        await self._database.execute("vacuum analyze")

    async def deal(self, count: int) -> list[Card]:
        """Put so many cards into review."""
        return await self._put(count, "in_review", "sent")

    async def value(self, query: str) -> Any:
        """Look for one value, past the link."""
        return await self._database.fetchval(query)

    async def _put(self, count: int, state: str, step: str) -> list[Card]:
        rows = await self._database.fetch(DEAL, FIRST_CHAT - self._dealt, count, state, step)
        self._dealt += count
        return [(row["chat_id"], 1, row["item_id"]) for row in rows]
