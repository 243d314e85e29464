"""Cuts a worker's HTTP connection at a chosen piece of its traffic: before it, inside it or after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tests.faults.links import Links
from tests.faults.trap import Eyes
from tests.tcp_proxy import Ending, Line, Way


class Where(Enum):
    """How much of the piece passes."""

    BEFORE = "before it"
    INSIDE = "inside it"
    AFTER = "after it"


@dataclass(frozen=True, slots=True)
class Bite:
    """Which piece, counted over all links, how much of it passes (`share`, if inside), and how its connection ends."""

    number: int
    where: Where
    ending: Ending
    share: float = 0.5

    def passes(self, chunk: bytes) -> bytes:
        """What of the piece is let through."""
        match self.where:
            case Where.BEFORE:
                return b""
            case Where.INSIDE:
                return chunk[: max(1, min(len(chunk) - 1, int(len(chunk) * self.share)))]
            case Where.AFTER:
                return chunk


class Snare(Eyes):
    """Bites once, at its piece since it was set. Later connections are left alone."""

    def __init__(self, bite: Bite, links: Links) -> None:
        super().__init__(links)
        self._bite = bite
        self._left = bite.number
        self._is_set = False

    def set(self) -> None:
        """Count from now on."""
        self._is_set = True

    async def see(self, step: str, line: Line, way: Way, chunk: bytes) -> None:
        """Cut at its piece."""
        self._left -= self._is_set
        if self._left == 0 and self._is_set and not self.sprung.is_set():
            self.step = step
            self.sprung.set()
            await line.pass_on(way, self._bite.passes(chunk))
            line.end(self._bite.ending)
            if self._bite.ending is not Ending.SILENCE:
                raise ConnectionAbortedError("it was cut")
