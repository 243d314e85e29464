"""The run in numbers: a line now and then, and one object in the end."""

from __future__ import annotations

from typing import Any

from tests.soak.play import Play
from tests.soak.retention import Retained
from tests.soak.slope import PER_TAPS, at, fewest_fds, longest_life, slope, warm


def progress(play: Play) -> str:
    """How far it is."""
    tally, last = play.tally, play.lives.samples[-1] if play.lives.samples else None
    weight = f"{last.rss_kb} kB, {last.fds} fds" if last else "no worker"
    return (
        f"{play.seconds:7.0f} s: {play.deck.tapped} tapped ({play.deck.tapped / max(1.0, play.seconds):.0f}/s), "
        f"{tally.taps} checked, {tally.settled} settled, {play.deck.waiting} waiting; lost {tally.lost}, "
        f"doubled {tally.doubled}, lies {tally.lies}, refused {tally.refused}, unheard {tally.unheard}; "
        f"{play.troubles.made.total()} faults; life {play.lives.count}: {weight}"
    )


def figures(play: Play, retained: Retained, members_wrong: int) -> dict[str, Any]:
    """What came of it."""
    tally, samples = play.tally, play.lives.samples
    life = warm(longest_life(samples))
    tenth, last = at(samples, 0.1, tally.taps), at(samples, 1.0, tally.taps)
    return {
        "taps": tally.taps,
        "items": tally.items,
        "settled": tally.settled,
        "lost": tally.lost,
        "doubled": tally.doubled,
        "refused": tally.refused,
        "tapped_again": tally.again,
        "told_too_late": tally.told,
        "told_who_is_at_it": tally.busy,
        "late_and_not_told_who": tally.unheard,
        "without_toast": tally.untoasted,
        "cards_that_lie": tally.lies,
        "members_wrong": members_wrong,
        "faults": {kind.name.lower(): count for kind, count in play.troubles.made.items()},
        "rss_kb_at_10": tenth and tenth.rss_kb,
        "rss_kb_at_100": last and last.rss_kb,
        "rss_slope_kb_per_100k": round(slope([(one.taps / PER_TAPS, one.rss_kb) for one in life]), 1),
        "fds_at_10": tenth and tenth.fds,
        "fds_at_100": last and last.fds,
        "fds_slope_per_100k": round(slope([(one.taps / PER_TAPS, one.fds) for one in fewest_fds(life)]), 3),
        "longest_life_taps": life[-1].taps - life[0].taps if life else 0,
        "lives": play.lives.count,
        "unexpected_ends": play.lives.unexpected,
        "logged": dict(play.lives.logged),
        "rows_before_retention": {"interactions": retained.interactions, "taps": retained.taps},
        "rows_after_retention": {"interactions": retained.interactions_left, "taps": retained.taps_left},
        "sweep_seconds": round(retained.seconds, 1),
        "taps_per_second": round(tally.taps / play.seconds, 1),
        "seconds": round(play.seconds, 1),
    }
