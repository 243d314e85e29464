"""How many changes a chat may take: a budget that refills, and what is worth spending the rest of it on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

BUDGET = 20.0  # Telegram takes about 20 edits a minute in a group (see the fact sheet of grammY on flood limits)
REFILL_PER_SECOND = BUDGET / 60
SHORT = 6.0  # below this, progress and interim lines are dropped
MINUTE = 60.0
COURTESIES = 14  # changes in a minute after which the rest of Telegram's 20 is for cards and decisions alone


class Rank(IntEnum):
    """How urgent an edit is; the smaller goes first. From PROGRESS on it may be dropped."""

    FINAL = 0
    IN_DOUBT = 1
    REFRESH = 2
    VIEW = 3  # what was asked for and decides nothing
    COURTESY = 4  # a line about a tap that came too late: one person can have as many drawn as there are cards
    PROGRESS = 5
    INTERIM = 6

    @property
    def may_be_dropped(self) -> bool:
        """Tell whether losing it is harmless."""
        return self >= Rank.PROGRESS


@dataclass(slots=True)
class TokenBucket:
    """One chat's changes: `left` as of `at` (event-loop seconds), and none at all before `closed_until`.

    `is_wary`: a pause came last; `is_tried`: one goes first after it.
    """

    at: float
    left: float = BUDGET
    closed_until: float = 0.0
    is_wary: bool = False
    is_tried: bool = False
    lately: deque[float] = field(default_factory=lambda: deque(maxlen=COURTESIES))

    def refill(self, now: float) -> None:
        """Add what has come back since the last look."""
        self.left = min(BUDGET, self.left + max(0.0, now - self.at) * REFILL_PER_SECOND)
        self.at = max(now, self.at)

    def seconds_until_allowed(self, now: float) -> float:
        """How long the next edit has to wait, 0 if it need not."""
        self.refill(now)
        refilled = 0.0 if self.left >= 1 else (1 - self.left) / REFILL_PER_SECOND
        return max(refilled, self.closed_until - now, 0.0)

    def seconds_until_spare(self, now: float) -> float:
        """How long an edit has to wait that a person can ask for again and again."""
        crowded = self.lately[0] + MINUTE - now if len(self.lately) == COURTESIES else 0.0
        return max(crowded, self.seconds_until_allowed(now))

    def is_short(self, now: float) -> bool:
        """Tell whether only edits that matter may be made."""
        self.refill(now)
        return self.left < SHORT or self.closed_until > now

    def is_full(self, now: float) -> bool:
        """Tell whether nothing would be lost by forgetting it."""
        self.refill(now)
        calm = not self.lately or now - self.lately[-1] >= MINUTE
        return calm and self.left >= BUDGET and self.closed_until <= now

    def spend(self, now: float) -> None:
        """Take the place of one change out of the budget."""
        self.refill(now)
        self.left -= 1
        self.lately.append(now)

    def close(self, until: float) -> None:
        """The platform asked for a pause."""
        self.closed_until = max(self.closed_until, until)
        self.is_wary = True
