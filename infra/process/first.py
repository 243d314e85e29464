"""What a process does before its slow imports, with the standard library alone.

From here on a signal counts. The kernel keeps from process 1, as a container has it, each signal for which there is no
handler: a SIGTERM in the second that the imports take would be lost, and the container killed after its time of grace.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

CRASH_SECONDS = 3.0


def stop_signals() -> tuple[signal.Signals, ...]:
    """The signals that mean "stop"; SIGHUP is none for a process that was started by nohup.

    SIGINT is one also where a script's background had it ignored: a `kill -INT` would be without effect there.
    """
    stays = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if stays else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def begin() -> None:
    """Leave at once at a signal, since nothing has been started yet; have streams, and end at a crash."""
    for number in stop_signals():
        signal.signal(number, _leave)
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:  # closed by who started us: a file of ours would get its number
            mode = "w" if descriptor else "r"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for good
    sys.excepthook = _crash


def end_in_order() -> None:
    """Have every signal that means "stop" end a command as Ctrl-C does, so that what it opened is closed.

    A worker hears them in its own way as soon as there is something to stop; until then it leaves.
    """
    if _is_worker():
        return
    numbers = stop_signals()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in numbers[1:]:
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


def _is_worker() -> bool:
    return sys.argv[1:2] == ["run"]


def _leave(number: int, _: FrameType | None) -> None:
    """To stop is what a worker was told to do, so it has not failed; a command has."""
    os._exit(0 if _is_worker() else 128 + number)


class LastWords:
    """What tells of a crash; not a hook of Python's own, since typer keeps the first that it finds, and calls that."""

    tell: Callable[[type[BaseException], BaseException, TracebackType | None], object] = staticmethod(
        sys.__excepthook__
    )


def _crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell of it; a reader who does not take the last words keeps no process that is to be started again."""
    patience = threading.Timer(CRASH_SECONDS, os._exit, (1,))
    patience.daemon = True
    patience.start()
    LastWords.tell(kind, error, trace)
