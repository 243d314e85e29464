"""What the figures of a soak must be: one sentence for each that is not. Pure.

Memory and descriptors are judged twice: by what the longest life has grown, which a leak of any size shows sooner or
later, with room for what fills once (caches, connections); and, in a long life, by the slope, with hardly any room.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.soak.retention import YOUNG
from tests.soak.slope import PER_TAPS

Figures = Mapping[str, Any]

LEAST_TAPS: Final = 5000  # in the longest life, warm: with fewer nothing can be said of a slope
LONG_LIFE_TAPS: Final = 200_000
NOTHING_OF: Final = {
    "lost": "taps or effects lost",
    "doubled": "items doubled",
    "cards_that_lie": "cards lie",
    "without_toast": "taps without a toast",
    "late_and_not_told_who": "late taps that nobody told who was first",
    "members_wrong": "people whose counters do not add up",
    "unexpected_ends": "lives that ended by themselves",
}


def broken(found: Figures, least_taps: int) -> list[str]:
    """Judge all of it; `least_taps` were asked for."""
    wrong = [f"{found[name]} {words}" for name, words in NOTHING_OF.items() if found[name]]
    if found["taps"] < max(1, least_taps):
        wrong.append(f"{found['taps']} taps, of {least_taps}")
    if not found["faults"]:
        wrong.append("nothing was broken meanwhile")
    left = found["rows_after_retention"]
    wrong += [f"{count} rows of {table} left, of {YOUNG}" for table, count in left.items() if count > YOUNG]
    return wrong + _grown(found)


def _grown(found: Figures) -> list[str]:
    taps = found["longest_life_taps"]
    if taps < LEAST_TAPS:
        return [f"the longest life has {taps} taps, {LEAST_TAPS} at least to judge memory by"]
    # Measured: what fills once is some 13 MB and 31 descriptors.
    return [
        *_grows("memory", "kB", taps, found["rss_slope_kb_per_100k"], (40_000.0, 5_000.0)),
        *_grows("descriptors", "", taps, found["fds_slope_per_100k"], (100.0, 5.0)),
    ]


def _grows(what: str, unit: str, taps: int, slope: float, room: tuple[float, float]) -> list[str]:
    """`room`: what may fill once, and what 100,000 taps may leave."""
    once, each = room
    grown, most = slope * taps / PER_TAPS, once + each * taps / PER_TAPS
    if grown > most:
        return [f"{what} grew by {grown:.0f} {unit} in {taps} taps, {most:.0f} at most".replace("  ", " ")]
    if taps >= LONG_LIFE_TAPS and slope > 2 * each:
        return [f"{what}: the slope is {slope:.1f} {unit} each 100,000 taps, {2 * each:.0f} at most".replace("  ", " ")]
    return []
