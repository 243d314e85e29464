"""What is asked of the database for the reading of how stories were seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from actors.domain.account import Account, StoryInsights
from actors.operations.operation import Operation


class InsightsOutcome(Enum):
    """What a reading came to; MISSED: the 24 hours were over."""

    TOLD = "told"
    NOT_TOLD = "not_told"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class InsightsDue:
    """A story that went live `seconds_live` ago, by the database's clock; no `account`: its token is gone."""

    chat_key: int
    chat_id: int
    item_id: int
    version: int
    media_id: str
    seconds_live: float
    account: Account | None


@dataclass(frozen=True, slots=True)
class InsightsWork:
    """What is due, 20 at most, and in how many seconds the next one is; None: none is known."""

    due: tuple[InsightsDue, ...] = ()
    next_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class InsightsTold:
    """What is kept of a reading: the figures, or why there are none, in a sentence."""

    outcome: InsightsOutcome
    insights: StoryInsights = field(default_factory=StoryInsights)
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimInsights(Operation[InsightsWork]):
    """Claim the stories that are to be read now; `owner` names this look alone."""

    owner: str


@dataclass(frozen=True, slots=True)
class NoteInsights(Operation[bool]):
    """Keep a reading; `again_seconds` until the next one, None: that was the last. False: it is not ours any more.

    A reading that brought nothing leaves an earlier one that did.
    """

    due: InsightsDue
    owner: str
    told: InsightsTold
    again_seconds: float | None
