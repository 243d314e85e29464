"""What a publishing saga asks of the database: to be its only worker, and each of its steps, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actors.domain.account import Account
from actors.domain.item import Item, Story
from actors.domain.publish_phase import Phase
from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class PublishRow:
    """One accepted Auto Post as committed; `version` is the item's, once it is being published.

    `owner`, `token` and `seq` are the fence: a step counts only for the lease and after the step that it names.
    `since_seconds` is the age of this phase (while publishing: of this attempt) by the database's clock. `lost`: an
    answer of the publish call was lost. `publishing_at`: when the first call of this container was marked.
    `inherited`: people said that what this container held is not live, or it was tried before: it is looked at first.
    `containers` counts those that were made, `losses` the answers that were lost; `first_call_seconds` is the age of
    the first publish call of this container; `refusal`: that call was refused in these words, which prove nothing.
    """

    chat_key: int
    chat_id: int
    item_id: int
    version: int
    phase: Phase
    story: Story
    owner: str
    token: int
    seq: int
    account: Account | None = None
    token_gone: bool = False
    container_id: str | None = None
    attempt: int = 0
    lost: bool = False
    inherited: bool = False
    publishing_at: datetime | None = None
    since_seconds: float = 0.0
    containers: int = 0
    losses: int = 0
    first_call_seconds: float = 0.0
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class PhaseChange:
    """What a step writes; `calls` are the calls to Instagram since the last one, for the item's history.

    `answers` are what Instagram said to those, as JSON objects without secrets. A `sentence` on the way says what is
    waited for, for `wait_seconds`; on a refusal those are how long people had better wait. `once_connected` takes the
    place of a `sentence` that asks for a connection, as soon as there is a new one.
    """

    phase: Phase
    container_id: str | None
    attempt: int
    lost: bool
    sentence: str | None = None
    media_id: str | None = None
    token_gone: bool = False
    calls: tuple[str, ...] = ()
    once_connected: str | None = None
    losses: int = 0
    refusal: str | None = None
    wait_seconds: float | None = None
    answers: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class StepResult:
    """The publish as it is now, or None: it is not (any more) this worker's; `row` if its card has to be drawn.

    `held`: another worker has it, and may die.
    """

    publish: PublishRow | None
    row: Item | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class TakePublish(Operation[StepResult]):
    """Take the lease of an item's newest publish, if it is free; `owner` names this request alone."""

    chat_key: int
    item_id: int
    owner: str


@dataclass(frozen=True, slots=True)
class StepPublish(Operation[StepResult]):
    """Commit a step and renew the lease; a step that ends the publish moves its item in the same commit."""

    publish: PublishRow
    move: PhaseChange
    worker: str


@dataclass(frozen=True, slots=True)
class SavePermalink(Operation[Item | None]):
    """Remember where a published story can be seen; returns its row, whose cards show that, unless it moved on."""

    chat_key: int
    item_id: int
    version: int
    permalink: str
    worker: str
