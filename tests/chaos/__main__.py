"""`make chaos`: real workers publish while they are killed with -9; in the end each story that was tapped is live once.

They are killed one by one at random moments, a few seconds after their start; with `--kill-at` all together, at the
moment at which the story of that number has gone live and its answer has not left, however fast the machine is. What
was refused meanwhile people tap again. The last line is one JSON object; exit status 1 if a story was doubled or
lost, nobody was killed, a card lies, or something is still open, and then a sentence above says which.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio

from infra.logs import configure_logs
from tests.chaos.play import Wish, open_play
from tests.chaos.verdict import of_kills


async def perform(wish: Wish) -> dict[str, Any]:
    """Play it, and answer what came of it."""
    with TemporaryDirectory(prefix="everytap-chaos-") as name:
        async with open_play(wish, Path(name)) as play, anyio.create_task_group() as tasks:
            play.trouble_instagram()
            for number in range(wish.workers):
                tasks.start_soon(play.keep_killing, number)
            await play.tap_auto_post()
            play.sandbox.instagram.clear_faults()
            play.calm.set()
            result = await play.result(await play.settle())
            tasks.cancel_scope.cancel()
    return result


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kill-at", type=int, nargs="+", default=[], metavar="STORY")
    asked = parser.parse_args()
    configure_logs("console", "ERROR", stream=sys.stderr)
    wish = Wish(asked.seed, asked.items, asked.workers, tuple(asked.kill_at))
    result = anyio.run(partial(perform, wish), backend_options={"use_uvloop": True})
    wrong = of_kills(result)
    sys.stdout.writelines(f"broken: {sentence}\n" for sentence in wrong)
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
