"""Ends a worker at a chosen piece of its traffic, which is at one of its awaits: just before that piece passes on."""

from __future__ import annotations

import signal
from enum import Enum
from functools import partial
from typing import TypeAlias

import anyio

from tests.faults.links import Links
from tests.tcp_proxy import Line, Way
from tests.understudy import Understudy

GRACE_SECONDS = 3.0
CALLS = (b"POST ", b"GET ")


class End(Enum):
    """How a worker ends."""

    KILL = "kill -9"
    STOP = f"SIGTERM, {GRACE_SECONDS:.0f} s grace"


Signed: TypeAlias = "tuple[Understudy, End]"


class Callers:
    """Names a piece of HTTP traffic by the call to which it belongs."""

    def __init__(self) -> None:
        self._asked: dict[Line, str] = {}

    def name(self, whom: str, line: Line, way: Way, chunk: bytes) -> str:
        """The call and the way, as `Telegram: sendPhoto: reply`."""
        if way is Way.REQUEST and chunk.startswith(CALLS):
            # The path may hold a token; what follows its last slash is the method, or the number of an object.
            last = chunk.split(b" ", 2)[1].partition(b"?")[0].rpartition(b"/")[2].decode()
            self._asked[line] = f"{whom}: {'its state' if last.isdecimal() else last}"
        return f"{self._asked.get(line, whom)}: {way.value}"


class Eyes:
    """See each piece of HTTP traffic; `sprung` is set at one of them, and `step` then says which that was."""

    def __init__(self, links: Links) -> None:
        self._callers = Callers()
        self.sprung = anyio.Event()
        self.step = ""
        links.telegram.gate = partial(self._see_call, "Telegram")
        links.instagram.gate = partial(self._see_call, "Instagram")
        links.files.gate = partial(self._see_plain, "the story's file")

    async def see(self, step: str, line: Line, way: Way, chunk: bytes) -> None:
        """Look at a piece before it passes on."""
        raise NotImplementedError

    async def _see_plain(self, whom: str, line: Line, way: Way, chunk: bytes) -> None:
        await self.see(f"{whom}: {way.value}", line, way, chunk)

    async def _see_call(self, whom: str, line: Line, way: Way, chunk: bytes) -> None:
        await self.see(self._callers.name(whom, line, way, chunk), line, way, chunk)


class Trap(Eyes):
    """Springs at the `number`-th piece since it was set, counted over all links, the database's too."""

    def __init__(self, number: int, links: Links) -> None:
        super().__init__(links)
        self._left = number
        self._victim: Signed | None = None
        links.database.gate = partial(self._see_plain, "PostgreSQL")

    def set(self, worker: Understudy, end: End) -> None:
        """Count from now on."""
        self._victim = worker, end

    async def see(self, step: str, line: Line, way: Way, chunk: bytes) -> None:
        """End the worker before its piece passes on."""
        del line, way, chunk
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
