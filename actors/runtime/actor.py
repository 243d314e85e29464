"""What an actor of the registry is, what it is given, and what becomes of a message that it could not serve."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeAlias, TypeVar

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)

EffectTask: TypeAlias = Callable[[], Awaitable[None]]


class Actor(Protocol[M_contra]):
    """Decides about one message at a time."""

    def receive(self, message: M_contra) -> None:
        """Decide and start effects; without an await, so the mailbox can never be blocked."""
        ...

    @property
    def idle(self) -> bool:
        """True if nothing of worth is in memory: it may be passivated at once."""
        ...


class Context(Generic[K, M]):
    """One incarnation's way to act: effects run beside it, and their outcomes come back by `tell`."""

    __slots__ = ("_spawn", "_tell", "key")

    def __init__(
        self,
        key: K,
        spawn: Callable[["Context[K, M]", EffectTask, M], None],
        tell: Callable[[K, M], Awaitable[None]],
    ) -> None:
        self.key = key
        self._spawn = spawn
        self._tell = tell

    def spawn(self, effect: EffectTask, about: M) -> None:
        """Run the effect beside the actor; it outlives a crash of this incarnation.

        If it raises, `about` goes to the dead letters and this incarnation ends.
        """
        self._spawn(self, effect, about)

    async def tell(self, message: M) -> None:
        """Tell oneself, waiting for room; it works while the registry stops, too."""
        await self._tell(self.key, message)


class Reason(Enum):
    """Why a message was not served."""

    CRASHED = "it, or an effect about it, raised"
    QUARANTINED = "its actor crashed too often"
    STOPPED = "its registry has ended"
    KILLED = "its actor was cancelled first"


@dataclass(frozen=True, slots=True)
class DeadLetter(Generic[K, M]):
    """A message that will not be served again, so that the person behind it can be told."""

    key: K
    message: M
    reason: Reason
    error: Exception | None = None
