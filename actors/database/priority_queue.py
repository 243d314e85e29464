"""Which request goes next: taps first, and of all the rest one at a time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from actors.database.request import Priority

PATIENCE_SECONDS = 0.5  # so long taps go before the rest; acknowledgements and leases must not starve


class Queued(Protocol):
    """What the queue has to know of a request."""

    @property
    def priority(self) -> Priority:
        """The priority that it was asked with."""
        ...

    @property
    def asked_at(self) -> float:
        """When its caller asked, by the loop's clock in seconds."""
        ...

    @property
    def abandoned(self) -> bool:
        """True once its caller waits no more: it is dropped when it is met."""
        ...


R = TypeVar("R", bound=Queued)


class PriorityQueue(Generic[R]):
    """Who is ready, who waits for a moment, and how many are running."""

    def __init__(self, connections: int) -> None:
        assert connections > 0
        self._connections = connections
        self._ready: dict[Priority, deque[R]] = {Priority.HIGH: deque(), Priority.LOW: deque()}
        self._waiting: list[tuple[float, int, R]] = []
        self._tickets = 0  # equal moments are served in the order of arrival, and requests are never compared
        self._last = Priority.HIGH
        self.running: dict[R, None] = {}

    def __len__(self) -> int:
        """How many are ready or wait, the abandoned ones included."""
        return sum(map(len, self._ready.values())) + len(self._waiting)

    def __iter__(self) -> Iterator[R]:
        """Yield each, those that run included."""
        yield from self._all()

    def add(self, request: R) -> None:
        """Put it behind the others of its priority."""
        self._ready[request.priority].append(request)

    def put_first(self, request: R) -> None:
        """Put it back before the others of its priority."""
        self._ready[request.priority].appendleft(request)

    def put_off(self, request: R, not_before: float) -> None:
        """Put it back, not to be taken before that moment."""
        self._tickets += 1
        heapq.heappush(self._waiting, (not_before, self._tickets, request))

    def next_moment(self) -> float | None:
        """When the first of those that wait becomes ready."""
        return self._waiting[0][0] if self._waiting else None

    def take(self, now: float) -> R | None:
        """Count the next one as running and return it, if one may go now."""
        if len(self.running) >= self._connections:
            return None
        self._wake(now)
        priority = self._choose(now)
        if priority is None:
            return None
        self._last = priority
        request = self._ready[priority].popleft()
        self.running[request] = None
        return request

    def release(self, request: R) -> None:
        """Count it as not running any more."""
        del self.running[request]

    def sweep(self) -> None:
        """Drop the abandoned ones."""
        for priority, ready in self._ready.items():
            self._ready[priority] = deque(one for one in ready if not one.abandoned)
        self._waiting = [entry for entry in self._waiting if not entry[2].abandoned]
        heapq.heapify(self._waiting)

    def clear(self) -> list[R]:
        """Take everything out, what is running included."""
        everything = list(self._all())
        for ready in self._ready.values():
            ready.clear()
        self._waiting.clear()
        self.running.clear()
        return everything

    def _all(self) -> Iterator[R]:
        yield from self.running
        for ready in self._ready.values():
            yield from ready
        yield from (request for _, _, request in self._waiting)

    def _wake(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            self.add(heapq.heappop(self._waiting)[2])

    def _choose(self, now: float) -> Priority | None:
        taps, rest = self._head(Priority.HIGH), self._head(Priority.LOW)
        if rest is None or self._rest_is_running():
            return None if taps is None else Priority.HIGH
        if taps is None:
            return Priority.LOW
        # With one connection the two take turns, however many of the rest have lost their patience.
        impatient = now - rest.asked_at >= PATIENCE_SECONDS
        return Priority.LOW if impatient and self._last is Priority.HIGH else Priority.HIGH

    def _head(self, priority: Priority) -> R | None:
        ready = self._ready[priority]
        while ready and ready[0].abandoned:
            ready.popleft()
        return ready[0] if ready else None

    def _rest_is_running(self) -> bool:
        return any(request.priority is Priority.LOW for request in self.running)
