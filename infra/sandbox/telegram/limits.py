"""How much a bot may send: 30 messages a second, 1 a second in a chat, 20 a minute in a group.

Telegram does not document the exact figures: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

import math
from collections import deque
from dataclasses import dataclass, field

from infra.sandbox.telegram.model import GroupChat
from infra.sandbox.telegram.rules import Rules, too_many_requests


@dataclass(slots=True)
class Window:
    """At most `most` in any `seconds`."""

    most: int
    seconds: float
    times: deque[float] = field(default_factory=deque)

    def wait_seconds(self, now: float) -> float:
        """Return how long until one more is allowed."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        return self.times[0] + self.seconds - now if len(self.times) >= self.most else 0

    def spend(self, now: float) -> None:
        """Count one that was let through at this moment."""
        self.times.append(now)


@dataclass(slots=True)
class RefillingBucket:
    """A burst of `most`, refilled at `per_second`."""

    most: int
    per_second: float
    left: float = math.inf
    at: float = 0

    def wait_seconds(self, now: float) -> float:
        """Return how long until one more is allowed."""
        self.left = min(self.most, self.left + (now - self.at) * self.per_second)
        self.at = now
        return 0 if self.left >= 1 else (1 - self.left) / self.per_second

    def spend(self, now: float) -> None:
        """Count one; to be called at the time of `wait_seconds`."""
        self.left -= 1
        self.at = now


class Limits:
    """Counts sends and edits, and refuses the one too many."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._overall = Window(rules.overall_per_second, 1)
        self._chats: dict[int, list[RefillingBucket | Window]] = {}

    def spend(self, chat: GroupChat, now: float) -> None:
        """Count one send or edit in the chat; raises a 429 that says when to come back."""
        if not self.rules.limits:
            return
        counters = [self._overall, *self._of(chat)]
        wait_seconds = max(counter.wait_seconds(now) for counter in counters)
        if wait_seconds > 0:
            raise too_many_requests(math.ceil(wait_seconds))
        for counter in counters:
            counter.spend(now)

    def _of(self, chat: GroupChat) -> list[RefillingBucket | Window]:
        if chat.id not in self._chats:
            counters: list[RefillingBucket | Window] = [
                RefillingBucket(self.rules.chat_burst, self.rules.chat_per_second)
            ]
            if chat.kind != "private":
                counters.append(Window(self.rules.group_per_minute, 60))
            self._chats[chat.id] = counters
        return self._chats[chat.id]
