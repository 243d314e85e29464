"""A fixed number of tasks that do jobs: a job costs a wake-up, not a task of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio

Job: TypeAlias = Callable[[], Awaitable[None]]


class WorkerPool:
    """Its owner starts one `work` task for each worker, and gives it no more jobs at once than there are workers."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._idle: list[anyio.Event] = []
        self._open = True

    def open(self) -> None:
        """Begin anew; what is left of an earlier life is dropped."""
        self._jobs.clear()
        self._idle.clear()
        self._open = True

    def give(self, job: Job) -> None:
        """Have a job done by the next free worker."""
        self._jobs.append(job)
        if self._idle:
            self._idle.pop().set()

    def close(self) -> None:
        """Let each worker end once it has done what it holds and nothing is left."""
        self._open = False
        while self._idle:
            self._idle.pop().set()

    async def work(self) -> None:
        """Be one worker, until closed."""
        while self._jobs or self._open:
            if self._jobs:
                await self._jobs.popleft()()
            else:
                free = anyio.Event()
                self._idle.append(free)
                await free.wait()
