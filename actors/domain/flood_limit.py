"""How often one person may ask something of us in a chat: so many times a minute, and once a minute that is said."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

MOST = 6
MOST_VIEWS = 10  # questions and their ends: a person who goes through a queue asks for as many
SECONDS = 60.0
MOST_KNOWN = 1000

Who: TypeAlias = tuple[int, int]  # the chat and the person


@dataclass(slots=True)
class _Asker:
    asked_at: deque[float]
    told_at: float = -inf
    passed_over: int = 0


class Flood:
    """Who asked lately, and who was told that it is too much. Bounded: who asked least lately is forgotten."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._askers: OrderedDict[Who, _Asker] = OrderedDict()

    def admits(self, who: Who, now: float) -> bool:
        """Count one more, unless there were too many within the minute."""
        asked_at = self._of(who).asked_at
        if len(asked_at) == self._most and now - asked_at[0] < SECONDS:
            return False
        asked_at.append(now)
        return True

    def may_tell(self, who: Who, now: float) -> bool:
        """Tell whether this person may hear now that it was too much; then not for a minute."""
        asker = self._of(who)
        if now - asker.told_at < SECONDS:
            return False
        asker.told_at = now
        return True

    def pass_over(self, who: Who) -> None:
        """Count one that gets no answer."""
        self._of(who).passed_over += 1

    def passed_over(self, who: Who) -> int:
        """Count those that got none, since this was asked last."""
        asker = self._of(who)
        count, asker.passed_over = asker.passed_over, 0
        return count

    def _of(self, who: Who) -> _Asker:
        asker = self._askers.setdefault(who, _Asker(deque(maxlen=self._most)))
        self._askers.move_to_end(who)
        if len(self._askers) > MOST_KNOWN:
            self._askers.popitem(last=False)
        return asker
