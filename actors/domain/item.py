"""The states of an item, the one table of its transitions, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from actors.domain.publish_phase import Phase


class State(Enum):
    """Where an item stands; the value is what the database stores."""

    WAITING = "waiting"
    PRESENTING = "presenting"
    IN_REVIEW = "in_review"
    PUBLISHING = "publishing"
    IN_DOUBT = "in_doubt"
    POSTED = "posted"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Action(Enum):
    """What moves an item; a decision bumps its version, progress does not."""

    CLAIM = "claim"
    SENT = "sent"
    SEND_FAILED = "send_failed"
    AUTO_POST = "auto_post"
    POSTED = "posted"
    SKIP = "skip"
    REJECT = "reject"
    REHEARSED = "rehearsed"
    PUBLISHED = "published"
    PUBLISH_REFUSED = "publish_refused"
    ANSWER_LOST = "answer_lost"
    IT_IS_LIVE = "it_is_live"
    IT_IS_NOT = "it_is_not"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    REQUEUE = "requeue"


FINAL = frozenset({State.POSTED, State.SKIPPED, State.REJECTED, State.EXPIRED, State.WITHDRAWN})
PROGRESS = frozenset({Action.CLAIM, Action.SENT, Action.SEND_FAILED})

TRANSITIONS: Mapping[tuple[State, Action], State] = MappingProxyType(
    {
        (State.WAITING, Action.CLAIM): State.PRESENTING,
        (State.WAITING, Action.WITHDRAW): State.WITHDRAWN,
        (State.PRESENTING, Action.CLAIM): State.PRESENTING,
        (State.PRESENTING, Action.SENT): State.IN_REVIEW,
        (State.PRESENTING, Action.SEND_FAILED): State.WAITING,
        (State.PRESENTING, Action.AUTO_POST): State.PUBLISHING,
        (State.PRESENTING, Action.POSTED): State.POSTED,
        (State.PRESENTING, Action.SKIP): State.SKIPPED,
        (State.PRESENTING, Action.REJECT): State.REJECTED,
        (State.PRESENTING, Action.WITHDRAW): State.WITHDRAWN,
        (State.IN_REVIEW, Action.CLAIM): State.PRESENTING,
        (State.IN_REVIEW, Action.AUTO_POST): State.PUBLISHING,
        (State.IN_REVIEW, Action.POSTED): State.POSTED,
        (State.IN_REVIEW, Action.SKIP): State.SKIPPED,
        (State.IN_REVIEW, Action.REJECT): State.REJECTED,
        (State.IN_REVIEW, Action.EXPIRE): State.EXPIRED,
        (State.IN_REVIEW, Action.WITHDRAW): State.WITHDRAWN,
        (State.PUBLISHING, Action.REHEARSED): State.IN_REVIEW,
        (State.PUBLISHING, Action.PUBLISHED): State.POSTED,
        (State.PUBLISHING, Action.PUBLISH_REFUSED): State.IN_REVIEW,
        (State.PUBLISHING, Action.ANSWER_LOST): State.IN_DOUBT,
        (State.PUBLISHING, Action.POSTED): State.POSTED,
        (State.PUBLISHING, Action.SKIP): State.SKIPPED,
        (State.PUBLISHING, Action.REJECT): State.REJECTED,
        (State.IN_DOUBT, Action.PUBLISHED): State.POSTED,
        (State.IN_DOUBT, Action.IT_IS_LIVE): State.POSTED,
        (State.IN_DOUBT, Action.IT_IS_NOT): State.PUBLISHING,
        (State.SKIPPED, Action.REQUEUE): State.WAITING,
        (State.EXPIRED, Action.REQUEUE): State.WAITING,
    }
)


@dataclass(frozen=True, slots=True)
class Person:
    """A person in the chat, by Telegram's id and the name that they showed when they tapped."""

    id: int
    name: str


class MediaKind(Enum):
    """How a story is sent and shown."""

    PHOTO = "photo"
    VIDEO = "video"


class Longer(Enum):
    """What becomes of a film that is longer than a story."""

    REFUSED = "refused"
    FIRST_MINUTE = "first_minute"
    PARTS = "parts"


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Of what goes live: the pixels of a row and of a column, as it is seen, and of a film its length in seconds."""

    width: int
    height: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """The media and its caption; `file_id` is Telegram's own copy, once it has one.

    A story that a release before this one took in has no `dimensions`. `mentions` are names at Instagram, without "@".
    """

    media_id: int
    kind: MediaKind
    path: str
    file_name: str
    title: str
    caption: str
    file_id: str | None = None
    dimensions: Dimensions | None = None
    mentions: tuple[str, ...] = ()
    made_by_ai: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """The newest decision: which action, by whom (None: by the machine), when."""

    action: Action
    by: Person | None
    at: datetime
    tap_id: str | None = None


@dataclass(frozen=True, slots=True)
class LateTap:
    """A tap that the row refused; the card names it, so that no tap is silent."""

    action: Action
    name: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Card:
    """One message that shows an item; a retired one shows a round in the queue that is over."""

    chat_key: int
    chat_id: int
    message_id: int
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a publish waits for, and until when; without a `sentence` it is people who had better wait so long."""

    until: datetime
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """An item as the database committed it, with all that drawing its card needs.

    `mark` was given at its birth, by chance: an item of another database may have its id, and never its mark.
    `version` counts decisions (both are in the buttons); `revision` counts every change that a card must show; `phase`
    is how far its publish is, None for one that is only rehearsed; `preflight` says whether Auto Post would work;
    `presented_at` is when its newest card came; `card_lost`: it may never have come, and there is none to tap;
    `set_aside` is why the platform takes no card of it: it is passed over until people bring it back;
    `restricted`: only members of its chat with a role may tap; `waiting`: its publish, or the next one, has to wait;
    `permalink`: where its story can be seen for 24 h; `topic`: in which one of its group its cards stand.
    """

    chat_key: int
    chat_id: int
    id: int
    mark: str
    state: State
    version: int
    revision: int
    due_at: datetime
    timezone: str
    live: bool
    story: Story
    account: str | None = None
    settled: Settlement | None = None
    late: tuple[LateTap, ...] = ()
    note: str | None = None
    phase: Phase | None = None
    preflight: str | None = None
    presented_at: datetime | None = None
    card_lost: bool = False
    set_aside: str | None = None
    restricted: bool = False
    waiting: Waiting | None = None
    permalink: str | None = None
    topic: int | None = None
    cards: tuple[Card, ...] = ()
