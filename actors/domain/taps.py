"""Fingers on buttons: a press, what each asks for, and what is known of the right to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from actors.domain.item import Action, Person


class TapRight(Enum):
    """What the worker knows of a person's right to tap, from what the database said."""

    MAY = "has a role, or the chat asks for none"
    LIKELY = "nothing; the chat asked for no role when it was last heard of"
    UNKNOWN = "nothing"
    LAPSED = "was refused a while ago: a role may have come since"
    REFUSED = "was refused just now"
    CROWDED = "nothing, and many presses of the person wait to be looked at already"

    @property
    def draws(self) -> bool:
        """Tell whether what is not stored yet may stand on a card in this person's name."""
        return self in {TapRight.MAY, TapRight.LIKELY}


@dataclass(frozen=True, slots=True)
class Press:
    """A finger on a button, as Telegram delivered it.

    `seen` is the caption that the person saw, as the chat's adapter describes it, so that a cold item can draw a line
    below it without a query; `at` is the runtime's clock in seconds at our first sight of it; `redelivered` says that
    an earlier process may have worked on it, so that "not saved" can only be said after asking the database. `mark` is
    the item's, as the button has it (None: a card of before there were marks); `shown` says that the message itself has
    a button with this item and mark, which Telegram vouches for, while the data of a press may be forged. `standing` is
    what memory knew of the person when the press came. `topic`: in which one of its group the message stands.
    """

    id: str
    update_id: int
    item_id: int
    version: int
    chat_id: int
    message_id: int
    person: Person
    seen: str
    at: float
    redelivered: bool = False
    mark: str | None = None
    shown: bool = False
    standing: TapRight = TapRight.MAY
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class Tap:
    """Settle this item by this action."""

    press: Press
    action: Action


@dataclass(frozen=True, slots=True)
class AskToReject:
    """Reject was tapped: ask "Are you sure?" before anything is decided."""

    press: Press


@dataclass(frozen=True, slots=True)
class KeepIt:
    """The question was answered with no."""

    press: Press


@dataclass(frozen=True, slots=True)
class Question:
    """An open "Are you sure?": which action it is about, and who asked for it."""

    action: Action
    person_id: int


@dataclass(frozen=True, slots=True)
class AskAboutDoubt:
    """A person says what became of a story in doubt: ask "Are you sure?", and let the same person confirm it."""

    press: Press
    action: Action


@dataclass(frozen=True, slots=True)
class LeaveIt:
    """The question about a doubt was answered with no."""

    press: Press


@dataclass(frozen=True, slots=True)
class NotYours:
    """A person confirmed what another one had been asked."""

    press: Press
    action: Action
    asked_id: int


@dataclass(frozen=True, slots=True)
class SendOriginal:
    """Send the uncompressed file, for posting by hand."""

    press: Press


Pressed = Tap | AskToReject | AskAboutDoubt | KeepIt | LeaveIt | NotYours | SendOriginal
