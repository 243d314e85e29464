"""The runtime alone: messages and asks through a mailbox beside a raw deque and asyncio.Queue, and idle items' memory.

A process of its own, so that its memory is its own: `python -m tests.bench.kernel`.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Protocol

import anyio
import uvloop

from actors.database.actor import Database
from actors.database.request import Priority, RequestTerms
from actors.domain.item import State
from actors.domain.messages import AskExpired, CardSent
from actors.errors import Unreachable
from actors.operations.housekeeping import Prune
from actors.operations.operation import Operation
from actors.runtime.child import ChildContext
from actors.runtime.mailbox import Mailbox
from tests.actors.fakes_worker import TreeStage
from tests.backends import VirtualTimeLoop
from tests.bench.pipes import obey
from tests.stories import CHAT, press, row

CAPACITY = 1000
ASKERS = 100
SLICE = 10_000
PASSIVATED_SECONDS = 121.0


class Box(Protocol):
    """What carries messages."""

    async def tell(self, message: Any) -> None:
        """Put a message in, waiting for room."""
        ...

    async def receive(self) -> Any:
        """Take the next one out."""
        ...


class RawDeque:
    """A bounded deque with two events: the least that a mailbox can be."""

    def __init__(self) -> None:
        self._messages: deque[Any] = deque()
        self._news, self._room = asyncio.Event(), asyncio.Event()

    async def tell(self, message: Any) -> None:
        """Put a message in, waiting for room."""
        while len(self._messages) >= CAPACITY:
            self._room.clear()
            await self._room.wait()
        self._messages.append(message)
        self._news.set()

    async def receive(self) -> Any:
        """Take the next one out."""
        while not self._messages:
            self._news.clear()
            await self._news.wait()
        self._room.set()
        return self._messages.popleft()


class Queue:
    """asyncio's own."""

    def __init__(self) -> None:
        queue: asyncio.Queue[Any] = asyncio.Queue(CAPACITY)
        self.tell, self.receive = queue.put, queue.get


class InstantPool:
    """Fills ports.Pool with a database that takes no time."""

    size = 10

    @asynccontextmanager
    async def session(self) -> AsyncIterator[InstantPool]:
        """Acquire nothing."""
        yield self

    async def run(self, operation: Operation[Any]) -> Any:
        """Answer."""
        del operation
        return 0

    @asynccontextmanager
    async def notifications(self) -> AsyncIterator[AsyncIterator[None]]:
        """Nobody listens here."""
        raise Unreachable("there is nothing to hear")
        yield

    async def close(self) -> None:
        """There is nothing to close."""


BOXES: dict[str, Callable[[], Box]] = {"mailbox": lambda: Mailbox(CAPACITY), "deque": RawDeque, "queue": Queue}


async def _send(box: Box, count: int) -> None:
    async def read() -> None:
        for _ in range(count):
            await box.receive()

    reading = asyncio.create_task(read())
    for number in range(count):
        await box.tell(number)
    await reading


async def _ask_all(count: int, ask: Callable[[], Awaitable[object]]) -> None:
    async def asker() -> None:
        for _ in range(count // ASKERS):
            await ask()

    async with asyncio.TaskGroup() as askers:
        for _ in range(ASKERS):
            askers.create_task(asker())


async def _ask_through(box: Box, count: int) -> None:
    async def answer() -> None:
        while True:
            (await box.receive()).set()

    async def ask() -> None:
        answered = anyio.Event()
        await box.tell(answered)
        await answered.wait()

    answering = asyncio.create_task(answer())
    await _ask_all(count, ask)
    answering.cancel()


async def messages(count: int) -> dict[str, float]:
    """Messages a second, one way, one writer and one reader."""
    return {name: await _rate(count, partial(_send, make(), count)) for name, make in BOXES.items()}


async def asks(count: int) -> dict[str, float]:
    """Asks a second, a hundred askers at once: the three boxes, and the DB actor over a database that takes no time."""
    found = {name: await _rate(count, partial(_ask_through, make(), count)) for name, make in BOXES.items()}
    async with _database() as ask:
        found["database actor"] = await _rate(count // 4, partial(_ask_all, count // 4, ask))
    return found


@asynccontextmanager
async def _database() -> AsyncIterator[Callable[[], Awaitable[object]]]:
    database = Database(InstantPool(), random=Random(1))
    context = ChildContext()

    async def ask() -> object:
        return await database.ask(Prune(), RequestTerms(anyio.current_time() + 60.0, Priority.HIGH))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(database.run(context))
        yield ask
        context.stopping.set()


async def _rate(count: int, work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return count / (time.perf_counter() - began)


def idle_items(warm: int, cold: int) -> dict[str, float]:
    """Bytes that a whole worker grows by for each item: `warm` ones know their row, `cold` ones came and went.

    Time is virtual, so that two minutes of idleness take none.
    """
    return anyio.run(_idle_items, warm, cold, backend_options={"loop_factory": VirtualTimeLoop})


async def _idle_items(warm: int, cold: int) -> dict[str, float]:
    stage = TreeStage()
    async with stage.playing():
        await _tell_items(stage, 0, 100)
        before = _resident_bytes()
        await _tell_items(stage, 100, warm)
        warm_bytes = _resident_bytes() - before
        await anyio.sleep(PASSIVATED_SECONDS)
        for first in range(warm, cold, SLICE):
            await _pass_by(stage, first, SLICE)
        assert stage.worker.items.registry.live == 0
        cold_bytes = _resident_bytes() - before
    return {
        "warm": warm_bytes / warm,
        "passivated": cold_bytes / cold,
        "megabytes": cold_bytes / 1e6,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


async def _tell_items(stage: TreeStage, first: int, count: int) -> None:
    seen = row(State.IN_REVIEW)
    for number in range(first, first + count):
        one = replace(seen, id=number, story=replace(seen.story, title=f"Story {number}"))
        stage.worker.items.tell_nowait((one.chat_id, one.id), CardSent(one, one.revision))
    await anyio.sleep(0.01)


async def _pass_by(stage: TreeStage, first: int, count: int) -> None:
    """Tell items what leaves nothing in their memory, so that they are passivated in the same moment."""
    for number in range(first, first + count):
        stage.worker.items.tell_nowait((CHAT, number), AskExpired(press()))
    await anyio.sleep(0.01)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


async def main() -> None:
    """Answer until stdin ends."""

    async def measure_idle(warm: int, cold: int) -> dict[str, float]:
        return await asyncio.to_thread(idle_items, warm, cold)

    await obey({"messages": messages, "asks": asks, "idle_items": measure_idle})


if __name__ == "__main__":
    uvloop.run(main())
