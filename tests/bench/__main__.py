"""`make bench`: the budgets of the design, measured beside the ideal in the same run.

Figures are medians of rounds in which ours and the ideal take turns. The last line is for machines; exit status 1 if
a tap was lost or not answered, whatever became of the budgets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from infra.logs import configure_logs
from tests.bench.acts import Findings, Measure, measure_files, measure_kernel, measure_scene, measure_starts
from tests.bench.report import broken, budgets, facts, figures, print_tables
from tests.bench.stage import open_scene


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    quick: bool
    profile: Path | None


def wish() -> Wish:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: fewer rounds, coarser figures")
    parser.add_argument("--profile", type=Path, help="write a cProfile of the worker under load to this file")
    read = parser.parse_args()
    return Wish(read.quick, read.profile and read.profile.resolve())


async def bench(asked: Wish, console: Console) -> Findings:
    """Measure everything, one after the other: the machine is small."""
    measure = Measure.quick() if asked.quick else Measure()
    findings = Findings()
    with TemporaryDirectory(prefix="everytap-bench-") as name:
        folder = Path(name)
        await measure_starts(findings, folder, measure)
        console.print("a film of 4K and a picture of 48 megapixels …", style="dim")
        await measure_files(findings, folder, measure)
        async with open_scene(folder) as scene:
            await measure_scene(findings, scene, measure, console, asked.profile)
    console.print("the runtime alone …", style="dim")
    await measure_kernel(findings, measure)
    return findings


def main() -> int:
    """Measure and print; answer the exit status. A missed budget is a report, a lost tap is not."""
    asked = wish()
    console = Console(width=132) if not sys.stdout.isatty() else Console()
    configure_logs("console", "ERROR", stream=sys.stderr)
    findings = asyncio.run(bench(asked, console))
    rows = budgets(findings)
    print_tables(console, rows, facts(findings))
    wrong = broken(findings)
    for sentence in wrong:
        console.print(f"broken: {sentence}")
    sys.stdout.write(json.dumps(figures(findings, rows)) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
