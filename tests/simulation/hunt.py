"""Looks for the first broken promise for a while, on one core: how a mistake that was put in is found, or not."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from tests.simulation.failure import HARNESS
from tests.simulation.plan import Outcome, Violation
from tests.simulation.runner import Trial
from tests.simulation.shrink import Budget


@dataclass(frozen=True, slots=True)
class Prey:
    """What was found; `seed` is None if nothing was. `seeds` were played, the last one is the bad one."""

    seed: int | None
    seeds: int
    profile: str | None
    invariant: str | None = None
    sentence: str | None = None
    crash: str | None = None
    seconds: float = 0.0

    @property
    def as_json(self) -> dict[str, object]:
        """The names are a contract with whoever hunts mutants."""
        return asdict(self)


def hunt(trial: Trial, first: int, budget: Budget, promise: str | None = None) -> Prey:
    """Play seed after seed until a promise breaks or the time is over; `promise`: until this very one does."""
    began = budget.clock()
    seeds = 0
    while (spent := budget.clock() - began) < budget.seconds:
        outcome = trial.simulate(trial.draw(first + seeds))
        seeds += 1
        broken = [one for one in outcome.violations if promise in {None, one.invariant} or one.invariant == HARNESS]
        if broken:
            return _found(outcome, broken[0], seeds, budget.clock() - began)
    return Prey(None, seeds, None, seconds=round(spent, 3))


def _found(outcome: Outcome, first: Violation, seeds: int, seconds: float) -> Prey:
    return Prey(
        seed=outcome.plan.seed,
        seeds=seeds,
        profile=outcome.plan.profile.value,
        invariant=first.invariant,
        sentence=first.sentence,
        crash=first.sentence if first.invariant == HARNESS else None,
        seconds=round(seconds, 3),
    )
