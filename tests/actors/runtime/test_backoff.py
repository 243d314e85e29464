"""How long to wait after a failure."""

from __future__ import annotations

from random import Random

import pytest

from actors.database.circuit_breaker import PAUSES
from actors.errors import AnswerLost, Unreachable
from actors.runtime.backoff import Backoff
from actors.runtime.supervisor import RESTART

STEPS = Backoff((1.0, 2.0, 5.0))


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0.0), (1, 1.0), (2, 2.0), (3, 5.0), (4, 5.0), (9999, 5.0)])
def test_pause_goes_by_its_steps_and_stays_with_the_last(failures: int, seconds: float) -> None:
    assert STEPS.after(failures) == seconds
    assert STEPS.after(failures, AnswerLost("away")) == seconds


@pytest.mark.parametrize(
    ("first", "longest", "steps"), [(1, 10, (1, 2, 4, 8, 10)), (5, 5, (5,)), (0.5, 2, (0.5, 1, 2))]
)
def test_pauses_double_up_to_the_longest(first: float, longest: float, steps: tuple[float, ...]) -> None:
    assert Backoff.doubling(first, longest).steps == steps


@pytest.mark.parametrize(("asked", "seconds"), [(None, 2.0), (1.0, 2.0), (30.0, 30.0)])
def test_pause_is_no_shorter_than_was_asked_for(asked: float | None, seconds: float) -> None:
    assert STEPS.after(2, Unreachable("slow down", asked)) == seconds


def test_no_two_keep_in_step() -> None:
    pauses = [PAUSES.at_random(7, Random(seed)) for seed in range(50)]

    assert len(set(pauses)) == 50
    assert 1.0 <= min(pauses) < 1.1
    assert 1.9 < max(pauses) <= 2.0
    assert PAUSES.at_random(0, Random(1)) == 0.0


def test_child_that_crashes_starts_again_sooner_or_later_by_a_fifth() -> None:
    pauses = {RESTART.at_random(1, Random(seed)) for seed in range(50)}

    assert len(pauses) == 50
    assert 0.16 <= min(pauses) < max(pauses) <= 0.24
    assert (RESTART.steps[0], RESTART.steps[-1]) == (0.2, 30.0)
    assert (PAUSES.steps[0], PAUSES.steps[-1]) == (0.05, 2.0)
