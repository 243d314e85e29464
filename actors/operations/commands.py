"""What a command in the chat asks of the database: frozen, and keyed by the message in which it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from actors.domain.item import Item, Person
from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class CommandKey:
    """Who asks, where, and in which message: chat and message are the key of what it changes."""

    chat_id: int
    message_id: int
    person: Person


class CommandOutcome(Enum):
    """What a command came to; the value is what the database stores."""

    DONE = "done"
    AS_IT_WAS = "as_it_was"
    FORBIDDEN = "forbidden"
    OVERTAKEN = "overtaken"
    NOTHING_WAITING = "nothing_waiting"
    BEING_SENT = "being_sent"
    NOTHING_TO_REQUEUE = "nothing_to_requeue"
    UNKNOWN_ITEM = "unknown_item"
    CANNOT_REQUEUE = "cannot_requeue"
    LOCKED = "locked"
    QUEUED_ALREADY = "queued_already"
    UNKNOWN_CHAT = "unknown_chat"
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class Told:
    """The verdict, the same to each attempt, and the item as it is now; `claimed`: we are to send its card."""

    verdict: CommandOutcome
    row: Item | None = None
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class PresentNext(Operation[Told]):
    """Claim the chat's next item now, whatever the gap says, or one in review whose card cannot be seen."""

    key: CommandKey
    worker: str


@dataclass(frozen=True, slots=True)
class PauseChat(Operation[Told]):
    """Let the schedule rest in this chat, or (`paused` False) go on."""

    key: CommandKey
    paused: bool


@dataclass(frozen=True, slots=True)
class RequeueItem(Operation[Told]):
    """Bring a skipped or expired item of this chat back, due now; None: the one that was settled last."""

    key: CommandKey
    item_id: int | None


@dataclass(frozen=True, slots=True)
class SetAside(Operation[Told]):
    """Insert the command's key as too old, or return what the key already holds: an earlier worker may have done it."""

    key: CommandKey
    verb: str


class Relocation(Enum):
    """What a group's move came to."""

    MOVED = "moved"
    MOVED_BEFORE = "moved_before"
    UNKNOWN_CHAT = "unknown_chat"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class MoveChat(Operation[Relocation]):
    """Give a chat its new id, forget its old messages, and have the cards that people need sent again.

    TAKEN: the new group was set up as a chat of its own; both are left alone.
    """

    old_id: int
    new_id: int


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat as people ask about it: `queue` begins with what is open and due first, `next` is what waits.

    `cards_lost`: how many of those in review have no card that can be tapped. `set_aside`: of how many that wait the
    platform takes no card. `refused`: its words, while it takes no card in this chat at all, since when, and when the
    next one is tried.
    """

    permitted: bool
    timezone: str
    live: bool
    paused: bool
    waiting: int
    in_review: int
    next: Item | None
    queue: tuple[Item, ...]
    settled: Item | None
    cards_lost: int = 0
    set_aside: int = 0
    refused: str | None = None
    refused_at: datetime | None = None
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LookAtChat(Operation[ChatView | None]):
    """Read what /status and /queue show, at most so many items; None: this chat is not set up."""

    chat_id: int
    user_id: int
    most: int
