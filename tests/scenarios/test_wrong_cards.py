"""Cards that an earlier version drew wrongly, as forged data had it do, are put right by a worker of this one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from infra.postgres.migrate import migrate
from infra.sandbox.telegram.model import Content
from tests import earlier_schemas
from tests.stage import CHAT, Stage

BEFORE_THEY_WERE_MARKED = "0029_rights_first"
OTHERS = (({"text": "Skip", "callback_data": "s:99:0:others"},),)
SETTLED = """update items set state = 'skipped', came_from = 'in_review', came_by = 'skip', version = 1, revision = 1,
  settled_step = 'skip', settled_by = 5, settled_name = 'Anna', settled_tap = 'explained',
  settled_at = now() - interval '1 day' where item_id = $1"""


@pytest.fixture
async def wronged(stage: Stage, empty_database_url: str) -> AsyncIterator[tuple[Stage, int, int]]:
    """A database brought up to date behind an open card without buttons, and a settled one with another item's."""
    connection = await asyncpg.connect(empty_database_url)
    try:
        await earlier_schemas.build(connection, earlier_schemas.states()[BEFORE_THEY_WERE_MARKED])
        old = replace(stage, database=connection, dsn=empty_database_url, workers=[])
        await old.add_chat()
        (_, bare), (item, settled) = [await _put_in_review(old, title) for title in ("Sunset", "Harbour")]
        await connection.execute(SETTLED, item)
        await connection.execute("update cards set want = 1, shown = 1 where item_id = $1", item)
        await migrate(connection)
        yield old, bare, settled
    finally:
        await connection.close()


async def _put_in_review(stage: Stage, title: str) -> tuple[int, int]:
    item = await stage.queue(title)
    keyboard = OTHERS if title == "Harbour" else ()
    content = Content("photo", "Somebody else's story", keyboard=keyboard)
    sent = stage.sandbox.telegram.send(str(CHAT), content, stage.sandbox.clock())
    await stage.database.execute(
        "update items set state = 'in_review', came_from = 'presenting', came_by = 'sent', presented_at = now()"
        " where item_id = $1",
        item,
    )
    await stage.database.execute(
        "insert into cards (chat_key, message_id, item_id, shown) select chat_key, $1, $2, 0 from chats",
        sent["message_id"],
        item,
    )
    return item, sent["message_id"]


async def test_cards_that_were_drawn_wrongly_are_put_right_once(wronged: tuple[Stage, int, int]) -> None:
    stage, bare, settled = wronged

    async with stage.worker():
        await stage.says(bare, "Sunset")
        await stage.says(settled, "Skipped by")
        await stage.until_rows_say(0, "select count(*)::int from cards where shown < want")

    assert "Skip" in stage.buttons(bare)
    assert stage.buttons(settled) == []
    assert await stage.database.fetchval("select count(*) from cards where once_more") == 0
    assert stage.lines.of("explained") == []  # its worker did, and nothing was left behind
