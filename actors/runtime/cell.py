"""What the registry keeps: a cell for each live key (Akka's ActorCell), its limits and its totals."""

from collections.abc import Hashable
from dataclasses import dataclass, field
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


@dataclass(slots=True, eq=False)
class Cell(Generic[K, M]):
    """A key's mailbox; incarnations of its actor come and go in it. `ready`: it stands in line to be served."""

    key: K
    mailbox: Mailbox[M]
    ready: bool = False
    effects: int = 0
    idle: bool = True
    actor: Actor[M] | None = None
    context: Context[K, M] | None = None

    def end_incarnation(self) -> None:
        """Forget what the actor had in memory; the next message makes a new one."""
        self.actor = self.context = None
        self.idle = True
