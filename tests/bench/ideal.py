"""The least that a tap can cost: toast beside one keyed statement, then the edit; nothing is retried, nothing kept.

A process of its own, like the worker: `python -m tests.bench.ideal DSN API_URL TOKEN`. Its statement writes what ours
writes: item, event, tap, lock, counter, the wish of the card, and a line of the interactions.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import Any

import aiohttp
import asyncpg
import uvloop

from tests.bench.pipes import obey
from tests.bench.stalls import Stalls

POOL = 10
SKIP = """
with chat as (select chat_key, skip_days from chats where chat_id = $2),
  moved as (
    update items set state = 'skipped', came_from = state, came_by = 'skip', version = version + 1,
      revision = revision + 1, settled_step = 'skip', settled_by = $4, settled_name = $5, settled_at = now(),
      settled_tap = $1
    from chat where items.chat_key = chat.chat_key and item_id = $6 and version = $7 and state = 'in_review'
    returning items.chat_key, item_id, media_id, version, revision, skip_days),
  tapped as (
    insert into taps (chat_key, tap_id, item_id, message_id, user_id, user_name, step, version, outcome)
    select chat_key, $1, item_id, $3, $4, $5, 'skip', $7, 'recorded' from moved),
  noted as (
    insert into item_events (chat_key, item_id, version, step, from_state, to_state, user_id, user_name, tap_id)
    select chat_key, item_id, version, 'skip', 'in_review', 'skipped', $4, $5, $1 from moved),
  locked as (
    insert into locks (chat_key, media_id, kind, until, item_id)
    select chat_key, media_id, 'skipped', now() + make_interval(days => skip_days), item_id from moved
    on conflict (chat_key, media_id, kind) do update set until = excluded.until),
  counted as (
    insert into members (chat_key, user_id, name, taps, skipped) select chat_key, $4, $5, 1, 1 from moved
    on conflict (chat_key, user_id) do update set taps = members.taps + 1, skipped = members.skipped + 1),
  wanted as (
    update cards set want = moved.revision from moved
    where cards.chat_key = moved.chat_key and cards.item_id = moved.item_id),
  logged as (
    insert into interactions (chat_key, kind, user_id, user_name, item_id, tap_id, at)
    select chat_key, 'skip', $4, $5, item_id, $1, now() from moved)
select media.title, media.caption from moved join media using (chat_key, media_id)
"""


class Ideal:
    """Polls, and does for each tap what has to be done."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], session: aiohttp.ClientSession, url: str) -> None:
        self._pool = pool
        self._session = session
        self._url = url
        self._working: set[asyncio.Task[None]] = set()

    async def poll(self) -> None:
        """Confirm each update as soon as it is seen."""
        offset = 0
        while True:
            found = await self._call(f"getUpdates?timeout=50&offset={offset}", {})
            for update in found["result"]:
                offset = update["update_id"] + 1
                task = asyncio.create_task(self._settle(update["callback_query"]))
                self._working.add(task)
                task.add_done_callback(self._working.discard)

    async def _settle(self, query: dict[str, Any]) -> None:
        toast = asyncio.create_task(
            self._call("answerCallbackQuery", {"callback_query_id": query["id"], "text": "Skipping…"})
        )
        message, person = query["message"], query["from"]
        chat_id, message_id, name = message["chat"]["id"], message["message_id"], person["first_name"]
        _, item_id, version = query["data"].split(":")
        arguments = (query["id"], chat_id, message_id, person["id"], name, int(item_id), int(version))
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(SKIP, *arguments)
        assert row is not None, "the item was in review"
        text = (
            f"<b>{row['title']}</b>\n🗓 Wed 25 Feb, 18:30\n\n<code>{row['caption']}</code>\n\n⏭ Skipped by {name}, 18:31"
        )
        edit = {"chat_id": chat_id, "message_id": message_id, "caption": text, "parse_mode": "HTML"}
        await self._call("editMessageCaption", edit)
        await toast

    async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(f"{self._url}/{method}", json=body) as response:
            reply: dict[str, Any] = json.loads(await response.read())
            return reply


async def _keep_session(_: object) -> None:
    """Leave the session as it is: asyncpg's own reset costs a round trip."""


async def main(dsn: str, api_url: str, token: str) -> None:
    """Work until stdin ends."""
    stalls = Stalls()

    async def cpu() -> float:
        return time.process_time()

    connector = aiohttp.TCPConnector(limit=256)
    settings = {"jit": "off"}
    async with (
        asyncpg.create_pool(dsn, min_size=0, max_size=POOL, reset=_keep_session, server_settings=settings) as pool,
        aiohttp.ClientSession(
            connector=connector, timeout=aiohttp.ClientTimeout(total=60), cookie_jar=aiohttp.DummyCookieJar()
        ) as session,
    ):
        polling = asyncio.create_task(Ideal(pool, session, f"{api_url}/bot{token}").poll())
        gc.collect()
        gc.freeze()
        await obey({"stalls": stalls.start, "stalled": stalls.stop, "cpu": cpu})
        polling.cancel()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
