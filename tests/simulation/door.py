"""Whether every tap was seen: by whom it should have been is a question of when somebody could."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

KEPT_SECONDS = 150.0  # so long Telegram holds a tap for whoever polls
ENOUGH_SECONDS = 60.0  # for a take-over, and for what stands before it


@dataclass
class Door:
    """Keeps the times in which some worker ran undisturbed and Telegram could be reached."""

    is_open: Callable[[], bool]
    now: Callable[[], float]
    _open_since: float | None = None
    _times: list[tuple[float, float]] = field(default_factory=list)

    def look(self) -> None:
        """Note when it opens and when it closes."""
        if self.is_open():
            self._open_since = self.now() if self._open_since is None else self._open_since
        elif self._open_since is not None:
            self._times.append((self._open_since, self.now()))
            self._open_since = None

    def unseen(self, pressed_at: Mapping[str, float], seen: Mapping[str, Sequence[tuple[float, object]]]) -> list[str]:
        """The presses that nobody got, or got late, although somebody could: what is stuck hides no newer ones."""
        times = [*self._times, *([] if self._open_since is None else [(self._open_since, self.now())])]
        return [
            press_id
            for press_id, at in pressed_at.items()
            if any(
                min(end, at + KEPT_SECONDS, _first(seen.get(press_id, ()))) - max(begin, at) >= ENOUGH_SECONDS
                for begin, end in times
            )
        ]


def _first(sights: Sequence[tuple[float, object]]) -> float:
    return min((at for at, _ in sights), default=math.inf)
