"""The faults of the run, one every few seconds, drawn from a seed."""

from __future__ import annotations

import signal
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from random import Random

import anyio

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.sandbox import Sandbox
from tests.soak.eyes import Eyes
from tests.soak.lives import Lives
from tests.tcp_proxy import Ending, Line, Proxy, Way

SILENCE_SECONDS = (3.0, 6.0)
OFF_SECONDS = (0.1, 1.2)
LOST_ANSWERS = 40


class Trouble(Enum):
    """What happens."""

    DATABASE_FIN = "every connection to the database is closed"
    DATABASE_RST = "the same, with a reset"
    DATABASE_SILENT = "nothing comes through to the database any more, then a reset"
    DATABASE_STALLED = "everything comes, but seconds later"
    DATABASE_RESTARTED = "the server crashes and is started again"
    TELEGRAM_OFF = "every connection to Telegram is broken, and new ones, too"
    TELEGRAM_ANSWERS_LOST = "calls take effect, and their connections are broken before the answer"
    WORKER_KILLED = "the worker is killed with -9"
    WORKER_STOPPED = "the worker is told to stop"


# How often, beside the others.
WEIGHTS = {
    Trouble.DATABASE_FIN: 24,
    Trouble.DATABASE_RST: 24,
    Trouble.DATABASE_SILENT: 6,
    Trouble.DATABASE_STALLED: 5,
    Trouble.DATABASE_RESTARTED: 6,
    Trouble.TELEGRAM_OFF: 16,
    Trouble.TELEGRAM_ANSWERS_LOST: 13,
    Trouble.WORKER_KILLED: 8,
    Trouble.WORKER_STOPPED: 8,
}
DEADLY = frozenset({Trouble.WORKER_KILLED, Trouble.WORKER_STOPPED})


@dataclass
class Troubles:
    """Makes them, and counts them by kind."""

    sandbox: Sandbox
    proxy: Proxy
    eyes: Eyes
    lives: Lives
    random: Random
    made: Counter[Trouble]

    async def make(self, deadly: bool) -> None:
        """Make one, and see it end; `deadly`: it may end the worker."""
        kinds = [kind for kind in Trouble if deadly or kind not in DEADLY]
        kind = self.random.choices(kinds, [WEIGHTS[one] for one in kinds])[0]
        self.made[kind] += 1
        await self._make(kind)

    async def _make(self, kind: Trouble) -> None:
        match kind:
            case Trouble.DATABASE_FIN:
                self.proxy.end(Ending.FIN)
            case Trouble.DATABASE_RST:
                self.proxy.end(Ending.RST)
            case Trouble.DATABASE_SILENT:
                await self._be_silent(self.random.uniform(*SILENCE_SECONDS))
            case Trouble.DATABASE_STALLED:
                await self._stall(self.random.uniform(*SILENCE_SECONDS))
            case Trouble.DATABASE_RESTARTED:
                await self.eyes.restart()
            case Trouble.TELEGRAM_OFF:
                self._telegram(Fault(FaultKind.NETWORK_OFF, lasts_seconds=self.random.uniform(*OFF_SECONDS)))
            case Trouble.TELEGRAM_ANSWERS_LOST:
                self._telegram(Fault(FaultKind.RESET_AFTER, times=LOST_ANSWERS))
            case Trouble.WORKER_KILLED:
                self.lives.end(signal.SIGKILL)
            case Trouble.WORKER_STOPPED:
                self.lives.end(signal.SIGTERM)

    def _telegram(self, fault: Fault) -> None:
        self.sandbox.set_fault(fault)

    async def _be_silent(self, seconds: float) -> None:
        """What is open says nothing any more, and nothing new is heard; then all of it is cut."""
        self.proxy.gate = _swallow
        self.proxy.end(Ending.SILENCE)
        try:
            await anyio.sleep(seconds)
        finally:
            self.proxy.gate = None
            self.proxy.end(Ending.RST)

    async def _stall(self, seconds: float) -> None:
        """Everything comes, but later."""
        over = anyio.Event()

        async def wait(line: Line, way: Way, chunk: bytes) -> None:
            del line, way, chunk
            await over.wait()

        self.proxy.gate = wait
        try:
            await anyio.sleep(seconds)
        finally:
            self.proxy.gate = None
            over.set()


async def _swallow(line: Line, way: Way, chunk: bytes) -> None:
    del way, chunk
    line.end(Ending.SILENCE)
