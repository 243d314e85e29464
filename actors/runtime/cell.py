"""What the registry keeps: a cell for each live key, its limits and its totals."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from actors.runtime.actor import Actor, Context
from actors.runtime.mailbox import Mailbox
from actors.runtime.restarts import RestartLimit

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class RegistryLimits:
    """`idle_seconds` is for actors that say they are not idle but have heard nothing for so long."""

    mailbox: int = 64
    idle_seconds: float = 120.0
    restarts: RestartLimit = field(default_factory=RestartLimit)
    quarantine_seconds: float = 600.0


@dataclass(slots=True)
class RegistryCounts:
    """Totals since the registry was made."""

    activations: int = 0
    crashes: int = 0
    dead_letters: int = 0
    quarantines: int = 0
    refused: int = 0
    deepest: int = 0  # the fullest that a mailbox has been


class Control(Enum):
    """What the registry itself tells a cell."""

    LOOK_AGAIN = "an effect ended, or the registry is stopping"


@dataclass(slots=True, eq=False)
class Cell(Generic[K, M]):
    """A key's task and mailbox; incarnations of its actor come and go in it."""

    key: K
    mailbox: Mailbox[M | Control]
    effects: int = 0
    idle: bool = True
    actor: Actor[M] | None = None
    context: Context[K, M] | None = None

    def end_incarnation(self) -> None:
        """Forget what the actor had in memory; the next message makes a new one."""
        self.actor = self.context = None
        self.idle = True

    def close(self) -> list[M]:
        """Hand over the messages that were not served."""
        return [message for message in self.mailbox.close() if not isinstance(message, Control)]
