"""What goes wrong with a request, as the episodes under way say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.simulation.plan import Episode, Kind

LATEST_SECONDS = {"database": 12.0, "telegram": 30.0, "instagram": 25.0}  # so late a lost request may take effect
USUAL_SECONDS = {"database": 0.005, "telegram": 0.04, "instagram": 0.3}
SLOW_SECONDS = {"database": 1.5, "telegram": 4.0, "instagram": 15.0}
LOSSY = {"database": Kind.DATABASE_LOSSY, "telegram": Kind.TELEGRAM_LOSSY, "instagram": Kind.INSTAGRAM_LOSSY}
SLOW = {"database": Kind.DATABASE_SLOW, "telegram": Kind.TELEGRAM_SLOW, "instagram": Kind.INSTAGRAM_SLOW}
AWAY = {"database": Kind.DATABASE_AWAY, "telegram": Kind.TELEGRAM_AWAY, "instagram": Kind.INSTAGRAM_AWAY}


OF_FILES = {"creeping", "stalled"}  # what becomes of a file before its request is whole


@dataclass(frozen=True, slots=True)
class Harm:
    """What a trigger does to the request that pulled it; `late` in seconds."""

    trouble: str
    late: float = 0.0


@dataclass(frozen=True, slots=True)
class Luck:
    """How one request fares: its way there and back in seconds, and what becomes of it.

    `trouble`: "" none, "refused connection" nothing happens, "lost request" it never arrives, "lost reply" it takes
    effect, "late" it takes effect after its caller has given up, "silence" it takes effect and nothing comes back,
    "held up" it arrives later, "slow" its reply comes later, "token refused" nothing happens.
    """

    there: float
    back: float
    trouble: str = ""
    late: float = 0.0


@dataclass
class Weather:
    """The episodes under way, and a count of every fault that hit a request."""

    dice: Random
    under_way: dict[Kind, Episode] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    last: str = "none"
    last_at: float = -1e9

    def strength(self, kind: Kind) -> float:
        """How strong it is now, 0 if it is not under way."""
        episode = self.under_way.get(kind)
        return 0.0 if episode is None else episode.strength

    def note(self, fault: str, now: float) -> None:
        """Something went wrong."""
        self.counts[fault] += 1
        self.last, self.last_at = fault, now

    def luck(self, port: str) -> Luck:
        """Roll the dice for a request that is sent now."""
        there, back = self._way(port), self._way(port)
        if AWAY[port] in self.under_way:
            return Luck(there, back, "refused connection")
        if port == "telegram" and Kind.REVOKED in self.under_way:
            return Luck(there, back, "token refused")
        if port == "database" and Kind.DATABASE_SILENT in self.under_way:
            return Luck(there, back, "silence" if self.dice.random() < 0.5 else "lost request")
        if self.dice.random() < 0.6 * self.strength(LOSSY[port]):
            trouble = self.dice.choice(["refused connection", "lost request", "lost reply", "late", "silence"])
            return Luck(there, back, trouble, self.dice.uniform(0.5, LATEST_SECONDS[port]))
        return Luck(there, back)

    def _way(self, port: str) -> float:
        usual = USUAL_SECONDS[port] * self.dice.uniform(0.2, 2.0) / 2
        return usual + SLOW_SECONDS[port] * self.strength(SLOW[port]) * self.dice.random()
