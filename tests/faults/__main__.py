"""`make faults`: the real parts, broken in every way that we know; prints the matrix of steps by faults.

The last line is one JSON object; exit status 1 if a promise broke, and then each failure's own command stands above, or
if something was not played that was asked for.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
from rich.console import Console

from infra.logs import configure_logs
from tests.faults.results import Result, Section, Settings, figures, incomplete
from tests.faults.sections import SECTIONS
from tests.faults.table import markdown, tables

MOST_SHOWN = 20


async def perform(sections: Sequence[Section], settings: Settings, page: Page | None) -> list[Result]:
    """Run the sections one after the other: they measure, and each wants the machine.

    After each, its figures are said and the page is written, so that a run which is ended keeps what it had.
    """
    results: list[Result] = []
    for section in sections:
        began = time.monotonic()
        found = await section.run(settings)
        results += found
        seconds = round(time.monotonic() - began)
        sys.stderr.write(f"{section.name}: {json.dumps(figures(found))} in {seconds} s\n")
        if page is not None:
            page.write(results)
    return results


@dataclass(frozen=True, slots=True)
class Page:
    """The matrix as a file; `command` makes it again."""

    path: Path
    command: str

    def write(self, results: Sequence[Result]) -> None:
        """Put down what there is by now."""
        self.path.write_text(markdown(results, self.command), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for; answer the exit status."""
    asked = _parser().parse_args(arguments)
    configure_logs("console", "CRITICAL", stream=sys.stderr)
    settings = Settings(asked.seed, asked.quick, asked.run)
    page = Page(asked.markdown, _command(arguments)) if asked.markdown else None
    sections = [section for section in SECTIONS if section.name in (asked.only or [section.name])]
    results = anyio.run(perform, sections, settings, page)
    console = Console() if sys.stdout.isatty() else Console(width=200)
    for table in tables(results):
        console.print(table)
    for one in [one for one in results if one.wrong][:MOST_SHOWN]:
        console.print(f"broken: {one.wrong}\n  {_again(one, settings)}", markup=False, highlight=False, soft_wrap=True)
    left_out = incomplete(sections, settings, results)
    for sentence in left_out:
        console.print(f"broken: {sentence}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"seed {settings.seed}")
    sys.stdout.write(json.dumps(figures(results)) + "\n")
    return 1 if left_out or any(one.wrong for one in results) else 0


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
