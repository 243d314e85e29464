"""Workers as processes: any of them can be frozen at its awaits, thawed, or killed, and nothing of it runs meanwhile.

Which process a task belongs to is a context variable, which tasks inherit. The event loop's own list of what may run is
filtered by it (`trio_schedule.py`, `asyncio_schedule.py`): so a kill runs no `finally`, and a freeze holds every task
where it waits while timers, requests under way and the other processes go on.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Life(Enum):
    """What a process is allowed."""

    RUNNING = "running"
    STOPPING = "stopping"
    FROZEN = "frozen"
    KILLED = "killed"
    ENDED = "ended"


@dataclass(eq=False, slots=True)
class Process:
    """One run of a worker."""

    name: str
    owner: str
    life: Life = Life.RUNNING
    frozen_at: float | None = None
    thawed_at: float = -1e9
    killed_at: float = 1e9

    @property
    def is_held(self) -> bool:
        """Tell whether nothing of it may run."""
        return self.life in {Life.FROZEN, Life.KILLED}

    @property
    def is_alive(self) -> bool:
        """Tell whether it works, or would if it were thawed."""
        return self.life in {Life.RUNNING, Life.STOPPING, Life.FROZEN}


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class Schedule(Protocol):
    """How an event loop lets go of what it held."""

    @property
    def steps(self) -> int:
        """How many steps tasks have made."""
        ...

    def hold(self, process: Process) -> None:
        """Let nothing of this process run that could run now."""
        ...

    def let_go(self, process: Process) -> None:
        """Let whatever was held of this process run again."""
        ...

    def sum(self) -> int:
        """A number that tells the order in which tasks ran."""
        ...
