"""asyncio, whose cancellation is production's, in virtual time, with processes that can be held."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Iterable

from tests.backends import VirtualTimeLoop
from tests.simulation.processes import PROCESS, Process

Handles = deque[asyncio.Handle]


class _Ready(Handles):
    """The loop's list of what may run; what belongs to a held process goes elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[Process, list[asyncio.Handle]] = {}
        self.steps = 0
        self.sum = 0

    def append(self, handle: asyncio.Handle, /) -> None:
        process = _process_of(handle)
        if process is not None and process.is_held:
            self.held.setdefault(process, []).append(handle)
        else:
            super().append(handle)

    def popleft(self) -> asyncio.Handle:
        handle = super().popleft()
        self.steps += 1
        process = _process_of(handle)
        self.sum = zlib.crc32((process.name if process else "").encode(), self.sum)
        return handle


class SimulatedLoop(VirtualTimeLoop):
    """First come, first served, as in production."""

    def __init__(self) -> None:
        super().__init__()
        self._ready = _Ready()

    @property
    def steps(self) -> int:
        """How many callbacks ran."""
        return self._ready.steps

    def sum(self) -> int:
        """Whose callbacks they were, in order."""
        return self._ready.sum

    def hold(self, process: Process) -> None:
        """Take what is ready of it out of the list."""
        ready = list(self._ready)
        self._ready.clear()
        self._append_all(ready)
        assert process.is_held

    def let_go(self, process: Process) -> None:
        """Let what was held run in its order."""
        self._append_all(self._ready.held.pop(process, []))

    def _append_all(self, handles: Iterable[asyncio.Handle]) -> None:
        for handle in handles:
            self._ready.append(handle)


def _process_of(handle: asyncio.Handle) -> Process | None:
    found: Process | None = handle._context.get(PROCESS)  # type: ignore[attr-defined]  # get_context() comes with 3.12
    return found
