"""Ends a world that goes round and round at one moment: its clock stands still, so the processor's has to end it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tests.simulation.plan import Outcome, Plan, Violation
from tests.simulation.shrink import Simulate

ENDS = "every world ends"
MOST_SECONDS = 30.0  # of the processor: a world takes about one, however busy the machine is
RING_SECONDS = 0.01
AGAIN_SECONDS = 1.0  # in which what was hit can clean up
MOST_RINGS = 300
OURS = ("actors.", "infra.")


class Endless(BaseException):
    """The world has not ended. No Exception: a supervisor would take that for the crash of an actor."""


class Alarm:
    """Rings again and again once it is late; ends the world at the first ring that finds code of ours at work.

    Elsewhere it would be lost (a trio instrument may raise nothing) or say nothing of who spins.
    """

    def __init__(self) -> None:
        self.place: str | None = None
        self._rings = 0

    def __call__(self, _number: int, frame: FrameType | None) -> None:
        """Ring."""
        self._rings += 1
        while frame is not None and not frame.f_globals.get("__name__", "").startswith(OURS):
            frame = frame.f_back
        if frame is not None or self._rings > MOST_RINGS:
            self.place = self.place or _place_of(frame)
            signal.setitimer(signal.ITIMER_PROF, AGAIN_SECONDS, RING_SECONDS)
            raise Endless

    @contextmanager
    def set_to(self, seconds: float) -> Iterator[None]:
        """Ring after so many seconds, unless the block has ended; on a process's main thread only."""
        before = signal.signal(signal.SIGPROF, self)
        timer = signal.setitimer(signal.ITIMER_PROF, seconds, RING_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, *timer)
            signal.signal(signal.SIGPROF, before)


def _place_of(frame: FrameType | None) -> str:
    return "the event loop" if frame is None else f"{frame.f_globals['__name__']}, {frame.f_code.co_qualname}"


def watched(plan: Plan, simulate: Simulate, seconds: float = MOST_SECONDS) -> Outcome:
    """Play a plan; a world without an end has broken a promise, too."""
    alarm = Alarm()
    try:
        with alarm.set_to(seconds):
            return simulate(plan)
    except* Endless:
        pass
    violation = Violation(ENDS, 0.0, f"no end after {seconds:g} s of the processor: it spins in {alarm.place}")
    return Outcome(plan, (violation,), 0, 0.0, 0, {}, frozenset(), "", ())
