"""`make faults`: the real parts, broken in every way that we know; prints the matrix of steps by faults.

The last line is one JSON object; exit status 1 if a promise broke, and then each failure's own command stands above.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
from rich.console import Console

from infra.logs import configure_logs
from tests.faults.results import Result, Settings, figures
from tests.faults.sections import SECTIONS
from tests.faults.table import markdown, tables

MOST_SHOWN = 20


async def perform(names: Sequence[str], settings: Settings) -> list[Result]:
    """Run the sections one after the other: they measure, and each wants the machine."""
    results: list[Result] = []
    for section in SECTIONS:
        if section.name in names:
            results += await section.run(settings)
    return results


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for; answer the exit status."""
    asked = _parser().parse_args(arguments)
    configure_logs("console", "CRITICAL", stream=sys.stderr)
    settings = Settings(asked.seed, asked.quick, asked.run)
    results = anyio.run(perform, asked.only or [section.name for section in SECTIONS], settings)
    console = Console() if sys.stdout.isatty() else Console(width=200)
    for table in tables(results):
        console.print(table)
    for one in [one for one in results if one.wrong][:MOST_SHOWN]:
        console.print(f"broken: {one.wrong}\n  {_again(one, settings)}", markup=False, highlight=False, soft_wrap=True)
    if asked.markdown:
        asked.markdown.write_text(markdown(results, _command(arguments)), encoding="utf-8")
    console.print(f"seed {settings.seed}")
    sys.stdout.write(json.dumps(figures(results)) + "\n")
    return 1 if any(one.wrong for one in results) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a slice of at most four minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=[section.name for section in SECTIONS], help="sections")
    parser.add_argument("--run", help="the run of this name alone")
    parser.add_argument("--markdown", type=Path, help="write the matrix to this file, too")
    return parser


def _again(one: Result, settings: Settings) -> str:
    return _command(["--only", one.section, "--seed", str(settings.seed), "--run", one.name])


def _command(arguments: Sequence[str]) -> str:
    return shlex.join(["python", "-m", "tests.faults", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
