"""Retries: after which pause what failed is tried again, the one type for it, and where that happens. Pure.

Where retries happen: wherever a `Backoff` stands, beside what is retried. Edits (cards/actor.py); toasts, and lines in
the chat (item/callback_answers.py); polls and the webhook (updates/); the bot's name and menu (commands/); LISTEN
(schedule/notifications.py); calls to Instagram (publish/times.py); attempts at the database
(database/circuit_breaker.py); crashed children (supervisor.py). A request without an answer is asked again, with the
same key, in database/asking.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from actors.errors import Unreachable


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses in seconds after the first failure in a row, the second, and so on; the last one stays.

    `spread`: between which shares of a pause one is taken at random, so that no two keep in step.
    """

    steps: tuple[float, ...]
    spread: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def doubling(cls, first: float, longest: float, spread: tuple[float, float] = (1.0, 1.0)) -> Backoff:
        """Return pauses of which each is twice the one before, up to the longest."""
        steps = [first]
        while steps[-1] < longest:
            steps.append(min(longest, steps[-1] * 2.0))
        return cls(tuple(steps), spread)

    def after(self, failures: int, error: Exception | None = None) -> float:
        """After so many failures in a row, `error` being the last: no less than it asks for; none after zero."""
        asked = error.retry_after_seconds if isinstance(error, Unreachable) else None
        step = self.steps[min(failures, len(self.steps)) - 1] if failures > 0 else 0.0
        return max(step, asked or 0.0)

    def at_random(self, failures: int, random: Random) -> float:
        """The same, spread."""
        return self.after(failures) * random.uniform(*self.spread) if failures > 0 else 0.0
