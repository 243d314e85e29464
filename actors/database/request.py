"""How an actor asks the database for something: until when, how urgently, how that can end, and what waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from actors.errors import PortError, QueueError
from actors.operations.operation import Operation

QUEUED_SECONDS = 0.1  # what came later to its first attempt was kept by those before it
QUEUE, CONNECTION, LOCK, DATABASE = "database queue", "connection", "lock", "database"

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Priority(Enum):
    """Who waits for the answer."""

    HIGH = "a person"
    LOW = "no person: it has one connection at most"


class RequestTerms:
    """Until when an answer is of use (on the event loop's clock), and with which priority it is waited for."""

    __slots__ = ("_waiting", "deadline", "expired", "priority")

    def __init__(self, deadline: float, priority: Priority = Priority.LOW) -> None:
        self.deadline = deadline
        self.priority = priority
        self.expired = False
        self._waiting: list[Callable[[], None]] = []

    def expire(self) -> None:
        """Give up before the deadline: the callers that wait with these terms are told so at once."""
        self.expired = True
        for wake in self._waiting:
            wake()

    def watch(self, wake: Callable[[], None]) -> None:
        """Have `wake` called if the terms expire early, or at once if it has."""
        self._waiting.append(wake)
        if self.expired:
            wake()

    def unwatch(self, wake: Callable[[], None]) -> None:
        """Have it called no more."""
        self._waiting.remove(wake)


@dataclass(frozen=True, slots=True)
class Reply(Generic[T_co]):
    """The answer, what it took, and what kept it."""

    value: T_co
    attempts: int
    seconds: float
    waited_for: tuple[str, ...] = ()


class Cause(Enum):
    """Why there is no answer."""

    BUSY = "too many requests are waiting"
    STOPPED = "the database actor has stopped or crashed"
    EXPIRED = "the deadline passed, or the request was given up"
    REFUSED = "the database refuses it, and would do so again"


class NotStored(QueueError):
    """There is no answer; `certain` if no attempt can have been applied, those still under way included."""

    def __init__(self, cause: Cause, *, certain: bool, attempts: int = 0, seconds: float = 0.0) -> None:
        super().__init__(f"{cause.value}; {'nothing' if certain else 'nobody knows what'} was stored")
        self.cause = cause
        self.certain = certain
        self.attempts = attempts
        self.seconds = seconds
        self.waited_for: tuple[str, ...] = ()


class Store(Protocol):
    """The database as an actor sees it."""

    async def ask(self, operation: Operation[T], terms: RequestTerms) -> Reply[T]:
        """Run the operation until it is answered; raises NotStored at the deadline, or sooner when it is hopeless.

        A caller that is cancelled leaves its request behind: an attempt under way ends, no other one begins.
        """
        ...


@dataclass(slots=True, eq=False)
class Pending:
    """One caller's request; `wake` is called when it is over."""

    operation: Operation[Any]
    terms: RequestTerms
    asked_at: float
    wake: Callable[[], None]
    attempts: int = 0
    waited_for: tuple[str, ...] = ()
    failures: int = 0
    under_way: bool = False
    may_be_applied: bool = False  # an attempt ended without an answer: it may have been applied
    abandoned: bool = False  # its caller waits no more
    _answered: bool = False
    _value: Any = None
    _cause: Cause = Cause.EXPIRED

    @property
    def priority(self) -> Priority:
        """The priority that it was asked with."""
        return self.terms.priority

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
        certain = not (self.under_way or self.may_be_applied)
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
