"""A bench in which taps were lost is red, however fast it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.acts import Findings
from tests.bench.report import broken
from tests.bench.rounds import IDEAL, OURS, Taps

DONE: list[float | None] = [0.0, 0.01, 0.02, 0.03, 0.04]  # tapped, told, called, toast, card
NO_CARD: list[float | None] = [0.0, 0.01, 0.02, 0.03, None]
NO_TOAST: list[float | None] = [0.0, 0.01, None, None, 0.04]


def taps(*moments: list[float | None]) -> Taps:
    return Taps([list(moments)])


WHOLE = Findings(
    taps={(5, 100): {OURS: taps(DONE, DONE), IDEAL: taps(DONE, NO_CARD)}},
    steady={OURS: {"taps": taps(DONE)}, IDEAL: {"taps": taps(DONE)}},
    after_idle={OURS: taps(DONE), IDEAL: taps(DONE)},
    without_database=taps(NO_CARD),  # its card is looked for in the rows
)


def test_taps_that_ended_are_right_whatever_the_ideal_lost() -> None:
    assert broken(WHOLE) == []


@pytest.mark.parametrize(
    "findings",
    [
        replace(WHOLE, taps={(5, 100): {OURS: taps(DONE, NO_CARD), IDEAL: taps(DONE)}}),
        replace(WHOLE, steady={OURS: {"taps": taps(NO_CARD)}, IDEAL: {"taps": taps(DONE)}}),
        replace(WHOLE, after_idle={OURS: taps(NO_CARD), IDEAL: taps(DONE)}),
        replace(WHOLE, lost=1),
    ],
)
def test_tap_without_a_final_card_is_lost(findings: Findings) -> None:
    assert broken(findings) == ["1 taps lost"]


@pytest.mark.parametrize(
    "findings",
    [
        replace(WHOLE, taps={(5, 100): {OURS: taps(DONE, NO_TOAST), IDEAL: taps(DONE)}}),
        replace(WHOLE, without_database=taps(NO_TOAST)),
    ],
)
def test_tap_that_nobody_answered_is_told(findings: Findings) -> None:
    assert broken(findings) == ["1 taps without a toast"]


def test_bench_in_which_nobody_tapped_is_wrong() -> None:
    assert broken(Findings()) == ["nothing was tapped"]
