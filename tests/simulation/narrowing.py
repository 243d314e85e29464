"""A seed's plan made smaller: what is kept of it, and how the command line says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.simulation.plan import Plan

NOTHING = "none"  # as `--only` spells it


class UnknownNumber(LookupError):
    """The plan has no episode and no trigger of this number."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What differs from the plan that a seed draws; None: nothing does."""

    people: int | None = None
    items: int | None = None
    workers: int | None = None
    seconds: float | None = None
    only: frozenset[int] | None = None

    def of(self, plan: Plan) -> Plan:
        """Make a plan smaller; raises UnknownNumber."""
        kept = self._changed(plan)
        if self.only is None:
            return kept
        unknown = sorted(self.only - numbers_of(plan))
        if unknown:
            raise UnknownNumber(f"seed {plan.seed} has no episode or trigger {unknown[0]}; it has {_listed(plan)}")
        return keep_only(kept, self.only)

    def _changed(self, plan: Plan) -> Plan:
        return replace(
            plan,
            people=self.people or plan.people,
            items=self.items or plan.items,
            workers=self.workers or plan.workers,
            seconds=self.seconds or plan.seconds,
        )

    @property
    def flags(self) -> str:
        """The command line's words for it."""
        numbers = {"people": self.people, "items": self.items, "workers": self.workers, "seconds": self.seconds}
        words = [f"--{name} {number:g}" for name, number in numbers.items() if number is not None]
        if self.only is not None:
            words.append(f"--only {','.join(map(str, sorted(self.only))) or NOTHING}")
        return " ".join(words)


def narrowing(drawn: Plan, smaller: Plan) -> Narrowing:
    """Say by what a plan is smaller than the one that its seed draws."""
    return Narrowing(
        people=None if smaller.people == drawn.people else smaller.people,
        items=None if smaller.items == drawn.items else smaller.items,
        workers=None if smaller.workers == drawn.workers else smaller.workers,
        seconds=None if smaller.seconds == drawn.seconds else smaller.seconds,
        only=None if numbers_of(smaller) == numbers_of(drawn) else numbers_of(smaller),
    )


def numbers_of(plan: Plan) -> frozenset[int]:
    """The numbers of a plan's episodes and triggers."""
    return frozenset(trouble.number for trouble in plan.episodes + plan.triggers)


def keep_only(plan: Plan, numbers: frozenset[int]) -> Plan:
    """Leave out every episode and trigger but these; each keeps its number."""
    return replace(
        plan,
        episodes=tuple(episode for episode in plan.episodes if episode.number in numbers),
        triggers=tuple(trigger for trigger in plan.triggers if trigger.number in numbers),
    )


def _listed(plan: Plan) -> str:
    return ", ".join(map(str, sorted(numbers_of(plan)))) or NOTHING
