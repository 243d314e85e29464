"""What is asked of the database beside the work itself: leases, the record of interactions, and pruning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class Interaction:
    """One line of who did what, for later reading; never needed by a tap."""

    chat_id: int
    kind: str
    user_id: int
    user_name: str
    item_id: int
    tap_id: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class WriteInteractions(Operation[int]):
    """Store a batch; lines of unknown chats are dropped. `batch` is the key that makes a second run harmless."""

    batch: str
    lines: tuple[Interaction, ...]


@dataclass(frozen=True, slots=True)
class Prune(Operation[int]):
    """Delete what has outlived its retention; answers how many rows went."""


class LeaseState(Enum):
    """Where a worker stands towards a lease."""

    HELD = "held"
    STANDBY = "standby"


@dataclass(frozen=True, slots=True)
class LeaseView:
    """A lease as just read: ours or not, whether a standby waits for it, and until when (seconds from now)."""

    standing: LeaseState
    contested: bool
    seconds_left: float


@dataclass(frozen=True, slots=True)
class HoldLease(Operation[LeaseView]):
    """Take, renew or, while another one holds it, register as standby for the lease of this name.

    A standby cuts what is left to `cut_seconds`; a living holder renews within them.
    """

    name: str
    worker: str
    seconds: float
    cut_seconds: float


@dataclass(frozen=True, slots=True)
class ReleaseLease(Operation[bool]):
    """Give the lease back, so that the standby need not wait for its end."""

    name: str
    worker: str
