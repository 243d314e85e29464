"""What happened in a world, line by line, and the hash by which two runs are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


class Transcript:
    """The lines that a person reads. They hold numbers and names only: no address, no id of a task, no hash order."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sum = hashlib.sha256()
        self.lines: list[str] = []
        self.is_over = False

    def add(self, line: str) -> None:
        """Write what happened now."""
        if self.is_over:
            return
        written = f"{self._now():9.3f}  {line}"
        self.lines.append(written)
        self._sum.update(written.encode())

    def trace(self, steps: int) -> str:
        """The hash of all lines, and of the order (`steps`) in which tasks ran."""
        return hashlib.sha256(f"{self._sum.hexdigest()}/{steps}".encode()).hexdigest()[:16]
