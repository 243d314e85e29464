"""What the test of an actor needs, in one object: lives, probes, dice, and the fakes that the contracts hold true."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cached_property
from random import Random
from typing import Any, TypeVar

from actors.database.actor import Database
from actors.runtime.actor import Actor, Context
from actors.runtime.cell import RegistryLimits
from actors.runtime.child import ChildContext, ChildSpec
from actors.runtime.supervisor import Supervisor
from tests.actors.fakes import FakeChat
from tests.fakes.clock import FakeClock
from tests.fakes.instagram import FakeInstagram
from tests.fakes.store import Store
from tests.kit.lives import Registered, living, registered, supervising
from tests.kit.probe import KeyedProbe, Probe
from tests.pools import FakePool

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")


class Kit:
    """The fakes are made when they are first asked for, and are then the same for the whole test."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)

    @cached_property
    def clock(self) -> FakeClock:
        """The wall clock; it goes with virtual time, from noon."""
        return FakeClock()

    @cached_property
    def rows(self) -> Store:
        """What the database keeps, and what each operation does to it."""
        return Store(self.clock)

    @cached_property
    def database(self) -> FakePool:
        """Fills ports.Pool: PostgreSQL in memory."""
        pool = FakePool(5)
        pool.answers(self.rows.apply)
        return pool

    @cached_property
    def store(self) -> Database:
        """Fills requests.Asks: the real DB actor on `database`. Whoever asked for it has it alive in `child`."""
        return Database(self.database, random=self.dice)

    @cached_property
    def chat(self) -> FakeChat:
        """Fills ports.Chat; answers, waits and fails as it is told to."""
        return FakeChat()

    @cached_property
    def instagram(self) -> FakeInstagram:
        """Fills ports.Instagram."""
        return FakeInstagram()

    def probe(self, _of: type[M], capacity: int = 1000) -> Probe[M]:
        """Somebody who can be told messages of this type, and whom the test asks what came."""
        return Probe(capacity)

    def keyed_probe(self, _key: type[K], _of: type[M]) -> KeyedProbe[K, M]:
        """The same where a registry stands; for `Items`."""
        return KeyedProbe()

    def actors(
        self, make: Callable[[Context[K, M]], Actor[M]], limits: RegistryLimits | None = None
    ) -> AbstractAsyncContextManager[Registered[K, M]]:
        """Actors of one kind under the real registry."""
        return registered(make, limits)

    @asynccontextmanager
    async def child(self, run: Callable[[ChildContext], Coroutine[Any, Any, None]]) -> AsyncIterator[ChildContext]:
        """One life of a supervised child; the DB actor starts before it and stops after it."""
        async with AsyncExitStack() as lives:
            if "store" in vars(self):
                await lives.enter_async_context(living(self.store.run))
            yield await lives.enter_async_context(living(run))

    def supervised(self, *children: ChildSpec) -> AbstractAsyncContextManager[Supervisor]:
        """Children under the real supervisor, which starts them again when they crash."""
        return supervising(Supervisor(children, self.dice))
