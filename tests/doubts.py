"""How an item falls into doubt on the stage, without the half minute that it takes."""

from __future__ import annotations

import json

from actors.worker import Worker
from tests.fakes.instagram import FakeInstagram
from tests.stage import ANNA, CHAT, Stage

TAPPED = "select record_tap('tap', $1, $2, $3, 'Anna', $4, 0, 'auto_post', null)"
STEPS = (("container", 0), ("ready", 0), ("publishing", 1), ("in_doubt", 1))


async def fall_into_doubt(stage: Stage, worker: Worker, item: int, card: int, chat_id: int = CHAT) -> None:
    """A worker that is gone had the answer of a publish call lost, and could not read its container."""
    await stage.database.execute(TAPPED, chat_id, card, ANNA.id, item)
    key = await stage.database.fetchval("select chat_key from items where item_id = $1", item)
    stage.instagram = instagram = stage.instagram if isinstance(stage.instagram, FakeInstagram) else FakeInstagram()
    container = instagram.make(3)
    await stage.database.execute("select take_publish($1, $2, 'gone')", key, item)
    for seq, (state, attempt) in enumerate(STEPS, 1):
        move = {"state": state, "container_id": container, "attempt": attempt, "lost": state == "in_doubt"}
        move |= {"sentence": "Nobody knows.", "token_gone": False, "calls": []}
        await stage.database.execute(
            "select step_publish($1, $2, 1, 'gone', 1, $3, $4, null)", key, item, seq, json.dumps(move)
        )
    worker.reconciler.wake()
    await stage.says(card, "In doubt", chat_id)
