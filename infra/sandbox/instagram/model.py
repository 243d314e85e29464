"""Accounts with their tokens, containers, and the stories that came of them."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

GraphJson = dict[str, Any]

FACEBOOK = "facebook"
INSTAGRAM = "instagram"
# Meta's tokens begin so; what follows opens nothing, and is long enough to be hidden in logs.
TOKEN_STARTS = {FACEBOOK: "EAA", INSTAGRAM: "IGAA"}


@dataclass(slots=True)
class SandboxLogin:
    """A token: until when it is good; a page's own one publishes and reads nothing of what it made."""

    token: str
    expires_at: float
    is_of_page: bool = False


@dataclass(slots=True)
class InstagramAccount:
    """A professional account. Older tokens stay good beside the newest one until they expire, as at Meta."""

    id: str
    username: str
    login: str
    is_blocked: bool = False  # taken for spam: nothing of it is published for hours
    is_tester: bool = True  # otherwise an app without Advanced Access sees nothing of it
    is_of_business: bool = False  # its page is a business's: listed with `business_management` only
    may_publish: bool = True
    may_read_insights: bool = True
    is_seen_by_few: bool = False  # of its stories Instagram tells no figures
    publishes_for: tuple[str, ...] | None = None  # the accounts for which its person granted the right; None: all
    data_access_ends_at: float | None = None
    logins: list[SandboxLogin] = field(default_factory=list)

    @property
    def token(self) -> str:
        """The newest of its tokens, which nothing has replaced yet."""
        return self.logins[-1].token

    @property
    def expires_at(self) -> float:
        """When the newest token dies."""
        return self.logins[-1].expires_at

    def add_login(self, expires_at: float, *, is_of_page: bool = False) -> SandboxLogin:
        """Give it a token more."""
        number = f"{self.id[-4:]}{len(self.logins):04d}"
        login = SandboxLogin(f"{TOKEN_STARTS[self.login]}sandboxsandboxsandboxsandbox{number}", expires_at, is_of_page)
        self.logins.append(login)
        return login


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as it came from its link."""

    content: bytes = field(repr=False)
    content_type: str

    @property
    def digest(self) -> str:
        """What it is known by."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class StoryLabels:
    """Whom a story mentions, and whether it says that an AI made it."""

    mentions: tuple[str, ...] = ()
    made_by_ai: bool = False


@dataclass(frozen=True, slots=True)
class LiveStory:
    """A story as followers see it."""

    id: str
    container_id: str
    account_id: str
    media: str
    kind: str
    at: float
    labels: StoryLabels = StoryLabels()

    @property
    def permalink(self) -> str:
        """Its address at Instagram."""
        return f"https://www.instagram.com/stories/sandbox/{self.id}/"


@dataclass(slots=True)
class MediaContainer:
    """A story that is not published yet, from the link at which Instagram fetches it."""

    id: str
    account_id: str
    kind: str
    media: str
    made_at: float
    labels: StoryLabels = StoryLabels()
    fetched: Fetched | None = None
    ready_at: float = math.inf
    publishable_at: float = math.inf
    failure: int | None = None
    stories: list[LiveStory] = field(default_factory=list)

    def state(self, now: float, lifetime_seconds: float) -> str:
        """Return its status_code."""
        if self.stories:
            return "PUBLISHED"
        if self.failure is not None:
            return "ERROR"
        if now >= self.made_at + lifetime_seconds:
            return "EXPIRED"
        return "FINISHED" if now >= self.ready_at else "IN_PROGRESS"


def media_of(url: str) -> str:
    """Name a story's file by its link: the last name in it up to the first dot, without signature and fitting."""
    return PurePosixPath(urlsplit(url).path).name.partition(".")[0]
