"""`make mutants`: each mistake of the catalogue, put into a copy of the source, must be found by the simulation."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from tests.mutants.catalogue import ELUSIVE, WRITTEN
from tests.mutants.mutant import Mutant
from tests.mutants.report import as_json, as_markdown, draw_table
from tests.mutants.trial import Verdict, try_mutant
from tests.simulation.plan import Profile

SECONDS = 60.0
EACH = tuple(profile.value for profile in Profile)


def main() -> int:
    """Try them all; 0 only if each was found, and the source without a mistake was not."""
    asked = _parser().parse_args()
    offered = [mutant for mutant in WRITTEN if (mutant.name in ELUSIVE) == asked.elusive]
    chosen = [mutant for mutant in offered if asked.only is None or asked.only in mutant.name]
    if not chosen:
        sys.stderr.write(f"There is no mutant called {asked.only!r}; see tests/mutants/catalogue.py.\n")
        return 2
    profiles = EACH if asked.profile == "each" else (asked.profile,)
    trials: list[tuple[Mutant | None, str]] = [(mutant, profile) for mutant in chosen for profile in profiles]
    trials.append((None, "all"))
    with ThreadPoolExecutor(asked.jobs) as pool:
        verdicts = list(pool.map(lambda trial: _try(trial, asked.seconds), trials))
    control = verdicts.pop()
    rows = [tuple(verdicts[at : at + len(profiles)]) for at in range(0, len(verdicts), len(profiles))]
    tried = list(zip(chosen, rows, strict=True))
    _tell(tried, profiles, asked.markdown)
    if control.crash:
        sys.stderr.write(f"The hunt without a mistake broke down: {control.crash}\n")
    elif control.found:
        sys.stderr.write(f"The source without a mistake broke “{control.invariant}”, seed {control.seed}.\n")
    sys.stdout.write(as_json(tried, control) + "\n")
    missed = any(not any(one.found for one in row) or any(one.crash for one in row) for row in rows)
    return int(missed or control.found or control.crash is not None)


def _try(trial: tuple[Mutant | None, str], seconds: float) -> Verdict:
    mutant, profile = trial
    verdict = try_mutant(mutant, profile, seconds)
    outcome = verdict.crash or verdict.invariant or "nothing found"
    sys.stdout.write(f"{verdict.mutant}: {outcome} ({verdict.seeds} seeds, {verdict.seconds:.0f} s)\n")
    sys.stdout.flush()
    return verdict


def _tell(tried: Sequence[tuple[Mutant, Sequence[Verdict]]], profiles: Sequence[str], place: Path | None) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(draw_table(tried, profiles))
    if place is not None:
        place.write_text(as_markdown(tried, profiles), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", help="mutants whose name holds this word")
    parser.add_argument(
        "--elusive", action="store_true", help="those that were not found so far, instead of the others"
    )
    parser.add_argument("--profile", default="all", choices=("all", "each", *EACH), help="how trouble is looked for")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="the length of one hunt, on one core")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="hunts at a time; default: one a core")
    parser.add_argument("--markdown", type=Path, help="write the table here, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
