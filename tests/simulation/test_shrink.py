"""A failed world is made small before it is shown, and the command that is shown plays exactly the small one."""

import shlex

import pytest

from tests.simulation.failure import HARNESS, Failure, command, cut, shrunk_failure, up_to
from tests.simulation.narrowing import Narrowing, UnknownNumber, numbers_of
from tests.simulation.plan import Plan, Profile
from tests.simulation.plans import draw_plan
from tests.simulation.shrink import Budget, shrink
from tests.simulation.toy import PROMISE, ToyClock, ToyWorlds, needs, toy_outcome, toy_plan
from tests.simulation.wish import read_wish

PLENTY = Budget(ToyClock(), runs=1000)
FAILED = toy_outcome(toy_plan(), PROMISE)


def replayed(shown: str, drawn: Plan) -> Plan:
    """The plan that a shown command plays, when its seed draws this one."""
    words = shlex.split(shown)
    seed, *more = [word.partition("=")[2] for word in words[2:]]
    return read_wish(["--seed", seed, *shlex.split(" ".join(more))]).narrowing.of(drawn)


@pytest.mark.parametrize("needed", [(), (1,), (8,), (3, 7), (1, 2, 8), (1, 2, 3, 4, 5, 6, 7, 8)])
def test_troubles_that_are_not_needed_are_left_out(needed: tuple[int, ...]) -> None:
    smallest = shrink(ToyWorlds(needs(*needed)), FAILED, PLENTY)

    assert numbers_of(smallest.plan) == set(needed)


def test_trouble_of_two_kinds_is_found_among_many() -> None:
    """Bisecting alone would not: neither half breaks the promise."""
    failed = toy_outcome(toy_plan(troubles=40), PROMISE)
    worlds = ToyWorlds(needs(2, 31))

    smallest = shrink(worlds, failed, Budget(ToyClock()))

    assert numbers_of(smallest.plan) == {2, 31}
    assert len(worlds.played) <= 60


def test_world_has_no_more_in_it_than_it_takes() -> None:
    def crowded(plan: Plan) -> str | None:
        return PROMISE if plan.people >= 3 and plan.items >= 2 and plan.seconds >= 60 else None

    plan = shrink(ToyWorlds(crowded), FAILED, PLENTY).plan

    assert (plan.people, plan.items, plan.workers) == (3, 2, 1)
    assert 60 <= plan.seconds <= 65


def test_breaking_another_promise_is_no_smaller_failure() -> None:
    def other_when_small(plan: Plan) -> str | None:
        return PROMISE if plan == FAILED.plan else "another promise"

    assert shrink(ToyWorlds(other_when_small), FAILED, PLENTY) is FAILED


def test_no_world_is_played_twice() -> None:
    worlds = ToyWorlds(needs(2, 5))

    shrink(worlds, FAILED, PLENTY)

    assert len(worlds.played) == len(set(worlds.played))


def test_shrinking_ends_after_so_many_worlds() -> None:
    worlds = ToyWorlds(needs(1, 3, 5, 7))

    shrink(worlds, FAILED, Budget(ToyClock(), runs=4))

    assert len(worlds.played) == 4


def test_shrinking_ends_when_its_time_is_over() -> None:
    worlds = ToyWorlds(needs(1, 3, 5, 7))

    shrink(worlds, FAILED, Budget(ToyClock(step=1.0), seconds=5.0))

    assert 0 < len(worlds.played) <= 5


def test_failure_shows_seed_promise_command_plan_and_transcript() -> None:
    failure = shrunk_failure(ToyWorlds(needs(3, 7)), FAILED, "trio", PLENTY)

    assert failure.lines[:2] == [f"seed 1 breaks “{PROMISE}”", "  at 200.000 s: seed 1 broke it"]
    assert failure.lines[2].startswith("  make simulate SEED=1 ARGS=")
    assert failure.lines[3:6] == [
        "  plain: 1 people, 1 items, 1 workers, 10 seconds",
        "    3: worker killed at 30.0 s for 5.0 s",
        "    7: worker killed at 70.0 s for 5.0 s",
    ]
    assert failure.lines[6] == "    0.000  line 0"
    assert failure.lines[-1].endswith("line 200")
    assert len(failure.lines) <= 6 + 80


def test_failure_shows_the_promise_that_its_seed_broke_first() -> None:
    """The smaller world may break others, too, and those before."""
    outcome = toy_outcome(toy_plan(), "another promise", PROMISE)

    assert Failure(1, PROMISE, outcome, "trio").lines[0] == f"seed 1 breaks “{PROMISE}”"


def test_crash_of_the_harness_shows_the_whole_transcript() -> None:
    """It happens at no moment of the world."""
    failure = Failure(1, HARNESS, toy_outcome(toy_plan(), HARNESS, at=0.0), "trio")

    assert failure.lines[-1].endswith("line 299")


@pytest.mark.parametrize("seed", range(1, 13))
def test_command_plays_the_world_that_was_made_small(seed: int) -> None:
    drawn = draw_plan(seed)
    needed = frozenset(sorted(numbers_of(drawn))[1::2])
    smaller = Narrowing(people=1, items=2, workers=1, seconds=61.0, only=needed).of(drawn)

    assert replayed(command(smaller), drawn) == smaller


def test_command_names_no_more_than_what_differs() -> None:
    plan = draw_plan(7)

    assert command(plan) == "make simulate SEED=7"
    assert command(plan, "asyncio") == 'make simulate SEED=7 ARGS="--backend asyncio"'
    assert command(Narrowing(only=frozenset()).of(plan)) == 'make simulate SEED=7 ARGS="--only none"'


def test_command_names_the_profile_that_its_seed_would_not_choose() -> None:
    other = next(profile for profile in Profile if profile is not draw_plan(7).profile)

    assert command(draw_plan(7, other)) == f'make simulate SEED=7 ARGS="--profile {other.value}"'


def test_number_that_the_plan_lacks_is_named() -> None:
    with pytest.raises(UnknownNumber, match="seed 1 has no episode or trigger 9; it has 1, 2, 3"):
        Narrowing(only=frozenset({2, 9})).of(toy_plan(troubles=3))


def test_transcript_ends_at_the_violation() -> None:
    assert up_to(FAILED.transcript, 1.5) == ["    0.000  line 0", "    1.000  line 1"]


def test_long_transcript_loses_its_middle_and_says_how_much() -> None:
    shown = cut(FAILED.transcript)

    assert len(shown) == 80
    assert shown[12] == "        …  (221 lines left out)"
    assert [shown[0], shown[-1]] == [FAILED.transcript[0], FAILED.transcript[-1]]


def test_routine_goes_before_anything_else_does() -> None:
    polls = [f"{second:9.3f}  w1 sent poll" for second in range(100)]

    shown = cut(["    0.000  a first line", *polls, "  100.000  a last line"])

    assert shown == ["    0.000  a first line", "  100.000  a last line", "        …  (100 lines left out)"]
