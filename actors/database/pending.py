"""A request that waits for its answer, and what its caller may be told meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.database.request import Cause, Lane, NotStored, Reply, Ticket
from actors.errors import PortError
from actors.operations.operation import Operation

QUEUED_SECONDS = 0.1  # what came later to its first attempt was kept by those before it
QUEUE, CONNECTION, LOCK, DATABASE = "database queue", "connection", "lock", "database"


@dataclass(slots=True, eq=False)
class Pending:
    """One caller's request; `wake` is called when it is over."""

    operation: Operation[Any]
    ticket: Ticket
    asked_at: float
    wake: Callable[[], None]
    attempts: int = 0
    waited_for: tuple[str, ...] = ()
    failures: int = 0
    under_way: bool = False
    doubtful: bool = False  # an attempt ended without an answer: it may have been applied
    abandoned: bool = False  # nobody waits any more
    _answered: bool = False
    _value: Any = None
    _cause: Cause = Cause.EXPIRED

    @property
    def lane(self) -> Lane:
        """The lane in which it stands."""
        return self.ticket.lane

    def begin(self, now: float) -> None:
        """Count an attempt that starts now."""
        if not self.waited_for and now - self.asked_at > QUEUED_SECONDS:
            self.waited(QUEUE)
        self.attempts += 1
        self.under_way = True

    def waited(self, what: str) -> None:
        """Remember what kept it, once."""
        self.waited_for = tuple(dict.fromkeys((*self.waited_for, what)))

    def answer(self, value: object) -> None:
        """End it with a value."""
        self._value = value
        self._answered = True
        self.wake()

    def fail(self, cause: Cause) -> None:
        """End it without one."""
        self._cause = cause
        self.wake()

    def reply(self, now: float) -> Reply[Any]:
        """Return what is known now; raises NotStored unless it was answered."""
        seconds = now - self.asked_at
        if self._answered:
            return Reply(self._value, self.attempts, seconds, self.waited_for)
        certain = not (self.under_way or self.doubtful)
        lost = NotStored(self._cause, certain=certain, attempts=self.attempts, seconds=seconds)
        lost.waited_for = self.waited_for
        raise lost


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended; `reached` if it had a connection, so that its failure is not the database's absence."""

    request: Pending
    probe: bool
    reached: bool = False
    value: object = None
    error: PortError | None = None
