"""Finds a smaller world that breaks the same promise: less goes wrong, and fewer are in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.simulation.narrowing import keep_only, numbers_of
from tests.simulation.plan import Outcome, Plan, Violation

Simulate = Callable[[Plan], Outcome]

SHORTEST_SECONDS = 10
NEAR_ENOUGH_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be tried. `clock` counts seconds of the real world."""

    clock: Callable[[], float]
    runs: int = 60
    seconds: float = 60.0


@dataclass
class Shrinking:
    """The smallest world known so far that breaks the promise which `smallest` broke at first."""

    simulate: Simulate
    smallest: Outcome
    budget: Budget
    runs: int = 0
    invariant: str = field(init=False)
    _known: set[Plan] = field(init=False)
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self.invariant = self.smallest.violations[0].invariant
        self._known = {self.smallest.plan}
        self._until = self.budget.clock() + self.budget.seconds

    @property
    def is_over(self) -> bool:
        """Tell whether nothing may be tried any more."""
        return self.runs >= self.budget.runs or self.budget.clock() >= self._until

    def breaks(self, plan: Plan) -> bool:
        """Try a smaller plan, and keep it if it breaks the same promise; what was tried before did not."""
        if self.is_over or plan in self._known:
            return False
        self._known.add(plan)
        self.runs += 1
        outcome = self.simulate(plan)
        if broken_promise(outcome, self.invariant) is None:
            return False
        self.smallest = outcome
        return True


def broken_promise(outcome: Outcome, invariant: str) -> Violation | None:
    """The first time that this promise was broken, if it was."""
    return next((one for one in outcome.violations if one.invariant == invariant), None)


def shrink(simulate: Simulate, failed: Outcome, budget: Budget) -> Outcome:
    """Answer the smallest outcome found that breaks the promise which `failed` broke first; maybe `failed` itself."""
    shrinking = Shrinking(simulate, failed, budget)
    _end_after_the_violation(shrinking)
    before = None
    while before != shrinking.smallest.plan:
        before = shrinking.smallest.plan
        _leave_out_troubles(shrinking)
        for name in ("workers", "people", "items"):
            _lower(shrinking, name, least=1, near_enough=1)
        _lower(shrinking, "seconds", least=SHORTEST_SECONDS, near_enough=NEAR_ENOUGH_SECONDS)
    return shrinking.smallest


def _end_after_the_violation(shrinking: Shrinking) -> None:
    """The cheapest guess of all, and each later try is the quicker for it."""
    plan = shrinking.smallest.plan
    end = math.ceil(shrinking.smallest.violations[0].at) + 1
    if SHORTEST_SECONDS <= end < plan.seconds:
        shrinking.breaks(replace(plan, seconds=float(end)))


def _leave_out_troubles(shrinking: Shrinking) -> None:
    """Delta debugging (Zeller's ddmin): leave out halves, then quarters, until each trouble that is left is needed."""
    shrinking.breaks(keep_only(shrinking.smallest.plan, frozenset()))
    parts = 2
    while not shrinking.is_over:
        plan = shrinking.smallest.plan
        numbers = sorted(numbers_of(plan))
        if len(numbers) < 2:
            return
        chunks = [frozenset(numbers[start::parts]) for start in range(min(parts, len(numbers)))]
        if any(shrinking.breaks(keep_only(plan, chunk)) for chunk in chunks):
            parts = 2
        elif any(shrinking.breaks(keep_only(plan, frozenset(numbers) - chunk)) for chunk in chunks):
            parts = max(parts - 1, 2)
        elif parts >= len(numbers):
            return
        else:
            parts = min(2 * parts, len(numbers))


def _lower(shrinking: Shrinking, name: str, least: int, near_enough: int) -> None:
    """Bring one number of the plan down: to the least at once, or by halving what lies between."""
    kind = type(getattr(shrinking.smallest.plan, name))
    too_low, enough = least - 1, getattr(shrinking.smallest.plan, name)
    wanted = least
    while enough - too_low > near_enough and wanted < enough and not shrinking.is_over:
        if shrinking.breaks(replace(shrinking.smallest.plan, **{name: kind(wanted)})):
            enough = wanted
        else:
            too_low = wanted
        wanted = (too_low + math.ceil(enough)) // 2
