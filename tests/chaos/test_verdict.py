"""What must not come of kills and of slow publishes turns their commands red."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.slow import told
from tests.chaos.verdict import of_kills, of_slow_publishes

KILLS = {
    "kills": 19,
    "kills_missing": 0,
    "items": 12,
    "tapped": 12,
    "states": {"posted": 12},
    "live": 12,
    "published": 12,
    "doubles": 0,
    "lies": 0,
    "settled_seconds": 21.1,
}
SKIPS = {"taps": 4, "toast_p50_ms": 3.0, "toast_max_ms": 9.0, "recorded_p50_ms": 5.0, "recorded_max_ms": 12.0}
SLOW = {
    "posts": 20,
    "skips": 4,
    "publishing_while_skipping": 20,
    "states": {"posted": 20, "skipped": 8},
    "doubles": 0,
    "live": 20,
    "lies": 0,
    "settled_seconds": 30.0,
    "skips_alone": SKIPS,
    "skips_meanwhile": SKIPS,
}
LINE = {"event": "tap", "action": "skip", "item_id": 7, "toast_ms": 2.0, "recorded_ms": 6.0}
CARDS = [(-100, 1, 7), (-100, 2, 8)]


def test_run_with_kills_in_which_each_tapped_story_is_live_once_is_right() -> None:
    assert of_kills(KILLS) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kills": 0}, "no worker was killed"),
        ({"kills_missing": 1}, "1 of the kills never came"),
        ({"tapped": 11}, "11 of 12 items were tapped"),
        ({"states": {"posted": 11, "in_review": 1}}, "1 items are open"),
        ({"states": {"posted": 11, "in_doubt": 1}}, "1 items are open"),
        ({"live": 11}, "12 tapped, 11 live"),
        ({"published": 11}, "12 posted, 11 published"),
        ({"doubles": 1}, "1 stories too many"),
        ({"lies": 2}, "2 cards lie"),
        ({"settled_seconds": None}, "it never came to rest"),
        ({"settled_seconds": 151.0}, "it took 151.0 s to come to rest"),
    ],
)
def test_each_thing_that_kills_must_not_do_is_told(change: dict[str, Any], sentence: str) -> None:
    assert sentence in of_kills(KILLS | change)


def test_run_in_which_every_publish_was_refused_is_wrong() -> None:
    refused = KILLS | {"states": {"in_review": 12}, "live": 0, "published": 0}

    assert {"12 items are open", "12 tapped, 0 live"} <= set(of_kills(refused))


def test_run_in_which_nothing_was_played_is_wrong() -> None:
    nothing = KILLS | {"items": 0, "tapped": 0, "states": {}, "live": 0, "published": 0}

    assert of_kills(nothing) == ["0 of 0 items were tapped"]


def test_skips_that_publishes_do_not_hold_up_are_right() -> None:
    assert of_slow_publishes(SLOW) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"toast_max_ms": 6000.0}, "skips_meanwhile: toast_max_ms is 6000.0"),
        ({"toast_p50_ms": 601.0}, "skips_meanwhile: toast_p50_ms is 601.0"),
        ({"recorded_max_ms": 20_000.0}, "skips_meanwhile: recorded_max_ms is 20000.0"),
        ({"recorded_p50_ms": 700.0}, "skips_meanwhile: recorded_p50_ms is 700.0"),
        ({"toast_max_ms": None}, "skips_meanwhile: toast_max_ms is None"),
        ({"taps": 3}, "skips_meanwhile: 3 of 4 explained by one line"),
    ],
)
def test_skip_that_is_held_up_is_told(change: dict[str, Any], sentence: str) -> None:
    assert of_slow_publishes(SLOW | {"skips_meanwhile": SKIPS | change}) == [sentence]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"publishing_while_skipping": 15}, "15 of 20 publishes were under way"),
        ({"live": 19}, "19 of 20 stories are live"),
        ({"doubles": 1}, "1 stories too many"),
        ({"states": {"posted": 19, "in_review": 1, "skipped": 8}}, "1 items are open"),
        ({"states": {"posted": 20, "skipped": 7}}, "7 of 8 skipped"),
        ({"lies": 1}, "1 cards lie"),
        ({"settled_seconds": None}, "it never came to rest"),
    ],
)
def test_slow_publish_that_does_not_end_well_is_told(change: dict[str, Any], sentence: str) -> None:
    assert sentence in of_slow_publishes(SLOW | change)


def test_taps_are_summed_up_from_their_lines() -> None:
    found = told([LINE, LINE | {"item_id": 8, "toast_ms": 4.0}, LINE | {"action": "posted"}], CARDS)

    assert (found["taps"], found["toast_p50_ms"], found["toast_max_ms"]) == (2, 3.0, 4.0)


@pytest.mark.parametrize("lines", [[], [LINE | {"toast_ms": None}]])
def test_toast_that_never_came_is_not_left_out_of_the_sum(lines: list[dict[str, Any]]) -> None:
    assert told(lines, CARDS)["toast_max_ms"] is None
