"""What a worker weighs over its life, and whether that grows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

PER_TAPS = 100_000
TENTHS = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """What the worker of this life weighed after so many taps of the run."""

    life: int
    taps: int
    rss_kb: int
    fds: int


def longest_life(samples: Sequence[Sample]) -> list[Sample]:
    """The samples of the life that has most of them."""
    if not samples:
        return []
    life = Counter(sample.life for sample in samples).most_common(1)[0][0]
    return [sample for sample in samples if sample.life == life]


def warm(samples: Sequence[Sample]) -> list[Sample]:
    """Without the first tenth of the taps, in which caches fill."""
    if not samples:
        return []
    first, last = samples[0].taps, samples[-1].taps
    return [sample for sample in samples if sample.taps >= first + (last - first) / 10]


def fewest_fds(samples: Sequence[Sample]) -> list[Sample]:
    """Of each tenth of a life's samples the one with the fewest descriptors.

    Each call that is under way has some: while Telegram is away there are a hundred more for seconds, and no leak.
    """
    size = max(1, len(samples) // TENTHS)
    return [min(samples[start : start + size], key=lambda one: one.fds) for start in range(0, len(samples), size)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The least-squares slope; 0 where there is no line."""
    if not points:
        return 0.0
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


def at(samples: Sequence[Sample], part: float, taps: int) -> Sample | None:
    """The first sample after this part of the taps; the last one, if there is none."""
    return next((sample for sample in samples if sample.taps >= part * taps), samples[-1] if samples else None)
