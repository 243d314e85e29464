"""`make replay`: the incident for a reader: when, what happened then, what happens now."""

from __future__ import annotations

import sys

import anyio
from rich import box
from rich.console import Console
from rich.table import Table

from tests.backends import BACKENDS
from tests.replay.incident import Moment, replayed


async def play() -> list[Moment]:
    """Let the day pass once more."""
    async with replayed() as incident:
        return incident.moments


def main() -> None:
    """Play, and print the transcript."""
    backend, options = BACKENDS["trio_virtual"]()
    moments = anyio.run(play, backend=backend, backend_options=options)
    table = Table(title="2026-02-25, UTC: the incident, replayed in virtual time", box=box.ROUNDED, show_lines=True)
    table.add_column("time", no_wrap=True)
    table.add_column("what happened then", ratio=2)
    table.add_column("what happens now", ratio=3)
    for moment in moments:
        table.add_row(moment.time, moment.then, moment.now)
    console = Console() if sys.stdout.isatty() else Console(width=132)
    console.print(table)


if __name__ == "__main__":
    main()
