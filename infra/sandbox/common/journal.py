"""What happened, in order, and a way to wait for the next thing to happen."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

JOURNAL_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the world; `number` counts from 1 and never repeats."""

    number: int
    at: float
    kind: str
    details: dict[str, object]

    def wire(self) -> dict[str, object]:
        """Return the entry as JSON would have it."""
        return {"number": self.number, "at": self.at, "kind": self.kind, **self.details}


class Journal:
    """The last 10,000 changes; each listener is called after each."""

    def __init__(self, length: int = JOURNAL_LENGTH) -> None:
        self.entries: deque[Entry] = deque(maxlen=length)
        self.number = 0
        self.listeners: list[Callable[[], None]] = []

    def record(self, at: float, kind: str, **details: object) -> None:
        """Append a change and tell the listeners."""
        self.number += 1
        self.entries.append(Entry(self.number, at, kind, details))
        for listener in self.listeners:
            listener()

    def since(self, number: int) -> list[Entry]:
        """Return the entries after `number`, the oldest first."""
        newer = list(takewhile(lambda entry: entry.number > number, reversed(self.entries)))
        return newer[::-1]


class Changes:
    """Wakes each task that waits for the world to look different."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Let every waiter look again."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Return once the predicate holds; it is asked now and after each change."""
        while not predicate():
            await self._event.wait()
