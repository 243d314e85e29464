"""trio's order of tasks as a function of the seed, with processes that can be held.

Leans on names of trio that are not public: the run queue, its random generator and its switch for tests. The canary in
test_canary.py tells when a new trio changes them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import trio
from trio._core import _run

from tests.simulation.processes import PROCESS, Process

LOWERINGS = 3
STEPS_FORESEEN = 6000


class TrioSchedule(trio.abc.Instrument):
    """Holds the tasks of held processes, and, with `priorities`, runs the task of the highest priority only.

    PCT: A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs (Burckhardt et al., ASPLOS 2010): random
    priorities, and a few random moments at which whoever runs becomes the last.
    """

    def __init__(self, dice: Random, *, priorities: bool) -> None:
        self.steps = 0
        self._sum = 0
        self._first: int | None = None
        self._dice = dice
        self._priorities = priorities
        self._priority: dict[trio.lowlevel.Task, float] = {}
        self._lower_at = {dice.randrange(STEPS_FORESEEN) for _ in range(LOWERINGS)}
        self._waiting: list[trio.lowlevel.Task] = []
        self._held: dict[Process, list[trio.lowlevel.Task]] = {}

    def before_run(self) -> None:
        """Take hold of the run queue."""
        self._queue = _run.GLOBAL_RUN_CONTEXT.runner.runq

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        """Count tasks from the first one of this run: trio's own counter goes on from run to run."""
        if self._first is None:
            self._first = task._counter
        if self._priorities:
            self._priority[task] = self._dice.random()

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        """Forget it."""
        self._priority.pop(task, None)

    def task_scheduled(self, task: trio.lowlevel.Task) -> None:
        """Hold it, if its process is held."""
        process = task.context.get(PROCESS)
        if process is not None and process.is_held:
            queued = self._queue.pop()
            assert queued is task, "trio tells of a task right after it has queued it"
            self._held.setdefault(process, []).append(task)

    def hold(self, process: Process) -> None:
        """Take what is queued of it out of the queue."""
        for queue in (self._queue, self._waiting):
            mine = [task for task in queue if task.context.get(PROCESS) is process]
            for task in mine:
                queue.remove(task)
            self._held.setdefault(process, []).extend(mine)

    def let_go(self, process: Process) -> None:
        """Queue what was held, oldest task first."""
        self._queue.extend(sorted(self._held.pop(process, []), key=_age))

    def after_io_wait(self, timeout: float) -> None:
        """Let the first of those that can run go alone; as something is queued, the clock does not jump."""
        assert timeout >= 0
        if not self._priorities:
            return
        ready = [*self._waiting, *self._queue]
        self._queue.clear()
        if ready:
            first = max(ready, key=self._rank)
            self._queue.append(first)
            ready.remove(first)
        self._waiting = ready

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Add the task to the trace."""
        assert self._first is not None
        self.steps += 1
        self._sum = zlib.crc32(((task._counter - self._first) & 0xFFFFFFFF).to_bytes(4, "big"), self._sum)
        if self._priorities and self.steps in self._lower_at:
            self._priority[task] = -self.steps

    def sum(self) -> int:
        """The order in which tasks ran."""
        return self._sum

    def _rank(self, task: trio.lowlevel.Task) -> tuple[float, int]:
        return self._priority.get(task, 1.0), -task._counter


def _age(task: trio.lowlevel.Task) -> int:
    return task._counter


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let trio shuffle by this seed, from an order that is the same in every process."""
    before = _run._ALLOW_DETERMINISTIC_SCHEDULING
    _run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
    _run._r.seed(seed)
    try:
        yield
    finally:
        _run._ALLOW_DETERMINISTIC_SCHEDULING = before  # type: ignore[misc]
        _run._r.seed()
