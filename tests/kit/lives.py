"""Lives as supervisor and registry give them: begun with a block, ended as in production when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import anyio
from anyio.abc import TaskGroup

from actors.runtime.actor import Actor, Context, DeadLetter
from actors.runtime.captured import Captured
from actors.runtime.cell import RegistryLimits
from actors.runtime.child import ChildContext
from actors.runtime.registry import Registry
from actors.runtime.supervisor import Supervisor
from tests.kit.probe import Probe, Unmet

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")


@asynccontextmanager
async def living(run: Callable[[ChildContext], Coroutine[Any, Any, None]]) -> AsyncIterator[ChildContext]:
    """One life of a child, from `ready` on; asked to stop at the end, and waited for."""
    ready = anyio.Event()
    context = ChildContext(ready.set)
    async with _beside(partial(run, context)):
        await ready.wait()
        yield context
        context.stopping.set()


@asynccontextmanager
async def supervising(supervisor: Supervisor) -> AsyncIterator[Supervisor]:
    """Let its children live; it is asked for its ordered stop at the end, and waited for."""
    async with _beside(supervisor.run):
        yield supervisor
        supervisor.stop()


@dataclass(frozen=True, slots=True)
class Registered(Generic[K, M]):
    """A registry while it lives, and the messages that its actors could not serve."""

    registry: Registry[K, M]
    context: ChildContext
    dead: Probe[DeadLetter[K, M]]

    def tell_nowait(self, key: K, message: M) -> None:
        """Tell the key's actor, as from outside."""
        self.registry.tell_nowait(key, message)


@asynccontextmanager
async def registered(
    make: Callable[[Context[K, M]], Actor[M]], limits: RegistryLimits | None = None
) -> AsyncIterator[Registered[K, M]]:
    """A registry of such actors; drained at the end. Raises Unmet if a dead letter is left that nobody expected."""
    dead: Probe[DeadLetter[K, M]] = Probe()
    registry = Registry(make, dead.tell_nowait, limits)
    async with living(registry.run) as context:
        yield Registered(registry, context, dead)
    for letter in dead.unread:
        raise Unmet(f"{letter.message!r} to {letter.key!r} was not served: {letter.reason.value}") from letter.error


@asynccontextmanager
async def _beside(run: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[TaskGroup]:
    """Run it beside a block. What the block raises comes out as it is, not in a group, after `run` was cancelled."""
    block = Captured()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        with block:
            yield tasks
        if block.error is not None:
            tasks.cancel_scope.cancel()
    if block.error is not None:
        raise block.error
