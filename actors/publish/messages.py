"""Everything a publishing saga can be told; `at` is the loop's clock in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from actors.domain.account import Container, DoubtHints
from actors.errors import Answered
from actors.operations.publishes import PublishRow


class InstagramCall(Enum):
    """The calls to Instagram that can fail."""

    CREATE = "create container"
    LOOK = "read container"
    PUBLISH = "publish"


class Failure(Enum):
    """How a call fails; LOST and REFUSED_PERHAPS may have happened, REFUSED_PERHAPS is not tried again."""

    UNREACHABLE = "unreachable"
    LOST = "answer lost"
    REFUSED = "refused"
    REFUSED_PERHAPS = "refused, perhaps afterwards"
    TOKEN_GONE = "token gone"  # noqa: S105 - the name of a failure


@dataclass(frozen=True, slots=True)
class Begin:
    """A publish was accepted, or left behind by another worker: go on with it."""


@dataclass(frozen=True, slots=True)
class StepStored:
    """The lease was taken, or a step is committed; the lease counts from before it was asked for."""

    publish: PublishRow
    asked_at: float
    at: float


@dataclass(frozen=True, slots=True)
class FencedOut:
    """There is nothing to do, or another worker does it."""


@dataclass(frozen=True, slots=True)
class Created:
    """Instagram has a container and fetches the file."""

    container_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Looked:
    """The container was read."""

    container: Container
    at: float


@dataclass(frozen=True, slots=True)
class WentLive:
    """Instagram answered the publish call with the story's id."""

    media_id: str
    at: float


@dataclass(frozen=True, slots=True)
class CameTooLate:
    """The publish call was not made: the lease that it was marked under is too old."""

    at: float


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call failed; `sentence` says to people why, `answered` what Instagram said, if it said anything."""

    call: InstagramCall
    failure: Failure
    at: float
    sentence: str = ""
    retry_after_seconds: float | None = None
    answered: Answered | None = None

    @property
    def reason(self) -> str:
        """Why, in a few words, for the item's history."""
        return self.sentence if self.answered is None else numbers(self.answered)


def numbers(answered: Answered) -> str:
    """The numbers of an answer, like "HTTP 400, code 9007/2207027"."""
    subcode = "" if answered.subcode is None else f"/{answered.subcode}"
    code = "" if answered.code is None else f", code {answered.code}{subcode}"
    return f"HTTP {answered.status}{code}"


@dataclass(frozen=True, slots=True)
class Hinted:
    """What may help people to decide was read; None: the token is gone."""

    hints: DoubtHints | None
    at: float


@dataclass(frozen=True, slots=True)
class Waited:
    """The pause is over."""

    at: float


PublishMessage = (
    Begin | StepStored | FencedOut | Created | Looked | WentLive | CameTooLate | CallFailed | Hinted | Waited
)
