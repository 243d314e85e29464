"""A heartbeat with a deadline for work that goes in steps; health reports a missed one."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import anyio

LATE_SECONDS = 5.0  # a busy loop may come late to a step


class Watchdog:
    """Until when the next sign of life is due; a probe reads it, from memory."""

    def __init__(self) -> None:
        self._due = math.inf

    def beat(self, bound_seconds: float) -> None:
        """Promise the next beat, or the end, within that time."""
        self._due = anyio.current_time() + bound_seconds + LATE_SECONDS

    def rest(self) -> None:
        """Promise nothing: there is no work, or it was asked to end."""
        self._due = math.inf

    async def watch(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work; its end, however it comes, counts as a missed heartbeat until `rest`."""
        try:
            await work()
        finally:
            self._due = -math.inf

    def trouble(self) -> str | None:
        """Say what is wrong in a few words; None: nothing."""
        late = anyio.current_time() - self._due
        if late <= 0:
            return None
        return "has ended" if late == math.inf else f"has not moved on for {late:.0f} s more than its work can take"
