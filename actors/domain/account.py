"""An Instagram account of a chat, and what Instagram says of a container, a quota and a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Login(Enum):
    """How the account was connected; each way has a host of its own."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"


@dataclass(frozen=True, slots=True)
class Account:
    """Where stories are published. The token is sealed: only the adapter that calls Instagram can read it."""

    id: int
    ig_user_id: str
    username: str
    login: Login
    sealed_token: bytes = field(repr=False)

    @property
    def whose(self) -> str:
        """What its token is bound to."""
        return whose(self.login, self.ig_user_id)


def whose(login: Login, ig_user_id: str) -> str:
    """Name an account for the vault, the same for as long as it is connected: no other account's token opens by it."""
    return f"{login.value} {ig_user_id}"


class ContainerState(Enum):
    """What `status_code` says: developers.facebook.com/docs/instagram-platform/reference/ig-container."""

    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    PUBLISHED = "published"
    ERROR = "error"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Container:
    """A container as just read; `sentence` says in plain words what is wrong with one in ERROR.

    `words` are Instagram's own, for the log. `passes`: another container of the same file often comes through.
    """

    state: ContainerState
    sentence: str | None = None
    words: str | None = None
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of the publishes of 24 hours are used, and how many there are."""

    used: int
    total: int


@dataclass(frozen=True, slots=True)
class StoryInsights:
    """How often a story was seen, by how many people, how many answered it, how many left there.

    None: not told. Instagram withholds figures from accounts of some regions, and of stories that few people saw.
    """

    views: int | None = None
    people: int | None = None
    replies: int | None = None
    exits: int | None = None


@dataclass(frozen=True, slots=True)
class DoubtHints:
    """What may help people to decide, and proves nothing; None: it could not be read.

    `used_since` counts the account's publishes since a moment, `stories` its stories of today.
    """

    used_since: int | None = None
    stories: int | None = None


@dataclass(frozen=True, slots=True)
class FreshToken:
    """A token as Instagram renewed it, sealed again; None: it does not expire.

    `data_access_ends_at`: so long Instagram lets an app see anything, whatever its token; a renewal does not change it.
    """

    sealed_token: bytes = field(repr=False)
    expires_at: datetime | None = None
    data_access_ends_at: datetime | None = None
