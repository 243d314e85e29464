"""`make promises`: each promise of docs/guarantees.md is broken in a copy, and its own command has to notice.

Exit status 1 if a command is red though nothing is broken, or green though its promise is; the last line is for
machines. Of each command a sample is run, of long ones and of those that first collect all tests; `--in-full` runs what
docs/guarantees.md says, which takes many hours. `--only` takes those whose name holds a word.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.promises.promise import Promise
from tests.promises.table import PROMISES
from tests.promises.trial import MOST_SHOWN, Trial, try_promise


def main(arguments: Sequence[str]) -> int:
    """Try them one after the other: many of them want the whole machine."""
    asked = _parser().parse_args(arguments)
    chosen = [one for one in PROMISES if not asked.only or any(word in one.name for word in asked.only)]
    if not chosen:
        sys.stderr.write(f"No promise is called {asked.only}: {', '.join(one.name for one in PROMISES)}\n")
        return 2
    trials = [_try(promise, asked.logs, in_full=asked.in_full) for promise in chosen]
    console = Console() if sys.stdout.isatty() else Console(width=180)
    console.print(draw_table(trials))
    sys.stdout.write(json.dumps(figures(trials)) + "\n")
    return 1 if any(one.wrong for one in trials) else 0


def draw_table(trials: Sequence[Trial]) -> Table:
    """A row a promise: what broke it, and what its command said of that."""
    table = Table("promise", "broken by", "whole", "broken", "", box=box.ROUNDED)
    for one in trials:
        broken = "-" if one.broken is None else f"{one.broken.status}, {one.broken.seconds:.0f} s"
        verdict = one.wrong or f"noticed: {line_that_tells(one)}"
        table.add_row(
            one.promise.name, one.promise.broken_by, f"{one.whole.status}, {one.whole.seconds:.0f} s", broken, verdict
        )
    return table


def line_that_tells(trial: Trial) -> str:
    """The line in which the command told that its promise was broken."""
    lines = trial.broken.printed.splitlines() if trial.broken else []
    return next((line.strip() for line in lines if trial.promise.tells in line), "")


def figures(trials: Sequence[Trial]) -> dict[str, object]:
    """The last line."""
    return {
        "promises": len(trials),
        "proven": sum(one.wrong is None for one in trials),
        "wrong": {one.promise.name: one.wrong for one in trials if one.wrong},
    }


def _try(promise: Promise, logs: Path | None, *, in_full: bool) -> Trial:
    trial = try_promise(promise, in_full=in_full)
    sys.stdout.write(f"{promise.name}: {trial.wrong or f'noticed: {line_that_tells(trial)}'}\n")
    for name, ended in (("whole", trial.whole), ("broken", trial.broken)):
        if logs is not None and ended is not None:
            logs.mkdir(parents=True, exist_ok=True)
            (logs / f"{promise.name}.{name}.txt").write_text(ended.printed, encoding="utf-8")
    if trial.wrong:
        sys.stdout.write((trial.broken or trial.whole).printed[-MOST_SHOWN:] + "\n")
    sys.stdout.flush()
    return trial


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make promises", description=__doc__)
    parser.add_argument("--only", action="append", metavar="WORD", help="promises whose name holds this word")
    parser.add_argument(
        "--in-full", action="store_true", help="run each command as docs/guarantees.md has it, not a sample"
    )
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep what each command printed")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
