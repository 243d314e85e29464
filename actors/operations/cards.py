"""What is asked of the database about cards: that they were sent, what they show, which of them lie."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.item import Card, Item
from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class SaveCard(Operation[Item]):
    """A card was sent: remember its message and Telegram's copy of the media."""

    row: Item
    message_id: int
    file_id: str | None
    worker: str


@dataclass(frozen=True, slots=True)
class SendFailed(Operation[Item]):
    """A card was not sent (or, `ambiguous`, that is not known): keep the item, hold the chat back for a while.

    `refused`: the platform said no. `reason` is kept for those who ask later.
    """

    row: Item
    worker: str
    ambiguous: bool
    pause_seconds: float
    refused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeepClaim(Operation[bool]):
    """Its card is still on its way: no other worker may send it for another minute. False: it is not ours any more."""

    row: Item
    worker: str


UNKNOWN = -1
REFUSED = -3  # -2 is the database's own


@dataclass(frozen=True, slots=True)
class Shown:
    """A card shows this revision now; `gone`: its message cannot be edited any more.

    UNKNOWN: draw it again. REFUSED: its edit was refused and may be taken later; draw it again after a pause.
    """

    card: Card
    item_id: int
    revision: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class AcknowledgeCards(Operation[int]):
    """Store what cards show; answers how many claims had been lost to another worker, which must be drawn again."""

    shown: tuple[Shown, ...]
    worker: str


@dataclass(frozen=True, slots=True)
class Recoverable:
    """What a crash left behind: cards that lie, cards that might (`again`), publishes without a worker."""

    behind: tuple[Item, ...]
    again: tuple[Item, ...]
    unpublished: tuple[Item, ...]
    next_seconds: float | None


@dataclass(frozen=True, slots=True)
class Recover(Operation[Recoverable]):
    """Claim the cards that are behind their row; `everything` adds each in review or settled 10 minutes ago."""

    worker: str
    everything: bool
