"""`make mutate`: random mistakes in a copy of the source must turn the tests of their folder red."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue

from rich.console import Console

from tests.mutate import equivalents
from tests.mutate.change import Change
from tests.mutate.covered import Covered
from tests.mutate.finder import changes
from tests.mutate.folders import USUAL, UnknownPlace, every_test, matching_tests, sources
from tests.mutate.report import Tried, as_json, draw_table, score, survivors
from tests.mutate.sample import sample
from tests.mutate.trial import ROOT, Copy, Verdict, open_copy

MUTANTS = 100
GOAL_PERCENT = 95.0
MISSED, UNUSABLE = 1, 2

Chosen = dict[str, list[Change]]


def main() -> int:
    """Try them; 0 only if the tests are green without a mistake, and find as many as the goal says."""
    asked = _parser().parse_args()
    try:
        chosen = _at(asked.at) if asked.at else _sampled(asked)
    except UnknownPlace as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    if asked.list:
        sys.stdout.writelines(f"{_told(folder, one, None)}\n" for folder in chosen for one in chosen[folder])
        return 0
    with _open_copies(asked.jobs) as copies, ThreadPoolExecutor(asked.jobs) as pool:
        needed = {folder: _tests(chosen[folder]) for folder in chosen if chosen[folder]}
        once = list(dict.fromkeys(needed.values()))
        covered = dict(zip(once, pool.map(lambda tests: _survey(tests, copies), once), strict=True))
        trials = [(folder, change, covered[needed[folder]]) for folder in needed for change in chosen[folder]]
        random.Random(asked.seed).shuffle(trials)  # a run that is cut short is a sample all the same
        found = list(pool.map(lambda trial: _try(trial[0], trial[1], trial[2], copies), trials))
    code = _conclude([one for one in found if one is not None], asked.goal)
    return UNUSABLE if None in found else code


def _at(place: str) -> Chosen:
    path, _, line = place.partition(":")
    found = {folder: _found(paths) for folder, paths in sources(ROOT, (path,)).items()}
    return {folder: [one for one in of_it if line in {"", str(_line(one))}] for folder, of_it in found.items()}


def _sampled(asked: argparse.Namespace) -> Chosen:
    places = tuple(asked.places) or USUAL
    if asked.changed:
        command = ["git", "diff", "--name-only", "--diff-filter=d", asked.changed, "--", *places]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        places = tuple(path for path in told.stdout.splitlines() if path.endswith(".py"))
    files = sources(ROOT, places)
    return sample({folder: _found(paths) for folder, paths in files.items()}, asked.mutants, asked.seed)


def _found(paths: Sequence[str]) -> list[Change]:
    return [change for path in paths for change in changes(path, (ROOT / path).read_bytes())]


def _line(change: Change) -> int:
    return change.line(_source(change))


def _source(change: Change) -> bytes:
    return (ROOT / change.path).read_bytes()


@contextmanager
def _open_copies(count: int) -> Iterator[SimpleQueue[Copy]]:
    with ExitStack() as stack:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for _ in range(count):
            copies.put(stack.enter_context(open_copy()))
        yield copies


def _tests(mutants: Sequence[Change]) -> tuple[str, ...]:
    return tuple(sorted(every_test(ROOT, (change.path for change in mutants))))


def _survey(tests: Sequence[str], copies: SimpleQueue[Copy]) -> Covered | None:
    """Run all that mutants will be tried with: a test that fails without a mistake proves nothing."""
    copy = copies.get()
    found = copy.survey(tests)
    copies.put(copy)
    if isinstance(found, Covered):
        return found
    sys.stderr.write(f"{found}\nThese tests fail without a mistake, so theirs are not tried.\n")
    return None


def _try(folder: str, change: Change, covered: Covered | None, copies: SimpleQueue[Copy]) -> Tried | None:
    verdict = None
    if covered is None:
        return None
    if equivalents.reason(change, _source(change)) is None:
        near = covered.near(change.path, change.lines(_source(change)))
        copy = copies.get()
        verdict = copy.try_change(change, covered.slowest_seconds, near, matching_tests(ROOT, change.path))
        copies.put(copy)
    tried = _told(folder, change, verdict)
    sys.stdout.write(f"{tried}\n")
    sys.stdout.flush()
    return tried


def _told(folder: str, change: Change, verdict: Verdict | None) -> Tried:
    source = _source(change)
    place = f"{change.path}:{change.line(source)}"
    return Tried(folder, place, change.kind.value, change.before(source), change.after(source), verdict)


def _conclude(tried: Sequence[Tried], goal: float) -> int:
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(draw_table(tried))
    if missed := survivors(tried):
        sys.stdout.write("No test found:\n")
        sys.stdout.writelines(f"{one}\n" for one in missed)
    stale = equivalents.stale(ROOT)
    sys.stdout.writelines(
        f"equivalents.toml: {one.path} has no line any more that reads: {one.before}\n" for one in stale
    )
    sys.stdout.write(as_json(tried, goal) + "\n")
    return 0 if score(tried).percent >= goal and not stale else MISSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("places", nargs="*", help=f"folders or files of the source; otherwise {', '.join(USUAL)}")
    parser.add_argument("--changed", metavar="REF", help="only in files that differ from this commit")
    parser.add_argument("--mutants", type=int, default=MUTANTS, help="how many, over all")
    parser.add_argument("--seed", type=int, default=1, help="which ones: the same source and seed give the same")
    parser.add_argument("--at", metavar="FILE[:LINE]", help="every mistake that can be made there, instead of a choice")
    parser.add_argument("--list", action="store_true", help="name them, and try none")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time; default: one a core")
    parser.add_argument("--goal", type=float, default=GOAL_PERCENT, help="the per cent that must be found")
    return parser


if __name__ == "__main__":
    sys.exit(main())
