"""Everything the database can be asked by an actor: frozen, keyed, and safe to run again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from actors.domain.item import Card, Row, State, Step
from actors.domain.messages import Barred, NotOurs, Pressed, Tap, TapOutcome, Vouched

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One request, one round trip, one commit; running it again with the same key changes nothing more."""


@dataclass(frozen=True, slots=True)
class RecordTap(Operation[TapOutcome]):
    """Check chat, card and right, compare-and-set on the version, and store all that a tap means in one commit."""

    tap: Tap
    worker: str


@dataclass(frozen=True, slots=True)
class CloseTap(Operation[TapOutcome]):
    """Insert the tap's key as refused, or return what the key already holds."""

    tap: Tap
    worker: str


@dataclass(frozen=True, slots=True)
class LoadRow(Operation[Row | None]):
    """Read one item, for what needs its story; a tap never does."""

    chat_id: int
    item_id: int


@dataclass(frozen=True, slots=True)
class LookAtButton(Operation[Vouched | NotOurs | Barred]):
    """Tell whether the person may tap and the message is a card of the item; one that shows its mark becomes one."""

    pressed: Pressed


@dataclass(frozen=True, slots=True)
class LookAtCard(Operation[Row | None]):
    """Read one item for one of its messages: `cards` holds that one alone, also if it is retired; none: unknown."""

    chat_id: int
    item_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an item that the log does not tell yet; `number` names it within its chat."""

    chat_key: int
    number: int
    chat_id: int
    item_id: int
    change: str
    cause: str
    state: State
    version: int


@dataclass(frozen=True, slots=True)
class Due:
    """What the sweep of the schedule found; the next one is needed in `next_seconds` (None: nothing is planned).

    `lost`: their second send was lost with the worker that made it. `changes` are to be told, and then `ChangesTold`.
    """

    present: tuple[Row, ...]
    expired: tuple[Row, ...]
    next_seconds: float | None
    lost: tuple[Row, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimDue(Operation[Due]):
    """Expire what nobody tapped, then claim at most one due item for each chat that is allowed a card now.

    `key` names this look: asked again because its answer was lost, it returns what it had claimed, too.
    """

    worker: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ChangesTold(Operation[int]):
    """The log tells what this look had claimed to tell; answers how many changes that were."""

    worker: str
    key: str


@dataclass(frozen=True, slots=True)
class SaveCard(Operation[Row]):
    """A card was sent: remember its message and Telegram's copy of the media."""

    row: Row
    message_id: int
    file_id: str | None
    worker: str


@dataclass(frozen=True, slots=True)
class SendFailed(Operation[Row]):
    """A card was not sent (or, `ambiguous`, nobody knows): keep the item, hold the chat back for a while.

    `refused`: the platform said no. `reason` is kept for those who ask later.
    """

    row: Row
    worker: str
    ambiguous: bool
    pause_seconds: float
    refused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeepClaim(Operation[bool]):
    """Its card is still on its way: nobody else may send it for another minute. False: it is not ours any more."""

    row: Row
    worker: str


@dataclass(frozen=True, slots=True)
class StoreOutcome(Operation[Row]):
    """Store how a publish ended, by compare-and-set on the version; answers with the row, whoever won."""

    row: Row
    step: Step
    sentence: str
    worker: str


UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Shown:
    """A card shows this revision now (UNKNOWN: draw it again); `gone`: its message cannot be edited any more."""

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

    behind: tuple[Row, ...]
    again: tuple[Row, ...]
    unpublished: tuple[Row, ...]
    next_seconds: float | None


@dataclass(frozen=True, slots=True)
class Recover(Operation[Recoverable]):
    """Claim the cards that are behind their row; `everything` adds each in review or settled 10 minutes ago."""

    worker: str
    everything: bool


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
class TidyUp(Operation[int]):
    """Delete what has outlived its retention; answers how many rows went."""


class Standing(Enum):
    """Where a worker stands towards a lease."""

    HELD = "held"
    STANDBY = "standby"


@dataclass(frozen=True, slots=True)
class LeaseView:
    """A lease as just read: ours or not, whether a standby waits for it, and until when (seconds from now)."""

    standing: Standing
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
