"""A slice of `make simulate`: whole worlds, every promise looked at after every step.

A failure prints the world made small, the command that plays it again, and what happened in it.
"""

from __future__ import annotations

import time

import pytest

from tests.simulation.failure import shrunk_failure
from tests.simulation.plan import Outcome, Plan, Profile
from tests.simulation.plans import draw_plan
from tests.simulation.run import simulate
from tests.simulation.shrink import Budget
from tests.simulation.watchdog import watched

pytestmark = pytest.mark.timeout(150)  # a world takes half a second; to make a broken one small takes a while

ON_TRIO = range(1, 13)
ON_ASYNCIO = range(13, 17)
BY_WEBHOOK = range(1, 4)


@pytest.mark.parametrize("seed", ON_TRIO)
def test_world_keeps_every_promise(seed: int) -> None:
    outcome = watched(draw_plan(seed), simulate)

    assert not outcome.violations, explained(outcome, "trio")


@pytest.mark.parametrize("seed", ON_ASYNCIO)
def test_world_keeps_every_promise_with_production_s_cancellation(seed: int) -> None:
    outcome = watched(draw_plan(seed), on_asyncio)

    assert not outcome.violations, explained(outcome, "asyncio")


@pytest.mark.parametrize("seed", BY_WEBHOOK)
@pytest.mark.parametrize("backend", ["trio", "asyncio"])
def test_world_with_a_webhook_keeps_every_promise(seed: int, backend: str) -> None:
    play = simulate if backend == "trio" else on_asyncio

    outcome = watched(draw_plan(seed, Profile.WEBHOOK), play)

    assert not outcome.violations, explained(outcome, backend)


def on_asyncio(plan: Plan) -> Outcome:
    return simulate(plan, "asyncio")


def explained(outcome: Outcome, backend: str) -> str:
    play = simulate if backend == "trio" else on_asyncio
    return "\n".join(shrunk_failure(play, outcome, backend, Budget(time.perf_counter)).lines)
