"""The short texts that people read on a toast or on one line of a card; plain text, escaped where they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from actors.domain.item import Action, Item, MediaKind, State
from actors.domain.messages import Foreign
from actors.domain.publish_phase import CANCELLABLE

PENDING = "⏳"  # begins a line whose end will be told: no card keeps it
DOING: Mapping[Action, str] = MappingProxyType(
    {
        Action.AUTO_POST: "auto posting",
        Action.POSTED: "marking as posted",
        Action.SKIP: "skipping",
        Action.REJECT: "rejecting",
        Action.IT_IS_LIVE: "confirming that it is live",
        Action.IT_IS_NOT: "posting again",
    }
)
BUTTON: Mapping[Action, str] = MappingProxyType(
    {
        Action.AUTO_POST: "Auto Post",
        Action.POSTED: "Posted",
        Action.SKIP: "Skip",
        Action.REJECT: "Reject",
        Action.IT_IS_LIVE: "It is live",
        Action.IT_IS_NOT: "It is not: post again",
    }
)
DONE: Mapping[State, str] = MappingProxyType(
    {
        State.PUBLISHING: "being published",
        State.IN_DOUBT: "in doubt",
        State.POSTED: "posted",
        State.SKIPPED: "skipped",
        State.REJECTED: "rejected",
        State.EXPIRED: "expired",
        State.WITHDRAWN: "taken out of the queue",
    }
)
DOUBT_ACTIONS = frozenset({Action.IT_IS_LIVE, Action.IT_IS_NOT})
SURE = "Are you sure? Confirm on the card."
KEPT = "Kept. Nothing was rejected."
LEFT = "Left in doubt. Nothing was changed."
SENDING_FILE = "Sending the original…"
FILE_ON_ITS_WAY = "The original is on its way already; a large one takes a while."
FILE_NOT_SENT = "⚠️ The original could not be sent, tap again."
FILE_LOST = "⚠️ The original may not have been sent: if it does not come, tap again."
EARLIER_VERSION = "This button is of an earlier version. Nothing was changed: look for a newer card."
EARLIER_QUEUE = "This card is of an earlier queue. Nothing was changed."
FOREIGN: Mapping[Foreign, str] = MappingProxyType(
    {
        Foreign.NO_SUCH_ITEM: EARLIER_QUEUE,
        Foreign.EARLIER_QUEUE: EARLIER_QUEUE,
        Foreign.UNKNOWN_MESSAGE: EARLIER_QUEUE,
        Foreign.ANOTHER_ITEM: "This button is of another card. Nothing was changed.",
    }
)
MAY_NOT = "You may not tap in this chat. If you were given a role just now, tap again in 10 seconds."
ASKED_AGAIN = "You may not tap in this chat, unless you were given a role by now. Looking again…"
BROKEN = "Out of order. The operator was told; the buttons stay, try again in 10 minutes."
BUSY = "Busy right now. Nothing was saved, tap again."


def toast(action: Action, row: Item | None, first: str | None = None) -> str:
    """Say what is being tried; what memory knows of the row, and of who tries beside it, only sharpens it."""
    doing = DOING[action].capitalize() + "…"
    if first is not None:
        return f"{doing} {first}"[:200]
    if row is None or row.state not in DONE or (row.state is State.IN_DOUBT and action in DOUBT_ACTIONS):
        return doing
    if row.phase in CANCELLABLE and action is not Action.AUTO_POST:
        return f"{doing} This cancels the publish, if it is not too late."
    by = f" by {row.settled.by.name}" if row.settled and row.settled.by else ""
    return f"{doing} It looks {DONE[row.state]}{by} already."[:200]


def not_yours(action: Action, name: str | None) -> str:
    """Say who can confirm, and how to do it oneself."""
    return f"Only {name or 'who was asked'} can confirm this. Tap “{BUTTON[action]}” yourself to be asked, too."[:200]


def in_progress(action: Action, name: str) -> str:
    """The line for a recording that is still open."""
    return f"{PENDING} {name} is {DOING[action]} this…"


def aloud(name: str, text: str) -> str:
    """What a toast says to one person, said to the group."""
    return f"{name}: {text}"


def foreign(why: Foreign, name: str) -> str:
    """What the group is told of a press whose message may not be drawn."""
    return aloud(name, FOREIGN[why])


def barred(name: str) -> str:
    """What the group is told of a press that decides nothing, by a person who may not tap there."""
    return f"🚷 {name} may not tap in this chat."


def not_looked_at(name: str) -> str:
    """What the group is told of a press that decides nothing, when the database could not say whose card it was on."""
    return f"⚠️ {name}: the database does not answer, so this card could not be looked at. Tap again."


def not_saved(action: Action, name: str) -> str:
    """The line for a tap of which no attempt can have been applied."""
    return f"⚠️ {name}'s {BUTTON[action]} was not saved, tap again."


def not_confirmed(action: Action, name: str) -> str:
    """The line for a tap that may have been applied."""
    return f"{PENDING} {name}'s {BUTTON[action]}: not confirmed yet, this card will update itself."


def rehearse(row: Item) -> str:
    """Say what would have been published, and where."""
    kind = "video" if row.story.kind is MediaKind.VIDEO else "picture"
    account = f"the account {row.account}" if row.account else "the chat's account (none is set yet)"
    name = row.story.title or row.story.file_name
    return f"Dry run: the {kind} “{name}” would have been published to {account}. Nothing was published."
