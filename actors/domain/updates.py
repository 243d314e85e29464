"""What an update can be: a press, words, a move, a change of what the bot is in a chat, or nothing for us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actors.domain.group_ids import GroupKind
from actors.domain.item import Person
from actors.domain.membership import BotMembership
from actors.domain.taps import Pressed


@dataclass(frozen=True, slots=True)
class Said:
    """A person wrote to the bot; `at` and `redelivered` are those of a press.

    `age_seconds`: how long ago it was sent when we saw it first, by the platform's own clock; None: not known.
    `media`: it is a picture, a film or a file, and `text` its caption. `to_us`: it answers a message of ours.
    `topic`: in which one of its group it was said; None: in General, or the group has none.
    """

    update_id: int
    chat_id: int
    message_id: int
    person: Person
    text: str
    private: bool = False
    at: float = 0.0
    redelivered: bool = False
    sent_at: datetime | None = None
    age_seconds: float | None = None
    media: bool = False
    to_us: bool = False
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """What the bot is in a chat changed; `user_id` is who changed it, `at` that of a press."""

    update_id: int
    chat_id: int
    kind: GroupKind
    user_id: int
    before: BotMembership
    after: BotMembership
    at: float = 0.0


Heard = Said | Membership


@dataclass(frozen=True, slots=True)
class Moved:
    """A group became a supergroup: Telegram gave it another id."""

    update_id: int
    old_id: int
    new_id: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A person pressed a button that is none of ours, or that cannot be read; `why` is a word or two for the log.

    No chat and no message: it stood in an inline message, which is never ours. `at` is that of a press.
    """

    update_id: int
    press_id: str
    person: Person
    chat_id: int | None
    message_id: int | None
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class Other:
    """An update that asks nothing of us; `why` is a short word for the log."""

    update_id: int
    why: str


@dataclass(frozen=True, slots=True)
class Poison:
    """An update that could not be parsed; it is parked and logged, and never comes again."""

    update_id: int
    why: str


Update = Pressed | Unknown | Said | Membership | Moved | Other | Poison
