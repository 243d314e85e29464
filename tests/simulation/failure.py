"""A broken promise, told to a person: which, the command that shows it again, and what led to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.simulation.narrowing import narrowing
from tests.simulation.plan import Outcome, Plan
from tests.simulation.plans import draw_plan
from tests.simulation.shrink import Budget, Simulate, broken_promise, shrink

HARNESS = "harness"  # the promise that the simulation itself broke, at no moment of the world
MOST_LINES = 80
FIRST_LINES = 12  # how the world began; the rest of the transcript is its end
# Requests that happen anyway.
ROUTINE = {
    "connect",
    "own_name",
    "show_menu",
    "poll",
    "ClaimTokens",
    "LookAtSetUp",
    "Prune",
    "WriteInteractions",
}
MOMENT = 9  # the digits before each line of a transcript, in seconds


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed seed: how its world was run (`backend`), what was drawn, and the smallest that breaks the promise."""

    seed: int
    invariant: str
    outcome: Outcome
    backend: str

    @property
    def command(self) -> str:
        """The command that plays exactly this world."""
        return command(self.outcome.plan, self.backend)

    @property
    def lines(self) -> list[str]:
        """All of it, for a screen."""
        broken = broken_promise(self.outcome, self.invariant)
        assert broken is not None
        return [
            f"seed {self.seed} breaks “{self.invariant}”",
            *(f"  {line}" for line in f"at {broken.at:.3f} s: {broken.sentence}".splitlines()),
            f"  {self.command}",
            *(f"  {line}" for line in plan_lines(self.outcome.plan)),
            *cut(up_to(self.outcome.transcript, math.inf if broken.invariant == HARNESS else broken.at)),
        ]


def shrunk_failure(simulate: Simulate, failed: Outcome, backend: str, budget: Budget) -> Failure:
    """Make a failed world as small as the budget allows."""
    return Failure(failed.plan.seed, failed.violations[0].invariant, shrink(simulate, failed, budget), backend)


def command(plan: Plan, backend: str = "trio") -> str:
    """Say how this plan is played on its own."""
    drawn = draw_plan(plan.seed)
    words = [] if plan.profile is drawn.profile else [f"--profile {plan.profile.value}"]
    words += [] if backend == "trio" else [f"--backend {backend}"]
    words += [flags] if (flags := narrowing(draw_plan(plan.seed, plan.profile), plan).flags) else []
    return f'make simulate SEED={plan.seed} ARGS="{" ".join(words)}"' if words else f"make simulate SEED={plan.seed}"


def plan_lines(plan: Plan) -> list[str]:
    """Say what a world is made of; the numbers are those that `--only` takes."""
    sizes = f"{plan.people} people, {plan.items} items, {plan.workers} workers, {plan.seconds:g} seconds"
    episodes = [f"{one.number}: {one.kind.value} at {one.at:.1f} s for {one.seconds:.1f} s" for one in plan.episodes]
    triggers = [
        f"{one.number}: {one.deed.value} at {one.point}, time {one.nth}, {one.seconds:.1f} s" for one in plan.triggers
    ]
    return [f"{plan.profile.value}: {sizes}", *(f"  {line}" for line in episodes + triggers)]


def up_to(transcript: Sequence[str], at: float) -> list[str]:
    """The lines up to a moment of the world, which each line begins with."""
    return [line for line in transcript if float(line[:MOMENT]) <= at]


def cut(lines: Sequence[str], most: int = MOST_LINES) -> list[str]:
    """Leave out what is routine of too long a transcript, then its middle; and say how much that was."""
    if len(lines) <= most:
        return list(lines)
    told = [line for line in lines if line.rsplit(" ", 1)[-1] not in ROUTINE]
    last = most - FIRST_LINES - 1
    shown = [*told[:FIRST_LINES], *told[FIRST_LINES:][-last:]]
    gap = f"{'…':>{MOMENT}}  ({len(lines) - len(shown)} lines left out)"
    return [*shown[:FIRST_LINES], gap, *shown[FIRST_LINES:]]
