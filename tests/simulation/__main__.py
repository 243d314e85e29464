"""`make simulate`: the whole service in many seeded worlds, in virtual time; a broken promise is shown and replayable.

The last line is for machines; exit status 0 says that no promise broke, 1 that one did, 2 that the input was wrong.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from functools import partial

from rich.console import Console

from tests.simulation.failure import command, plan_lines
from tests.simulation.hunt import hunt
from tests.simulation.narrowing import UnknownNumber
from tests.simulation.plan import Outcome
from tests.simulation.plans import draw_plan
from tests.simulation.progress import following
from tests.simulation.run import simulate
from tests.simulation.runner import Runner, Trial, processes
from tests.simulation.shrink import Budget, Simulate
from tests.simulation.table import figures, summary
from tests.simulation.watchdog import watched
from tests.simulation.wish import Wish, WrongInput, read_wish


def trial_of(wish: Wish) -> Trial:
    """Say how the worlds of this wish are made."""
    return Trial(partial(draw_plan, profile=wish.profile), player(wish), wish.backend)


def player(wish: Wish) -> Simulate:
    """Say what plays them; a world that spins is ended."""
    return partial(watched, simulate=partial(simulate, backend=wish.backend))


def play_many(wish: Wish, console: Console) -> int:
    """Play all seeds; print failures, the table and the last line."""
    jobs = min(wish.jobs, len(wish.seeds))
    with following(console, len(wish.seeds)) as audience:
        runner = Runner(trial_of(wish), processes(jobs), audience, Budget(time.perf_counter))
        tally, seconds = runner.run(wish.seeds, jobs)
    console.print(summary(tally, seconds))
    print_json(figures(tally, seconds))
    return 1 if tally.violations else 0


def play_one(wish: Wish, seed: int, console: Console) -> int:
    """Play one world and print all that happens in it."""
    plan = wish.narrowing.of(draw_plan(seed, wish.profile))
    outcome = player(wish)(plan)
    for line in (*plan_lines(plan), *outcome.transcript, *verdict_lines(outcome, wish.backend)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if outcome.violations else 0


def verdict_lines(outcome: Outcome, backend: str) -> list[str]:
    """Say what broke, and the hash that the same command always gives."""
    broken = [f"broken at {one.at:.3f} s: {one.invariant}: {one.sentence}" for one in outcome.violations]
    return [*(broken or ["no promise broke"]), f"trace {outcome.trace}", command(outcome.plan, backend)]


def play_hunt(wish: Wish, seconds: float, console: Console) -> int:
    """Look for the first broken promise."""
    prey = hunt(trial_of(wish), wish.seeds.start, Budget(time.process_time, seconds=seconds), wish.until)
    if prey.seed is not None:
        console.print(command(draw_plan(prey.seed, wish.profile), wish.backend), markup=False, highlight=False)
    print_json(prey.as_json)
    return 0 if prey.seed is None else 1


def print_json(line: dict[str, object]) -> None:
    """Print the line for machines."""
    sys.stdout.write(json.dumps(line) + "\n")


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for; answer the exit status."""
    try:
        wish = read_wish(arguments)
        console = Console(quiet=wish.json_only) if sys.stdout.isatty() else Console(width=132, quiet=wish.json_only)
        if wish.seed is not None:
            return play_one(wish, wish.seed, console)
        if wish.hunt_seconds is not None:
            return play_hunt(wish, wish.hunt_seconds, console)
        return play_many(wish, console)
    except (WrongInput, UnknownNumber) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenExecutor:
        sys.stderr.write("A process that played seeds has died, maybe for want of memory; --jobs 1 needs the least.\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
