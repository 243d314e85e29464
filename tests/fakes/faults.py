"""What may go wrong with a request, on demand and in order; the same for the database and for Instagram."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum


class Effect(Enum):
    """When a request that goes wrong takes effect."""

    NEVER = "never"
    BEFORE = "before its answer is lost"
    LATER = "after its caller has given up"


@dataclass(frozen=True, slots=True)
class Fault:
    """How one request goes wrong. `silent`: nothing comes back until the caller's own bound has passed."""

    error: Exception
    effect: Effect = Effect.NEVER
    silent: bool = False
    later_seconds: float = 1.0


class Faults:
    """The faults of the next requests, by kind of request; None stands for any kind."""

    def __init__(self) -> None:
        self._next: dict[object, deque[Fault | None]] = {}

    def add(self, *faults: Fault | None, of: object = None) -> None:
        """Let the next requests go wrong like this, one each; None lets one pass."""
        self._next.setdefault(of, deque()).extend(faults)

    def take(self, of: object) -> Fault | None:
        """Return the fault of a request that begins now."""
        for kind in (of, None):
            if self._next.get(kind):
                return self._next[kind].popleft()
        return None

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._next.clear()
