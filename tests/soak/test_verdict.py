"""What a soak must not find turns its command red."""

from __future__ import annotations

from typing import Any

import pytest

from tests.soak.verdict import broken

GOOD = {
    "taps": 20_000,
    "lost": 0,
    "doubled": 0,
    "cards_that_lie": 0,
    "without_toast": 0,
    "late_and_not_told_who": 0,
    "members_wrong": 0,
    "unexpected_ends": 0,
    "faults": {"database_fin": 11},
    "rows_after_retention": {"interactions": 1000, "taps": 1000},
    "longest_life_taps": 17_404,
    "rss_slope_kb_per_100k": 78_194.5,
    "fds_slope_per_100k": 235.977,
}
LONG = GOOD | {
    "taps": 1_000_000,
    "longest_life_taps": 900_000,
    "rss_slope_kb_per_100k": 4_000.0,
    "fds_slope_per_100k": 1.0,
}


def test_short_run_in_which_caches_fill_is_right() -> None:
    assert broken(GOOD, 20_000) == []


def test_long_run_that_is_flat_is_right() -> None:
    assert broken(LONG, 1_000_000) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lost": 1}, "1 taps or effects lost"),
        ({"doubled": 2}, "2 items doubled"),
        ({"cards_that_lie": 1}, "1 cards lie"),
        ({"without_toast": 3}, "3 taps without a toast"),
        ({"late_and_not_told_who": 1}, "1 late taps that nobody told who was first"),
        ({"members_wrong": 1}, "1 people whose counters do not add up"),
        ({"unexpected_ends": 1}, "1 lives that ended by themselves"),
        ({"taps": 19_999}, "19999 taps, of 20000"),
        ({"faults": {}}, "nothing was broken meanwhile"),
        ({"rows_after_retention": {"interactions": 1000, "taps": 1001}}, "1001 rows of taps left, of 1000"),
        ({"longest_life_taps": 4_999}, "the longest life has 4999 taps, 5000 at least to judge memory by"),
        ({"rss_slope_kb_per_100k": 30e6}, "memory grew by 5221200 kB in 17404 taps, 40870 at most"),
        ({"fds_slope_per_100k": 1000.0}, "descriptors grew by 174 in 17404 taps, 101 at most"),
    ],
)
def test_each_thing_that_must_not_be_is_told(change: dict[str, Any], sentence: str) -> None:
    assert broken(GOOD | change, 20_000) == [sentence]


def test_leak_of_300_kilobytes_a_tap_is_told_of_the_shortest_run_that_is_judged() -> None:
    leak = GOOD | {"taps": 6_000, "longest_life_taps": 5_000, "rss_slope_kb_per_100k": 300.0 * 100_000}

    assert broken(leak, 6_000) == ["memory grew by 1500000 kB in 5000 taps, 40250 at most"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rss_slope_kb_per_100k": 10_000.0}, "memory grew by 90000 kB in 900000 taps, 85000 at most"),
        ({"fds_slope_per_100k": 11.0}, "descriptors: the slope is 11.0 each 100,000 taps, 10 at most"),
    ],
)
def test_slope_of_a_long_life_has_hardly_any_room(change: dict[str, Any], sentence: str) -> None:
    assert broken(LONG | change, 1_000_000) == [sentence]


def test_run_that_ends_by_the_clock_needs_a_tap_at_least() -> None:
    assert broken(GOOD | {"taps": 7_000}, 0) == []
    assert "0 taps, of 0" in broken(GOOD | {"taps": 0}, 0)
