"""An actor for tests of the registry: it writes down what it hears, and does what a message says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup
from structlog.contextvars import get_contextvars

from actors.runtime.actor import Context, DeadLetter
from actors.runtime.cell import RegistryLimits
from actors.runtime.child import ChildContext
from actors.runtime.registry import Registry
from tests.journal import Journal
from tests.kit.lives import living

Work = Callable[["ProbeContext"], Awaitable[None]]


@dataclass(frozen=True)
class Message:
    """Heard as its text; then it crashes the actor, or starts its work as an effect."""

    text: str
    crashes: bool = False
    work: Work | None = None


ProbeContext = Context[str, Message]


class Boom(Exception):
    """What a probe raises."""


def crash(text: str = "poison") -> Message:
    return Message(text, crashes=True)


@dataclass
class World:
    """All probes of one test, and what became of their messages."""

    journal: Journal = field(default_factory=Journal)
    idle: Callable[[], bool] = lambda: True
    refuse_to_live: list[Exception] = field(default_factory=list)
    contexts: list[ProbeContext] = field(default_factory=list)
    dead: list[DeadLetter[str, Message]] = field(default_factory=list)

    def make(self, context: ProbeContext) -> "Probe":
        if self.refuse_to_live:
            raise self.refuse_to_live.pop()
        self.contexts.append(context)
        return Probe(self, context, len(self.contexts))

    @property
    def obituaries(self) -> list[tuple[str, str]]:
        """Text and reason of every dead letter."""
        return [(letter.message.text, letter.reason.name) for letter in self.dead]


@dataclass
class Probe:
    """One incarnation."""

    world: World
    context: ProbeContext
    number: int
    log_keys: dict[str, object] = field(default_factory=get_contextvars)

    @property
    def idle(self) -> bool:
        return self.world.idle()

    def receive(self, message: Message) -> None:
        self.world.journal.add(f"{self.context.key}{self.number} {message.text}")
        assert not self.log_keys
        if message.crashes:
            raise Boom(message.text)
        if message.work is not None:
            self.context.spawn(Performance(message.work, self.context), message)


@dataclass
class Performance:
    """A message's work, as an effect."""

    work: Work
    context: ProbeContext

    async def __call__(self) -> None:
        await self.work(self.context)


@dataclass
class Running:
    """A registry with its context, in a task group of the test's own."""

    registry: Registry[str, Message]
    context: ChildContext
    tasks: TaskGroup


@asynccontextmanager
async def running(world: World, limits: RegistryLimits | None = None) -> AsyncIterator[Running]:
    """Stops the registry in the end, and waits until it has drained."""
    registry = Registry(world.make, world.dead.append, limits)
    async with anyio.create_task_group() as tasks, living(registry.run) as context:
        yield Running(registry, context, tasks)
