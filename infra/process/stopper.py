"""Hears the signals that end a process which runs for long."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

import anyio
import structlog
from anyio.abc import TaskStatus

from infra.process.first import stop_signals

log = structlog.get_logger()


@dataclass(slots=True)
class Stopper:
    """Hears SIGTERM, SIGINT and SIGHUP; `stop` is what that means just now, and `event` the line of it."""

    stop: Callable[[], None]
    event: str = "worker.stopping"

    async def listen(self, *, task_status: TaskStatus[None]) -> None:
        """Stop at each signal, until cancelled; then they mean what they meant before."""
        before = {number: signal.getsignal(number) for number in stop_signals()}
        try:
            with anyio.open_signal_receiver(*before) as signals:
                task_status.started()
                async for number in signals:
                    log.info(self.event, signal=number.name)
                    self.stop()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)


async def when_stdin_ends(act: Callable[[], None]) -> None:
    """Act once stdin ends: the process that held its other end has died, in whatever way."""
    while True:
        await anyio.wait_readable(sys.stdin)
        if not os.read(sys.stdin.fileno(), 4096):
            break
    log.info("worker.stopping", cause="stdin ended")
    act()
