"""`python -m tests.chaos.slow`: does a publish that takes long hold up anybody's Skip?

Some people skip while nothing else happens; then hundreds of Auto Posts are under way, each waiting 20 s for Instagram,
and others skip. Prints one JSON object: what the worker's own log lines say of both, in milliseconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from infra.logs import configure_logs
from infra.sandbox.faults import Fault, Kind
from infra.sandbox.worker import worker_process
from main import COMMAND
from tests.chaos.play import Play, Wish, open_play

POSTS, SKIPS = 200, 40
PUBLISH_SECONDS = 20.0
EVERY_SECONDS = 0.25
READY_SECONDS = 180.0


async def perform() -> dict[str, Any]:
    """Play it, and answer what came of it."""
    wish = Wish(seed=1, items=POSTS + 2 * SKIPS, workers=1)
    with TemporaryDirectory(prefix="everytap-slow-") as name:
        async with open_play(wish, Path(name)) as play:
            play.sandbox.instagram.set_fault(Fault(Kind.DELAY, "publish", seconds=PUBLISH_SECONDS))
            log_file = Path(name) / "worker.log"
            async with worker_process(COMMAND, play.environment, log_file):
                await all_in_review(play)
                cards = await play.cards()
                before, during, posts = cards[:SKIPS], cards[SKIPS : 2 * SKIPS], cards[2 * SKIPS :]
                await skip(play, before)
                for card in posts:
                    play.tap(card, "Auto Post")
                await publishing(play)
                await skip(play, during)
                under_way = await play.count("state = 'publishing'")
                await play.settle()
                lines = [json.loads(line) for line in log_file.read_text().splitlines() if '"tap"' in line]
    return {
        "posts": POSTS,
        "publishing_while_skipping": under_way,
        "doubles": len(play.sandbox.instagram.doubles()),
        "live": len(play.sandbox.instagram.live()),
        "skips_alone": told(lines, before),
        "skips_meanwhile": told(lines, during),
    }


async def all_in_review(play: Play) -> None:
    """Wait until every card is in its chat."""
    with anyio.fail_after(READY_SECONDS):
        while await play.count("state = 'in_review'") < play.wish.items:  # noqa: ASYNC110 - another process decides
            await anyio.sleep(0.2)


async def publishing(play: Play) -> None:
    """Wait until most publish calls are out."""
    with anyio.fail_after(READY_SECONDS):
        while play.sandbox.instagram.stats()["calls"].get("publish", 0) < POSTS * 0.9:  # noqa: ASYNC110 - the same
            await anyio.sleep(0.1)


async def skip(play: Play, cards: Iterable[tuple[int, int, int]]) -> None:
    """Let people skip, one after the other."""
    for card in cards:
        play.tap(card, "Skip")
        await anyio.sleep(EVERY_SECONDS)


def told(lines: list[dict[str, Any]], cards: list[tuple[int, int, int]]) -> dict[str, float]:
    """What the worker says of these taps."""
    items = {card[2] for card in cards}
    mine = [line for line in lines if line["event"] == "tap" and line["action"] == "skip" and line["item_id"] in items]
    toasts, records = ([line[name] for line in mine] for name in ("toast_ms", "recorded_ms"))
    return {
        "taps": len(mine),
        "toast_p50_ms": median(toasts),
        "toast_max_ms": max(toasts),
        "recorded_p50_ms": median(records),
        "recorded_max_ms": max(records),
    }


def main() -> None:
    """Play, and print."""
    configure_logs("console", "ERROR", stream=sys.stderr)
    sys.stdout.write(json.dumps(anyio.run(partial(perform), backend_options={"use_uvloop": True})) + "\n")


if __name__ == "__main__":
    main()
