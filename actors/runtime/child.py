"""What a supervised child is, what it is given, and what can be read of it."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio


class ChildContext:
    """What ties one life of a child to its supervisor: it says `ready` once, and ends by itself after `stopping`.

    Stopping is a message: the child refuses new work, finishes what it holds until `ends_at`, and returns.
    """

    def __init__(self, on_ready: Callable[[], None] | None = None) -> None:
        self.stopping = anyio.Event()
        self.ends_at = math.inf  # once it is stopping: then it is killed
        self.is_ready = False
        self._on_ready = on_ready

    def ready(self) -> None:
        """Let the next child start; a child that never calls this holds up all those listed after it."""
        self.is_ready = True
        if self._on_ready is not None:
            self._on_ready()


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One line of the supervision tree; `start` runs for the child's whole life, and its end is a crash.

    `stops_by`: the part of a stop of the whole tree by which it has to be over, whatever its grace.
    """

    name: str
    start: Callable[[ChildContext], Awaitable[None]]
    grace_seconds: float = 5.0
    stops_by: float = 1.0


@dataclass(frozen=True, slots=True)
class ChildState:
    """What health shows of a child."""

    up: bool  # it runs and has said that it is ready
    restarts: int
    last_error: str | None
