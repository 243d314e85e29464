"""Many seeds are played and added up the same in whatever order, and what was found is told to people and machines."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.simulation.failure import HARNESS, Failure
from tests.simulation.hunt import hunt
from tests.simulation.plan import Plan
from tests.simulation.runner import Runner, Trial, chunks, play_all
from tests.simulation.shrink import Budget
from tests.simulation.table import figures, summary
from tests.simulation.tally import Tally
from tests.simulation.toy import PROMISE, ToyClock, ToyWorlds, toy_plan
from tests.simulation.wish import WrongInput, read_wish

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Listener:
    """Remembers what it was told."""

    seeds: int = 0
    failures: list[Failure] = field(default_factory=list)

    def told(self, tally: Tally) -> None:
        self.seeds = tally.seeds

    def shown(self, failure: Failure) -> None:
        self.failures.append(failure)


def fourth_fails(plan: Plan) -> str | None:
    return PROMISE if plan.seed % 4 == 0 else None


def each_fails_differently(plan: Plan) -> str:
    return f"promise {plan.seed}"


def harness_fails(_plan: Plan) -> str:
    return HARNESS


def nothing_fails(_plan: Plan) -> None:
    return None


def played(worlds: ToyWorlds, seeds: range) -> tuple[Tally, Listener]:
    """Run these seeds on a thread."""
    listener = Listener()
    runner = Runner(Trial(toy_plan, worlds), ThreadPoolExecutor(1), listener, Budget(ToyClock()))
    return runner.run(seeds, jobs=1)[0], listener


def printed(tally: Tally) -> str:
    console = Console(width=132)
    with console.capture() as capture:
        console.print(summary(tally, 2.0))
    return capture.get()


def test_every_seed_is_played_once() -> None:
    worlds = ToyWorlds(nothing_fails)

    tally, listener = played(worlds, range(5, 105))

    assert sorted(plan.seed for plan in worlds.played) == list(range(5, 105))
    assert (tally.seeds, tally.taps, listener.seeds) == (100, 1000, 100)


@pytest.mark.parametrize(("seeds", "size"), [(1, 8), (8, 8), (9, 8), (100, 1)])
def test_chunks_are_all_the_seeds(seeds: int, size: int) -> None:
    cut = list(chunks(range(3, 3 + seeds), size))

    assert [seed for chunk in cut for seed in chunk] == list(range(3, 3 + seeds))
    assert max(map(len, cut)) <= size


def test_failed_seeds_are_counted_and_one_of_each_promise_is_shown() -> None:
    tally, listener = played(ToyWorlds(fourth_fails), range(1, 13))

    assert tally.failed == {4: PROMISE, 8: PROMISE, 12: PROMISE}
    assert [(one.seed, one.invariant) for one in listener.failures] == [(4, PROMISE)]


def test_failure_is_shown_made_small() -> None:
    _, listener = played(ToyWorlds(fourth_fails), range(4, 5))

    assert listener.failures[0].outcome.plan == replace(
        toy_plan(4, troubles=0), people=1, items=1, workers=1, seconds=10.0
    )


def test_at_most_three_failures_are_shown() -> None:
    """A change that breaks everything shall not be explained for an hour."""
    _, listener = played(ToyWorlds(each_fails_differently), range(1, 13))

    assert len(listener.failures) == 3


def test_sums_are_the_same_in_any_order() -> None:
    trial = Trial(toy_plan, ToyWorlds(fourth_fails))
    forth, back = Tally(), Tally()

    forth.join(play_all(trial, range(1, 4)))
    forth.join(play_all(trial, range(4, 9)))
    back.join(play_all(trial, range(4, 9)))
    back.join(play_all(trial, range(1, 4)))

    assert figures(forth, 1.0) == figures(back, 1.0)


def test_trace_tells_when_a_seed_went_another_way() -> None:
    one, other = Tally(traces={1: "a", 2: "b"}), Tally(traces={1: "b", 2: "a"})

    assert one.trace != other.trace


def test_last_line_says_what_was_played_and_what_broke() -> None:
    line = figures(play_all(Trial(toy_plan, ToyWorlds(fourth_fails)), range(1, 9)), 4.0)

    assert line | {"trace": "", "cells": 0} == {
        "seeds": 8,
        "taps": 80,
        "simulated_hours": 8.0,
        "schedules_per_second": 2.0,
        "cells_covered": 9,
        "cells": 0,
        "violations": 2,
        "violations_by_invariant": {PROMISE: 2},
        "faults": {"worker killed": 64},
        "failed_seeds": [4, 8],
        "trace": "",
    }


def test_last_line_names_twenty_failed_seeds_at_most() -> None:
    line = figures(play_all(Trial(toy_plan, ToyWorlds(each_fails_differently)), range(1, 31)), 1.0)

    assert line["failed_seeds"] == list(range(1, 21))


def test_table_names_faults_and_broken_promises() -> None:
    table = printed(play_all(Trial(toy_plan, ToyWorlds(fourth_fails)), range(1, 9)))

    assert "worker killed" in table
    assert PROMISE in table
    assert "seeds that failed" in table


def test_hunt_ends_at_the_first_broken_promise() -> None:
    prey = hunt(Trial(toy_plan, ToyWorlds(fourth_fails)), 2, Budget(ToyClock(), seconds=60.0))

    assert prey.as_json == {
        "seed": 4,
        "seeds": 3,
        "profile": "plain",
        "invariant": PROMISE,
        "sentence": "seed 4 broke it",
        "crash": None,
        "seconds": 0.0,
    }


def test_hunt_for_one_promise_goes_on_past_all_others() -> None:
    prey = hunt(Trial(toy_plan, ToyWorlds(each_fails_differently)), 1, Budget(ToyClock(), seconds=60.0), "promise 3")

    assert (prey.seed, prey.seeds, prey.invariant) == (3, 3, "promise 3")


def test_hunt_for_one_promise_ends_at_a_crash_of_the_harness() -> None:
    prey = hunt(Trial(toy_plan, ToyWorlds(harness_fails)), 1, Budget(ToyClock(), seconds=10.0), PROMISE)

    assert (prey.seed, prey.crash) == (1, "seed 1 broke it")


def test_hunt_that_finds_nothing_ends_with_its_time() -> None:
    prey = hunt(Trial(toy_plan, ToyWorlds(nothing_fails)), 1, Budget(ToyClock(step=1.0), seconds=10.0))

    assert (prey.seed, prey.invariant, prey.crash) == (None, None, None)
    assert 0 < prey.seeds <= 10


def test_hunt_calls_a_crash_of_the_harness_a_crash() -> None:
    prey = hunt(Trial(toy_plan, ToyWorlds(harness_fails)), 1, Budget(ToyClock(), seconds=10.0))

    assert (prey.seed, prey.crash) == (1, "seed 1 broke it")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "abc"], "'abc' is no seed"),
        (["--seed", "-1"], "--seed"),
        (["--seeds", "0"], "'0' is no whole number from 1 on"),
        (["--profile", "odd"], "there are plain, priority, aimed, webhook, scripted and all"),
        (["--backend", "uvloop"], "choose from"),
        (["--seed", "1", "--only", "3,x"], "'3,x' is no list of numbers"),
        (["--seed", "1", "--seconds", "nan"], "between 1 and 86400"),
        (["--only", "3"], "name its --seed"),
        (["--hunt"], "for how long"),
        (["--seed", "1", "--hunt", "--seconds", "5"], "leave out --seeds and --hunt"),
        (["--until", "one worker polls"], "for what --hunt looks"),
        (["--bogus"], "Unrecognized arguments: --bogus"),
    ],
)
def test_wrong_input_is_told_in_one_sentence(words: list[str], said: str) -> None:
    with pytest.raises(WrongInput) as caught:
        read_wish(words)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_profiles_are_those_that_the_seeds_choose() -> None:
    assert read_wish(["--profile", "all"]).profile is None


def simulated(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.simulation", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def test_command_plays_seeds_on_other_processes_and_ends_with_one_line_of_json() -> None:
    done = simulated("--seeds", "2", "--jobs", "1")

    line = json.loads(done.stdout.splitlines()[-1])
    assert line["seeds"] == 2
    assert done.returncode == min(line["violations"], 1)
    assert done.stderr == ""


def test_unknown_number_ends_the_command_with_a_sentence() -> None:
    done = simulated("--seed", "1", "--only", "99")

    assert done.returncode == 2
    assert done.stderr.startswith("seed 1 has no episode or trigger 99; it has ")
    assert done.stderr.count("\n") == 1
