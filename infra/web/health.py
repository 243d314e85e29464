"""Whether a worker does its work, judged from memory alone: a probe never costs a query."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from actors.runtime.child import ChildState

LOOP_SECONDS = 300.0
LOOP_RESTARTS = 3


class Vitals(Protocol):
    """What a worker knows of itself; each answer comes from memory, at once."""

    def children(self) -> Mapping[str, ChildState]:
        """The supervisor's children by name."""
        ...

    def poll_silence_seconds(self) -> float | None:
        """How long ago Telegram answered a poll, or, before the first answer, since we may poll; None: we may not."""
        ...

    def poller_trouble(self) -> str | None:
        """How the poller shows that it is dead, whatever Telegram does; None: it works, or has no work."""
        ...

    def database_trouble(self) -> str | None:
        """Why the database cannot be used, as last seen; None: all is well."""
        ...

    def telegram_trouble(self) -> str | None:
        """Why Telegram cannot be reached, as last seen; None: all is well."""
        ...

    def shortcomings(self) -> Sequence[str]:
        """What of the set-up is not complete, as last seen."""
        ...

    def token_trouble(self) -> str | None:
        """Why only another token helps, as last seen; None: Telegram takes ours, or has not said."""
        ...


@dataclass(slots=True)
class CrashWatch:
    """Remembers restarts from probe to probe: who crashes and comes back looks well whenever it is looked at."""

    seen: deque[tuple[float, dict[str, int]]] = field(default_factory=deque)

    def looping(self, children: Mapping[str, ChildState], now: float) -> list[str]:
        """Name the children that were restarted too often lately."""
        restarts = {name: child.restarts for name, child in children.items()}
        while len(self.seen) > 1 and self.seen[1][0] <= now - LOOP_SECONDS:
            self.seen.popleft()
        before = self.seen[0][1] if self.seen else {}
        if not self.seen or self.seen[-1][1] != restarts:
            self.seen.append((now, restarts))
        return [name for name, count in restarts.items() if count - before.get(name, 0) >= LOOP_RESTARTS]


@dataclass(frozen=True, slots=True)
class HealthVerdict:
    """The answer to a probe; well if there is no problem."""

    problems: tuple[str, ...]
    facts: Mapping[str, Any]

    @property
    def code(self) -> int:
        """The HTTP answer: 200 or 503."""
        return 503 if self.problems else 200

    def wire(self) -> dict[str, Any]:
        """Return the body of the answer, as JSON can say it."""
        return {"ok": not self.problems, "problems": list(self.problems), **self.facts}


def alive(vitals: Vitals, crashes: CrashWatch, now: float) -> HealthVerdict:
    """Judge whether this worker works; if not, only a restart helps, as it would not against a silent Telegram."""
    children = vitals.children()
    silence, dead, token = vitals.poll_silence_seconds(), vitals.poller_trouble(), vitals.token_trouble()
    down = [name for name, child in children.items() if not child.up]
    problems = [f"{name} is down" for name in down]
    problems += [f"{name} crashes again and again" for name in crashes.looping(children, now)]
    if dead is not None:
        problems.append(f"the poller {dead}")
    if token is not None:
        problems.append(token)
    # What a child's last error says may hold a secret: it stands in the log, redacted.
    facts = {
        "children": {name: {"up": child.up, "restarts": child.restarts} for name, child in children.items()},
        "poll_silence_seconds": None if silence is None else round(silence, 1),
    }
    return HealthVerdict(tuple(problems), facts)


def ready(vitals: Vitals) -> HealthVerdict:
    """Judge whether a tap would be recorded now; a restart would not help.

    What of the set-up is not complete keeps some stories off Instagram, and no tap from being recorded: it is shown.
    """
    troubles = {"database": vitals.database_trouble(), "telegram": vitals.telegram_trouble()}
    problems = tuple(f"{name}: {trouble}" for name, trouble in troubles.items() if trouble is not None)
    facts: dict[str, Any] = {name: trouble is None for name, trouble in troubles.items()}
    return HealthVerdict(problems, facts | {"setup": list(vitals.shortcomings())})
