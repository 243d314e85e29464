"""One row of each table, with the columns, defaults and words of the real schema (a contract holds them equal)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

NEVER = datetime.min.replace(tzinfo=UTC)  # -infinity
FOR_EVER = datetime.max.replace(tzinfo=UTC)  # infinity


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """A team."""

    chat_key: int
    chat_id: int
    created_at: datetime
    title: str = "Team"
    timezone: str = "UTC"
    live: bool = False
    account: str | None = None
    account_id: int | None = None
    restricted: bool = False
    paused: bool = False
    gap_seconds: int = 30
    review_hours: int = 48
    repost_days: int = 30
    skip_days: int = 45
    next_card_at: datetime = NEVER
    failed_sends: int = 0
    moved_from: int | None = None
    refused: str | None = None
    refused_at: datetime | None = None
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """Somebody who tapped, or who has a role."""

    chat_key: int
    user_id: int
    name: str
    role: str | None = None
    taps: int = 0
    posted: int = 0
    skipped: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class MediaRecord:
    """A story."""

    chat_key: int
    media_id: int
    created_at: datetime
    sha256: str
    kind: str = "photo"
    path: str = "ab/abcd.jpg"
    file_name: str = "sunset.jpg"
    title: str = "Sunset"
    caption: str = ""
    bytes: int = 5
    file_id: str | None = None
    posted: int = 0
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    mentions: tuple[str, ...] = ()
    made_by_ai: bool = False


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """A story in the queue."""

    chat_key: int
    item_id: int
    media_id: int
    due_at: datetime
    created_at: datetime
    mark: str
    state: str = "waiting"
    version: int = 0
    revision: int = 0
    account: str | None = None
    came_from: str | None = None
    came_by: str | None = None
    presented_at: datetime | None = None
    hold_until: datetime | None = None
    held_by: str | None = None
    held_key: str | None = None
    lost_sends: int = 0
    settled_step: str | None = None
    settled_by: int | None = None
    settled_name: str | None = None
    settled_at: datetime | None = None
    settled_tap: str | None = None
    note: str | None = None
    late: tuple[LateLine, ...] = ()
    preflight: str | None = None
    preflight_version: int | None = None
    preflight_connection: str | None = None
    note_once_connected: str | None = None
    note_version: int | None = None
    note_connection: str | None = None
    resend_at: datetime | None = None
    set_aside: str | None = None


@dataclass(frozen=True, slots=True)
class ItemChangeRecord:
    """A change of an item that no line of the log tells yet."""

    chat_key: int
    number: int
    item_id: int
    change: str
    cause: str
    state: str
    version: int
    told_by: str | None = None
    told_key: str | None = None
    told_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LateLine:
    """An element of the column `late`."""

    step: str
    name: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One decision."""

    chat_key: int
    item_id: int
    version: int
    step: str
    from_state: str
    to_state: str
    at: datetime
    user_id: int | None = None
    user_name: str | None = None
    tap_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class TapRecord:
    """A tap, and what it came to."""

    chat_key: int
    tap_id: str
    item_id: int
    message_id: int
    user_id: int
    user_name: str
    step: str
    version: int
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CardFailureRecord:
    """Why a card was not sent."""

    chat_key: int
    item_id: int
    fate: str
    reason: str
    first_at: datetime
    last_at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class CardRecord:
    """A message that shows an item."""

    chat_key: int
    message_id: int
    item_id: int
    sent_at: datetime
    want: int = 0
    shown: int = -1
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    gone: bool = False
    retired: bool = False
    once_more: bool = False
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class LockRecord:
    """A story that may not come again yet."""

    chat_key: int
    media_id: int
    kind: str
    until: datetime
    item_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command of the chat, and what it came to."""

    chat_key: int
    message_id: int
    verb: str
    user_id: int
    user_name: str
    verdict: str
    at: datetime
    item_id: int | None = None


@dataclass(frozen=True, slots=True)
class InteractionRecord:
    """One line of the interaction logger."""

    chat_key: int
    id: int
    kind: str
    user_id: int
    user_name: str
    item_id: int
    tap_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The key of a batch that was written."""

    batch: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """Who may poll."""

    name: str
    owner: str
    expires_at: datetime
    token: int = 1
    standby: str | None = None
    standby_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An Instagram account of a chat."""

    chat_key: int
    account_id: int
    created_at: datetime
    ig_user_id: str
    username: str
    login: str = "facebook"
    sealed_token: bytes = b"sealed"
    token_expires_at: datetime | None = None
    token_gone: bool = False
    warned_days: int | None = None
    quota_used: int | None = None
    quota_total: int | None = None
    quota_at: datetime | None = None
    removed: bool = False
    token_held_by: str | None = None
    token_hold_until: datetime | None = None
    token_renewed_at: datetime | None = None
    data_access_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PublishRecord:
    """One accepted Auto Post."""

    chat_key: int
    item_id: int
    version: int
    lease_until: datetime
    phase_at: datetime
    created_at: datetime
    account_id: int | None = None
    state: str = "creating"
    container_id: str | None = None
    inherited: bool = False
    attempt: int = 0
    lost: bool = False
    publishing_at: datetime | None = None
    media_id: str | None = None
    permalink: str | None = None
    sentence: str | None = None
    owner: str | None = None
    token: int = 0
    seq: int = 0
    wait_until: datetime | None = None
    containers: int = 0
    losses: int = 0
    refusal: str | None = None
    insights_due_at: datetime | None = None
    insights_held_by: str | None = None
    insights_hold_until: datetime | None = None
    insights: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PublishEventRecord:
    """One step of a publish."""

    chat_key: int
    item_id: int
    version: int
    seq: int
    state: str
    attempt: int
    at: datetime
    container_id: str | None = None
    calls: tuple[str, ...] = ()
    sentence: str | None = None
    worker: str | None = None
    answers: tuple[Mapping[str, Any], ...] = ()
