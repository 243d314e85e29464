"""asyncio, whose cancellation is production's, in virtual time, with processes that can be held."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque

from tests.backends import VirtualTimeLoop
from tests.simulation.processes import PROCESS, Process

Handles = deque[asyncio.Handle]


class _Ready(Handles):
    """The loop's list of what may run; what belongs to a held process is laid aside when its turn comes.

    A turn laid aside is still a turn: the loop has counted how many it will take before it takes the first.
    """

    def __init__(self, skipped: asyncio.Handle) -> None:
        super().__init__()
        self.held: dict[Process, list[asyncio.Handle]] = {}
        self.steps = 0
        self.sum = 0
        self._skipped = skipped

    def popleft(self) -> asyncio.Handle:
        handle = super().popleft()
        process = _process_of(handle)
        if process is not None and process.is_held:
            self.held.setdefault(process, []).append(handle)
            return self._skipped
        self.steps += 1
        self.sum = zlib.crc32((process.name if process else "").encode(), self.sum)
        return handle


class SimulatedLoop(VirtualTimeLoop):
    """First come, first served, as in production."""

    def __init__(self) -> None:
        super().__init__()
        skipped = asyncio.Handle(lambda: None, (), self)
        skipped.cancel()
        self._ready = _Ready(skipped)

    @property
    def steps(self) -> int:
        """How many callbacks ran."""
        return self._ready.steps

    def sum(self) -> int:
        """Whose callbacks they were, in order."""
        return self._ready.sum

    def hold(self, process: Process) -> None:
        """What is ready of it stays where it is until its turn comes."""
        assert process.is_held

    def let_go(self, process: Process) -> None:
        """Let what was held run, before whatever of it became ready since."""
        self._ready.extendleft(reversed(self._ready.held.pop(process, [])))


def _process_of(handle: asyncio.Handle) -> Process | None:
    found: Process | None = handle._context.get(PROCESS)  # type: ignore[attr-defined]  # get_context() comes with 3.12
    return found
