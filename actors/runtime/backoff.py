"""How long to wait before trying again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from actors.errors import Unreachable


@dataclass(frozen=True, slots=True)
class ExponentialBackoff:
    """Pauses that double; each is cut at random to between a half and the whole, so that no two keep in step."""

    first_seconds: float = 0.05
    longest_seconds: float = 2.0

    def after(self, failures: int, random: Random) -> float:
        """The pause in seconds after so many failures; none after zero."""
        if failures <= 0:
            return 0.0
        doubled = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        return doubled * random.uniform(0.5, 1.0)


def pause_after(error: Exception, steps: Sequence[float], failures: int) -> float:
    """The pause in seconds after a failure, with so many before it: by these steps, and no less than was asked for."""
    asked = error.retry_after_seconds if isinstance(error, Unreachable) else None
    return max(steps[min(failures, len(steps) - 1)], asked or 0.0)
