"""asyncio, whose cancellation is production's, in virtual time, with processes that can be held.

anyio keeps tasks and scopes in sets, and cancels them in the order in which a set yields them: that of their addresses,
unless they have a hash of their own. `numbered` gives them one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from anyio._backends import _asyncio

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
        self.sum = zlib.crc32(_number_of(handle).to_bytes(4, "big"), self.sum)
        return handle


class SimulatedLoop(VirtualTimeLoop):
    """First come, first served, as in production."""

    def __init__(self) -> None:
        super().__init__()
        skipped = asyncio.Handle(lambda: None, (), self)
        skipped.cancel()
        self._ready = _Ready(skipped)
        self.set_task_factory(_make_task)

    @property
    def steps(self) -> int:
        """How many callbacks ran."""
        return self._ready.steps

    def sum(self) -> int:
        """Whose callbacks they were, in order: which task's, as far as they are a task's."""
        return self._ready.sum

    def hold(self, process: Process) -> None:
        """What is ready of it stays where it is until its turn comes."""
        assert process.is_held

    def let_go(self, process: Process) -> None:
        """Let what was held run, before whatever of it became ready since."""
        self._ready.extendleft(reversed(self._ready.held.pop(process, [])))


class _Numbers:
    """How many tasks and scopes there were in this run."""

    given = count()


class _Task(asyncio.Task[Any]):
    """A task whose hash says when it was made."""

    _number: int

    def __new__(cls, *_: object, **__: object) -> _Task:
        task = super().__new__(cls)
        task._number = next(_Numbers.given)
        return task

    def __hash__(self) -> int:
        return self._number


class _Scope(_asyncio.CancelScope):
    """The same for a scope."""

    __slots__ = ("_number",)
    _number: int

    def __new__(cls, **_: object) -> _Scope:
        scope = object.__new__(cls)
        scope._number = next(_Numbers.given)
        return scope

    def __hash__(self) -> int:
        return self._number


@contextmanager
def numbered() -> Iterator[None]:
    """Have tasks and scopes cancelled in an order that is the same in every process."""
    _Numbers.given = count()
    before = _asyncio.CancelScope
    _asyncio.CancelScope = _Scope  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        _asyncio.CancelScope = before  # type: ignore[misc]


def _make_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> _Task:
    return _Task(coroutine, loop=loop, **named)


def _number_of(handle: asyncio.Handle) -> int:
    task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]  # a step or a wake-up of its task
    return task._number if isinstance(task, _Task) else 0xFFFFFFFF


def _process_of(handle: asyncio.Handle) -> Process | None:
    found: Process | None = handle._context.get(PROCESS)  # type: ignore[attr-defined]  # get_context() comes with 3.12
    return found
