"""Ends a worker at a chosen piece of its traffic, which is at one of its awaits: just before that piece passes on."""

from __future__ import annotations

import signal
from enum import Enum
from typing import TypeAlias

import anyio

from tests.faults.proxy import Line, Proxy, Way
from tests.understudy import Understudy

GRACE_SECONDS = 3.0


class End(Enum):
    """How a worker ends."""

    KILL = "kill -9"
    STOP = f"SIGTERM, {GRACE_SECONDS:.0f} s grace"


Signed: TypeAlias = "tuple[Understudy, End]"


class Trap:
    """Springs at the `number`-th piece since it was set, counted over both links; `step` then says which that was."""

    def __init__(self, number: int, database: Proxy, telegram: Proxy) -> None:
        self._left = number
        self._telegram = telegram
        self._victim: Signed | None = None
        self._asked: dict[Line, str] = {}
        self.sprung = anyio.Event()
        self.step = ""
        database.gate = self._see_database
        telegram.gate = self._see_telegram

    def set(self, worker: Understudy, end: End) -> None:
        """Count from now on."""
        self._victim = worker, end

    async def _see_database(self, _: Line, way: Way, chunk: bytes) -> None:
        del chunk
        await self._see(f"PostgreSQL: {way.value}")

    async def _see_telegram(self, line: Line, way: Way, chunk: bytes) -> None:
        if way is Way.REQUEST and chunk.startswith(b"POST "):
            # The path holds the token; what follows its last slash is the method.
            self._asked[line] = chunk.split(b" ", 2)[1].rpartition(b"/")[2].partition(b"?")[0].decode()
        await self._see(f"{self._asked.get(line, 'Telegram')}: {way.value}")

    async def _see(self, step: str) -> None:
        if self._victim is None:
            return
        self._left -= 1
        if self._left == 0:
            await self._spring(step, *self._victim)

    async def _spring(self, step: str, worker: Understudy, end: End) -> None:
        self.step = step
        self._victim = None
        if end is End.STOP:
            worker.process.send_signal(signal.SIGTERM)
            self.sprung.set()
            return
        await worker.kill()
        self.sprung.set()
        raise ConnectionAbortedError("nobody is there any more")
