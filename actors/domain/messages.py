"""Everything an item can be told: taps as verbs (domain/taps.py), outcomes of its own effects as participles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from actors.domain.item import Item
from actors.domain.taps import Press, Pressed, Tap

RECOVERED = "recovered"  # a cause: a crash left the card behind its row


@dataclass(frozen=True, slots=True)
class Present:
    """The scheduler claimed this item: send its card."""

    row: Item


@dataclass(frozen=True, slots=True)
class Resume:
    """A publish was left behind by a crash, or is in doubt: go on with it."""

    row: Item


@dataclass(frozen=True, slots=True)
class Changed:
    """The row was written by another process, or its card may lie: draw it again, for the reason that `cause` names."""

    row: Item
    cause: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Too many taps are waiting: refuse this one now instead of at its deadline."""

    press: Press


@dataclass(frozen=True, slots=True)
class Recorded:
    """The tap took effect and is committed; `replayed` when an earlier attempt had done it."""

    tap: Tap
    row: Item
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Stale:
    """The row had moved on: another tap was first, or the card was old."""

    tap: Tap
    row: Item


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The person may not tap in this chat: nothing of the item was changed; `row` is the item, if there is one."""

    tap: Tap
    row: Item | None


@dataclass(frozen=True, slots=True)
class Gone:
    """No such chat, or no such item in it: the button leads nowhere."""

    tap: Tap


class Foreign(Enum):
    """Why a button is none of the item that it names; the value is what the database answers."""

    NO_SUCH_ITEM = "no_such_item"
    EARLIER_QUEUE = "earlier_queue"
    ANOTHER_ITEM = "another_item"
    UNKNOWN_MESSAGE = "unknown_message"


@dataclass(frozen=True, slots=True)
class NotOurs:
    """The pressed message is no card of the item that its button names; `row` is that item, if there is one."""

    about: Pressed
    why: Foreign
    row: Item | None = None


@dataclass(frozen=True, slots=True)
class Barred:
    """The person may not tap in this chat: what was asked for is not shown; `row` is the item, if there is one."""

    about: Pressed
    row: Item | None


@dataclass(frozen=True, slots=True)
class Vouched:
    """The pressed message is a card of the item: what was asked for may be shown on it."""

    about: Pressed
    row: Item


@dataclass(frozen=True, slots=True)
class Unvouched:
    """The database could not say in time whose card the pressed message is."""

    about: Pressed


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """The tap was not stored; `certain` when no attempt can have been applied."""

    tap: Tap
    certain: bool


@dataclass(frozen=True, slots=True)
class StillRecording:
    """Recording has been open for 400 ms."""

    tap: Tap


@dataclass(frozen=True, slots=True)
class AskExpired:
    """The question "Are you sure?" was not answered in time."""

    press: Press


@dataclass(frozen=True, slots=True)
class Checked:
    """What the row says of a message that was drawn without it; `line` and `drawn` are those of what stands on it."""

    press: Press
    row: Item
    line: str | None
    drawn: int | None = None


@dataclass(frozen=True, slots=True)
class CardSent:
    """The card is in the chat and its row knows it; `shown` is the revision that was sent."""

    row: Item
    shown: int


@dataclass(frozen=True, slots=True)
class CardNotSent:
    """The card could not be sent, or that is not known; the item keeps its place and is tried again, or is set aside.

    `chat_closed`: from now on its chat takes no card at all.
    """

    row: Item
    sentence: str
    chat_closed: bool = False


@dataclass(frozen=True, slots=True)
class OriginalSent:
    """The file is in the chat."""

    press: Press


@dataclass(frozen=True, slots=True)
class OriginalNotSent:
    """The file is not in the chat, or (not `certain`) may be; `reason` is for the log."""

    press: Press
    certain: bool
    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeNotRecorded:
    """The outcome of a rehearsal is not stored yet; the reconciler resumes it."""

    row: Item


TapOutcome = Recorded | Stale | Forbidden | Gone | NotOurs | NotRecorded
Message = (
    Pressed
    | Vouched
    | Barred
    | Unvouched
    | Present
    | Resume
    | Changed
    | GiveUp
    | TapOutcome
    | StillRecording
    | AskExpired
    | Checked
    | CardSent
    | CardNotSent
    | OriginalSent
    | OriginalNotSent
    | OutcomeNotRecorded
)
