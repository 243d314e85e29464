"""`python -m tests.day`: a team's day at the rates that were measured on live accounts, in virtual time.

The last line is one JSON object. The exit status is 0 if nothing was doubled, nothing given up that Instagram would
have taken, and every card's words were true; else 1.
"""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser
from dataclasses import asdict

import anyio
import structlog
from rich import box
from rich.console import Console
from rich.table import Table

from tests.backends import BACKENDS
from tests.day.day import Figures, lived


def main() -> int:
    """Live through it, and print the figures."""
    parser = ArgumentParser(prog="python -m tests.day", description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=300, help="how many stories are auto-posted")
    parser.add_argument("--seed", type=int, default=1, help="which day")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    backend, options = BACKENDS["trio_virtual"]()
    found: Figures = anyio.run(lived, given.posts, given.seed, backend=backend, backend_options=options)
    console = Console()
    table = Table(title="What Instagram refused, and what the cards said", box=box.ROUNDED)
    table.add_column("times", justify="right")
    table.add_column("what")
    for words, times in (*found.refused.items(), *found.said.items()):
        table.add_row(str(times), words)
    console.print(table)
    sys.stdout.write(json.dumps(asdict(found) | {"untrue": list(found.untrue)}, ensure_ascii=False) + "\n")
    return 1 if found.doubles or found.given_up or found.untrue or found.live != found.auto_posts else 0


if __name__ == "__main__":
    sys.exit(main())
