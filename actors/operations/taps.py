"""What is asked of the database about a tap, and about the item and the card that it is for."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.item import Item
from actors.domain.messages import Barred, NotOurs, TapOutcome, Vouched
from actors.domain.taps import Pressed, Tap
from actors.operations.operation import Operation


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
class LoadItem(Operation[Item | None]):
    """Read one item, for what needs its story; a tap never does."""

    chat_id: int
    item_id: int


@dataclass(frozen=True, slots=True)
class LookAtButton(Operation[Vouched | NotOurs | Barred]):
    """Tell whether the person may tap and the message is a card of the item; one that shows its mark becomes one."""

    pressed: Pressed


@dataclass(frozen=True, slots=True)
class LookAtCard(Operation[Item | None]):
    """Read one item for one of its messages: `cards` holds that one alone, also if it is retired; none: unknown."""

    chat_id: int
    item_id: int
    message_id: int
