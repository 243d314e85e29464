"""The run queue: cells with something to serve, in order, and those that rest until their time is over."""

import math
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

import anyio

from actors.runtime.cell import Cell

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")


class RunQueue(Generic[K, M]):
    """A cell stands in line once, however many messages it has; it rests at most once, too."""

    def __init__(self, rest_seconds: float) -> None:
        self._rest_seconds = rest_seconds
        self._ready: deque[Cell[K, M]] = deque()
        self._resting: OrderedDict[Cell[K, M], float] = OrderedDict()  # until when; who came last stands last
        self._wake: anyio.Event | None = None

    def add(self, cell: Cell[K, M]) -> None:
        """Let the cell be served after those that stand in line."""
        if not cell.ready:
            cell.ready = True
            self._resting.pop(cell, None)
            self._ready.append(cell)
            self.wake()

    def take(self) -> Cell[K, M] | None:
        """Take the first one out of the line."""
        if not self._ready:
            return None
        cell = self._ready.popleft()
        cell.ready = False
        return cell

    def rest(self, cell: Cell[K, M]) -> None:
        """Let it rest from now on."""
        if not self._resting:
            self.wake()  # until when to wait is not known yet
        self._resting[cell] = anyio.current_time() + self._rest_seconds
        self._resting.move_to_end(cell)

    def leave(self, cell: Cell[K, M]) -> None:
        """Forget that it rests: it may be queued again."""
        self._resting.pop(cell, None)

    def wake(self) -> None:
        """Have the waiting task look again."""
        if self._wake is not None:
            self._wake.set()
            self._wake = None

    async def wait(self) -> Iterator[Cell[K, M]]:
        """Wait until the line has an entry, a wake-up came, or a rest is over; answers the last ones."""
        assert not self._ready, "a task that stands in line is served first"
        wake = self._wake = anyio.Event()
        with anyio.CancelScope(deadline=next(iter(self._resting.values()), math.inf)):
            await wake.wait()
        self._wake = None
        return self._rested()

    def _rested(self) -> Iterator[Cell[K, M]]:
        now = anyio.current_time()
        while self._resting and next(iter(self._resting.values())) <= now:
            yield self._resting.popitem(last=False)[0]
