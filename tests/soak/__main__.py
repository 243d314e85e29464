"""`make soak`: a million taps over a hundred thousand items while something breaks every few seconds.

A real worker and a real PostgreSQL; Telegram is the sandbox's, without its rate limits. Each tap and each item is
checked and then forgotten. The last line is one JSON object; exit status 1 if a tap was lost, an item doubled, a card
lied, nobody was told, or memory or descriptors grew, and then a sentence above says which.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio

from infra.logs import configure_logs
from tests.soak.figures import figures, progress
from tests.soak.play import Wish, open_play
from tests.soak.retention import members_wrong, sweep
from tests.soak.verdict import broken

SAY_SECONDS = 30.0
TAPS = 1_000_000
TAPS_AN_ITEM = 10


async def perform(wish: Wish, progress_file: Path | None) -> int:
    """Play, sweep, and say what came of it; answers the exit status."""
    async with open_play(wish) as play:

        def say() -> None:
            _write(progress(play), progress_file)
            for sentence in play.tally.take_wrong():
                _write(f"wrong: {sentence}", progress_file)

        await play.run(say, SAY_SECONDS)
        say()
        for line in play.lives.kept:
            _write(f"logged: {line}", None)
        wrong = await members_wrong(play.eyes)
        play.tally.lost += wrong
        result = figures(play, await sweep(play.eyes, play.lives), wrong)
    sentences = broken(result, wish.taps if math.isinf(wish.most_seconds) else 0)
    for sentence in sentences:
        _write(f"broken: {sentence}", progress_file)
    _write(json.dumps(result), progress_file)
    return 1 if sentences else 0


def _write(line: str, progress_file: Path | None) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    if progress_file is not None:
        with progress_file.open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for; answer the exit status."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--taps", type=int, default=TAPS)
    parser.add_argument("--items", type=int, help="by default a tenth of the taps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults-every", type=float, default=4.0, metavar="S", help="seconds, on average")
    parser.add_argument("--minutes", type=float, help="deal nothing more after so long, however few taps it were")
    parser.add_argument("--progress", type=Path, metavar="FILE", help="write the lines to this file, too")
    asked = parser.parse_args(arguments)
    configure_logs("console", "ERROR", stream=sys.stderr)
    items = asked.items or max(1, asked.taps // TAPS_AN_ITEM)
    seconds = asked.minutes * 60 if asked.minutes else math.inf
    wish = Wish(asked.taps, items, asked.seed, asked.faults_every, seconds)
    return anyio.run(partial(perform, wish, asked.progress), backend_options={"use_uvloop": True})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
