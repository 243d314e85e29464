"""What the soak says of memory."""

from collections.abc import Callable

import pytest

from tests.soak.slope import Sample, at, fewest_fds, longest_life, slope, warm

FLAT = [Sample(2, taps, 100_000, 80) for taps in range(0, 1000, 100)]
GROWING = [Sample(2, taps, 100_000 + taps, 80) for taps in range(0, 1000, 100)]


def test_slope_of_a_flat_life_is_nothing() -> None:
    assert slope([(one.taps, one.rss_kb) for one in FLAT]) == 0.0


def test_slope_of_a_growing_life_is_what_each_tap_leaves() -> None:
    assert slope([(one.taps, one.rss_kb) for one in GROWING]) == pytest.approx(1.0)


def test_only_the_longest_life_is_looked_at() -> None:
    assert longest_life([Sample(1, 0, 1, 1), *FLAT, Sample(3, 2000, 1, 1)]) == FLAT


def test_first_tenth_of_a_life_is_its_warming_up() -> None:
    assert warm(FLAT) == FLAT[1:]


def test_sample_at_a_part_of_the_taps_is_the_first_one_after_it() -> None:
    assert at(FLAT, 0.25, 1000) == FLAT[3]


def grown_fds(each: Callable[[int], int]) -> float:
    life = [Sample(1, number, 1, each(number)) for number in range(120)]
    return slope([(one.taps, one.fds) for one in fewest_fds(life)])


def test_calls_under_way_for_seconds_at_the_end_of_a_life_are_no_leak() -> None:
    assert grown_fds(lambda number: 80 + 100 * (number >= 115)) == 0.0


def test_descriptors_that_each_tap_leaves_are_one() -> None:
    assert grown_fds(lambda number: 80 + number + 100 * (number % 12 > 6)) == pytest.approx(1.0)
