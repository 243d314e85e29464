"""Worlds that nobody lives in: a rule says whether a plan breaks a promise, so that what runs worlds can be tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.narrowing import numbers_of
from tests.simulation.plan import Episode, Kind, Outcome, Plan, Profile, Violation

PROMISE = "every tap counts"


def toy_plan(seed: int = 1, troubles: int = 8) -> Plan:
    """Draw a plan with so many episodes, whose numbers count from 1."""
    episodes = tuple(Episode(number, Kind.KILL, 10.0 * number, 5.0, 0.5) for number in range(1, troubles + 1))
    return Plan(seed, Profile.PLAIN, 5, 8, 2, 240.0, episodes, ())


def toy_outcome(plan: Plan, *promises: str, at: float = 200.0) -> Outcome:
    """Make what a world of ten taps in an hour comes to that breaks these promises."""
    return Outcome(
        plan=plan,
        violations=tuple(Violation(promise, at, f"seed {plan.seed} broke it") for promise in promises),
        taps=10,
        simulated_seconds=3600.0,
        steps=100,
        faults={"worker killed": len(plan.episodes)},
        cells=frozenset({("in_review", "Skip", "worker killed"), ("in_review", "Skip", f"seed {plan.seed}")}),
        trace=f"{plan.seed:016x}",
        transcript=tuple(f"{second:9.3f}  line {second}" for second in range(300)),
    )


@dataclass
class ToyWorlds:
    """Plays any plan: `promise_of` says what it breaks. Remembers what was played."""

    promise_of: Callable[[Plan], str | None]
    played: list[Plan] = field(default_factory=list)

    def __call__(self, plan: Plan) -> Outcome:
        """Play a plan."""
        self.played.append(plan)
        promise = self.promise_of(plan)
        return toy_outcome(plan) if promise is None else toy_outcome(plan, promise)


def needs(*numbers: int) -> Callable[[Plan], str | None]:
    """Say that the promise breaks when all of these troubles are there."""
    return lambda plan: PROMISE if numbers_of(plan) >= set(numbers) else None


@dataclass
class ToyClock:
    """Goes on by `step` seconds whenever somebody looks."""

    step: float = 0.0
    now: float = 0.0

    def __call__(self) -> float:
        """Look at it."""
        self.now += self.step
        return self.now
