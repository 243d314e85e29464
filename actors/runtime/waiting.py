"""Waiting with a bound: until a stop, until a wake-up, or until the moment at which all actors look."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")
POLL_WINDOW_SECONDS = 1800.0  # upper bound on the interval between two periodic looks at the database


def seconds_to_poll_window(after: float = 0.0) -> float:
    """How long until the next poll window, which comes for all at one moment: between them a database can sleep.

    `after`: the first one before which so many seconds have passed.
    """
    first = POLL_WINDOW_SECONDS - anyio.current_time() % POLL_WINDOW_SECONDS
    return first + POLL_WINDOW_SECONDS * math.ceil(max(0.0, after - first) / POLL_WINDOW_SECONDS)


async def until_stopped(stopping: anyio.Event, work: Callable[[], Awaitable[T]]) -> T | None:
    """Do the work, but give it up when we stop (None)."""
    result: T | None = None
    async with anyio.create_task_group() as tasks:

        async def give_up() -> None:
            await stopping.wait()
            tasks.cancel_scope.cancel()

        tasks.start_soon(give_up)
        result = await work()
        tasks.cancel_scope.cancel()
    return result


class WakeUp:
    """Something that can be waited for with a bound, and rung any number of times."""

    def __init__(self) -> None:
        self._rung = anyio.Event()

    def ring(self) -> None:
        """Wake the task that waits, or the next one that will."""
        self._rung.set()

    async def wait(self, seconds: float, stopping: anyio.Event) -> bool:
        """Wait for a ring or for the time to pass; True if we are stopping."""
        if not stopping.is_set():
            with anyio.move_on_after(seconds):
                await until_stopped(stopping, self._rung.wait)
        self._rung = anyio.Event()
        return stopping.is_set()


async def look_and_sleep(look: Callable[[], Awaitable[float]], stopping: anyio.Event, wake_up: WakeUp) -> None:
    """Look, sleep for as long as that look says or until the next ring, and look again, until we stop."""
    is_over = False
    while not is_over:
        seconds = await until_stopped(stopping, look)
        is_over = await wake_up.wait(seconds or 0.0, stopping)
