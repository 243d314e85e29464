"""`python -m tests.chaos.slow`: does a publish that takes long hold up anybody's Skip?

Some people skip while nothing else happens; then hundreds of Auto Posts are under way, each waiting 20 s for Instagram,
and others skip. The last line is one JSON object: what the worker's own log lines say of both, in milliseconds; exit
status 1 if a Skip was held up or a publish did not end well, and then a sentence above says which.
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
from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.demo.wiring import COMMAND
from infra.sandbox.demo.worker_processes import worker_process
from tests.chaos.play import Play, Wish, open_play
from tests.chaos.verdict import of_slow_publishes

POSTS, SKIPS = 200, 40
PUBLISH_SECONDS = 20.0
EVERY_SECONDS = 0.25
READY_SECONDS = 180.0


async def perform() -> dict[str, Any]:
    """Play it, and answer what came of it."""
    wish = Wish(seed=1, items=POSTS + 2 * SKIPS, workers=1)
    with TemporaryDirectory(prefix="everytap-slow-") as name:
        async with open_play(wish, Path(name)) as play:
            play.sandbox.instagram.set_fault(Fault(FaultKind.DELAY, "publish", seconds=PUBLISH_SECONDS))
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
                settled_seconds = await play.settle()
                lines = [json.loads(line) for line in log_file.read_text().splitlines() if '"tap"' in line]
                states, lies = await play.states(), await play.lies()
    return {
        "posts": POSTS,
        "skips": SKIPS,
        "publishing_while_skipping": under_way,
        "states": states,
        "doubles": len(play.sandbox.instagram.doubles()),
        "live": len(play.sandbox.instagram.live()),
        "lies": lies,
        "settled_seconds": settled_seconds,
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


def told(lines: list[dict[str, Any]], cards: list[tuple[int, int, int]]) -> dict[str, float | None]:
    """What the worker says of these taps; None of what it does not say of each."""
    items = {card[2] for card in cards}
    mine = [line for line in lines if line["event"] == "tap" and line["action"] == "skip" and line["item_id"] in items]
    return {"taps": len(mine)} | _summed_up("toast", mine) | _summed_up("recorded", mine)


def _summed_up(name: str, lines: list[dict[str, Any]]) -> dict[str, float | None]:
    values = [line[f"{name}_ms"] for line in lines]
    is_whole = bool(values) and None not in values
    return {
        f"{name}_p50_ms": median(values) if is_whole else None,
        f"{name}_max_ms": max(values) if is_whole else None,
    }


def main() -> None:
    """Play, print, and judge."""
    configure_logs("console", "ERROR", stream=sys.stderr)
    found = anyio.run(partial(perform), backend_options={"use_uvloop": True})
    wrong = of_slow_publishes(found)
    sys.stdout.writelines(f"broken: {sentence}\n" for sentence in wrong)
    sys.stdout.write(json.dumps(found) + "\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
