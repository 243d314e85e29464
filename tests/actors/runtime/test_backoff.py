"""How long to wait after a failure."""

from __future__ import annotations

from random import Random

import pytest

from actors.errors import AnswerLost, Unreachable
from actors.runtime.backoff import ExponentialBackoff, pause_after
from tests.actors.database.test_circuit_breaker import Whole

STEPS = (1.0, 2.0, 5.0)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0.0), (1, 0.05), (2, 0.1), (6, 1.6), (7, 2.0), (9999, 2.0)])
def test_pauses_double_up_to_two_seconds(failures: int, seconds: float) -> None:
    assert ExponentialBackoff().after(failures, Whole()) == pytest.approx(seconds)


def test_pause_is_cut_to_between_a_half_and_the_whole() -> None:
    pauses = [ExponentialBackoff().after(7, Random(seed)) for seed in range(50)]

    assert len(set(pauses)) == 50
    assert 1.0 <= min(pauses) < 1.1
    assert 1.9 < max(pauses) <= 2.0


@pytest.mark.parametrize(("failures", "seconds"), [(0, 1.0), (1, 2.0), (2, 5.0), (3, 5.0)])
def test_pause_goes_by_its_steps_and_stays_with_the_last(failures: int, seconds: float) -> None:
    assert pause_after(AnswerLost("away"), STEPS, failures) == seconds


@pytest.mark.parametrize(("asked", "seconds"), [(None, 2.0), (1.0, 2.0), (30.0, 30.0)])
def test_pause_is_no_shorter_than_was_asked_for(asked: float | None, seconds: float) -> None:
    assert pause_after(Unreachable("slow down", asked), STEPS, 1) == seconds
