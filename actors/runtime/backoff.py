"""Retries: after which pause what failed is tried again, the one type for it, and where that happens. Pure.

Where retries happen, below actors/, each with its pauses beside what it repeats (a test holds this list whole):

- a statement, with the same key, until its deadline: database/actor.py; a database that is away, by one request at a
  time: database/circuit_breaker.py. Both pause by the latter's PAUSES
- a request whose answer must be known, with the same key, until it is answered: database/asking.py. It is asked by
  item/actor.py and item/card_checks.py, publish/actor.py, updates/chat_migration.py, accounts/token_renewal.py
- an edit of a card, until it is shown, replaced or impossible: cards/actor.py
- a toast, three times, and lines in a chat for a minute: item/callback_answers.py; what the team is told of a lost or
  refused card, for ten minutes: item/sending.py; the answer to a command, for a minute: commands/delivery.py
- polls, and the webhook's registration, for ever: updates/polling.py, updates/webhook.py
- the bot's menu and its name: commands/actor.py, commands/bot_name.py; LISTEN: schedule/notifications.py
- calls to Instagram, as a publish's phase allows: publish/times.py has the pauses of publish/fetching.py (before the
  publish call) and publish/doubts.py (after it)
- a child that crashed, within a limit: runtime/supervisor.py

In the rows, with pauses that double, by the database's clock: cards that were not sent (cards.sql of the schema), chats
that refuse cards (refusals.sql). What a clock asks for anyway (schedule/, updates/poll_lease.py) is no retry.
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
        """Return the same pause in seconds, times a random share within `spread`."""
        return self.after(failures) * random.uniform(*self.spread) if failures > 0 else 0.0
