"""The event loops under which tests run; a virtual one jumps to the next timer when nobody can run."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any, Final

import trio.testing

Backend = tuple[str, dict[str, Any]]


class _JumpingSelector(selectors.SelectSelector):
    """Looks for I/O without waiting, and takes the time that it should have waited as passed."""

    now: float = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(None if timeout is None else 0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """asyncio with production's cancellation semantics, and no real time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def jump(self, seconds: float) -> None:
        self._jumping.now += seconds


# Made afresh for each test: a MockClock that is a parameter itself starts the second test where the first one ended.
BACKENDS: Final[dict[str, Callable[[], Backend]]] = {
    "asyncio": lambda: ("asyncio", {}),
    "uvloop": lambda: ("asyncio", {"use_uvloop": True}),
    "asyncio_virtual": lambda: ("asyncio", {"loop_factory": VirtualTimeLoop}),
    "trio": lambda: ("trio", {}),
    "trio_virtual": lambda: ("trio", {"clock": trio.testing.MockClock(autojump_threshold=0)}),
}


def freeze(seconds: float) -> None:
    """Let virtual time pass in which nobody runs, as in a process that is suspended."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        clock = trio.lowlevel.current_clock()
        assert isinstance(clock, trio.testing.MockClock)
        clock.jump(seconds)
    else:
        assert isinstance(loop, VirtualTimeLoop)
        loop.jump(seconds)
