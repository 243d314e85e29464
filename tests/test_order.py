"""In which order the tests of a run are dealt out to its workers: none is lost, however few were chosen."""

from __future__ import annotations

from itertools import product

import pytest

from tests.plugins.order import dealt


@pytest.mark.parametrize(("waiting", "quick", "workers"), list(product(range(6), range(6), range(1, 5))))
def test_every_test_is_dealt_out_once(waiting: int, quick: int, workers: int) -> None:
    chosen = [*(f"waits {number}" for number in range(waiting)), *(f"quick {number}" for number in range(quick))]

    assert sorted(dealt(chosen[:waiting], chosen[waiting:], workers)) == sorted(chosen)


def test_each_stretch_begins_with_what_waits_and_ends_with_what_is_quick() -> None:
    assert dealt(["w1", "w2", "w3"], ["q1", "q2", "q3", "q4", "q5"], 2) == [
        "w1",
        "w3",
        "q1",
        "q2",
        "w2",
        "q3",
        "q4",
        "q5",
    ]
