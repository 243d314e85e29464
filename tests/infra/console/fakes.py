"""The outside of the command line, as the operator's desk answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actors.domain.account import Login
from actors.domain.item import Dimensions, Longer, MediaKind
from actors.errors import PortError, Unreachable
from actors.operations.set_up import Prerequisites, SetUp
from infra.console.ports import ConsoleDependencies, Lines, VaultDependencies
from tests.fakes.groups import FakeGroups

CHAT: dict[str, Any] = {
    "id": -1001234567890,
    "title": "Studio",
    "timezone": "Europe/Berlin",
    "live": False,
    "paused": False,
    "restricted": False,
    "topic": None,
    "account": None,
    "gap_seconds": 30,
    "review_hours": 48,
    "waiting": 2,
    "in_review": 1,
}
MEDIA: dict[str, Any] = {
    "id": 3,
    "chat_id": -1001234567890,
    "timezone": "Europe/Berlin",
    "kind": "photo",
    "file_name": "sunset.jpg",
    "title": "Sunset",
    "bytes": 2_097_152,
    "posted": 0,
    "open_item": None,
    "locked": None,
    "locked_until": None,
}
ITEM: dict[str, Any] = {
    "id": 12,
    "chat_id": -1001234567890,
    "chat_title": "Studio",
    "timezone": "Europe/Berlin",
    "media_id": 3,
    "title": "Sunset",
    "state": "waiting",
    "due_at": "2026-01-31T17:30:00+00:00",
    "settled_by": None,
    "settled_at": None,
    "note": None,
    "lost_sends": 0,
}
MEMBER: dict[str, Any] = {
    "id": 7,
    "chat_id": -1001234567890,
    "name": "Anna",
    "role": "admin",
    "taps": 4,
    "posted": 1,
    "skipped": 2,
    "rejected": 1,
}


ACCOUNT: dict[str, Any] = {
    "id": 4,
    "chat_id": -1001234567890,
    "timezone": "Europe/Berlin",
    "username": "studio",
    "login": "facebook",
    "ig_user_id": "178",
    "active": True,
    "token_expires_at": "2026-03-01T00:00:00+00:00",
    "token_gone": False,
}


@dataclass
class FakeDesk:
    """Answers whatever it is asked with `lines`, or raises `error`; `asked` is what it was asked."""

    lines: Lines = field(default_factory=list)
    error: PortError | None = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    set_up: SetUp = field(default_factory=SetUp)

    async def add_chat(self, chat_id: int, columns: Mapping[str, object]) -> Lines:
        return self._answer("add_chat", chat_id, columns)

    async def set_chat(self, chat_id: int, columns: Mapping[str, object]) -> Lines:
        return self._answer("set_chat", chat_id, columns)

    async def list_chats(self) -> Lines:
        return self._answer("list_chats")

    async def add_media(self, chat_id: int, stories: Sequence[Mapping[str, object]]) -> Lines:
        answer = self._answer("add_media", chat_id, stories)
        return answer[:1] if answer and "refused" in answer[0] else answer[: len(stories)]

    async def list_media(self, chat_id: int | None) -> Lines:
        return self._answer("list_media", chat_id)

    async def add_item(self, chat_id: int, media_id: int, due: datetime, force: bool = False) -> Lines:
        return self._answer("add_item", chat_id, media_id, due, force)

    async def list_items(self, chat_id: int | None, settled_too: bool = False) -> Lines:
        return self._answer("list_items", chat_id, settled_too)

    async def remove_item(self, item_id: int) -> Lines:
        return self._answer("remove_item", item_id)

    async def requeue_item(self, item_id: int, due: datetime | None, force: bool = False) -> Lines:
        return self._answer("requeue_item", item_id, due, force)

    async def why(self, item_id: int) -> Lines:
        return self._answer("why", item_id)

    async def set_member(self, chat_id: int, user_id: int, columns: Mapping[str, object]) -> Lines:
        return self._answer("set_member", chat_id, user_id, columns)

    async def list_members(self, chat_id: int | None) -> Lines:
        return self._answer("list_members", chat_id)

    async def add_account(self, chat_id: int, account: Mapping[str, Any]) -> Lines:
        return self._answer("add_account", chat_id, account)

    async def list_accounts(self, chat_id: int | None) -> Lines:
        return self._answer("list_accounts", chat_id)

    async def set_account(self, account_id: int) -> Lines:
        return self._answer("set_account", account_id)

    async def remove_account(self, account_id: int) -> Lines:
        return self._answer("remove_account", account_id)

    async def sealed_tokens(self) -> Lines:
        return self._answer("sealed_tokens")

    async def reseal_token(self, account_id: int, old: bytes, new: bytes) -> Lines:
        self.asked.append(("reseal_token", account_id, old, new))
        return [ACCOUNT]

    async def look_at_set_up(self) -> SetUp:
        return self.set_up

    def _answer(self, *asked: Any) -> Lines:
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        return self.lines


@dataclass(frozen=True)
class FakeFile:
    """A file that was taken in."""

    file_name: str
    kind: MediaKind = MediaKind.PHOTO
    path: str = "aa/aa.jpg"
    bytes: int = 9
    sha256: str = "aa"
    dimensions: Dimensions = field(default=Dimensions(1080, 1920))
    notes: tuple[str, ...] = ()


@dataclass
class FakeLibrary:
    """Takes any file in, or raises `error` for one that is not spared."""

    error: PortError | None = None
    spared: tuple[str, ...] = ()
    strays: tuple[int, int] = (0, 0)
    cleaned: tuple[tuple[str, ...], datetime] | None = None

    async def take_in(
        self, path: Path, longer: Longer = Longer.REFUSED, told: Callable[[float], None] = lambda _: None
    ) -> list[FakeFile]:
        told(0.5)
        if self.error is not None and path.name not in self.spared:
            raise self.error
        notes = ("HDR made SDR",) if path.suffix == ".mov" else ()
        return [FakeFile(path.name, notes=notes)] * (2 if longer is Longer.PARTS else 1)

    async def remove_strays(self, kept: Collection[str], before: datetime) -> tuple[int, int]:
        if self.error is not None:
            raise self.error
        self.cleaned = (tuple(kept), before)
        return self.strays


class NewYear:
    """A clock that stands at the beginning of 2026."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Owner:
    """Whose a token is."""

    ig_user_id: str
    username: str
    expires_at: datetime | None
    data_access_ends_at: datetime | None = None
    exchanged: str | None = None


@dataclass
class FakeVault:
    """Seals by turning round; one that is shut says so."""

    shut: str | None = None

    def seal(self, token: str, whose: str) -> bytes:
        self._look()
        return f"{token[::-1]} of {whose}".encode()

    def renew(self, sealed: bytes, whose: str) -> bytes:
        self._look()
        return b"again " + sealed + f" of {whose}".encode()

    def _look(self) -> None:
        if self.shut:
            raise Unreachable(self.shut)


@dataclass
class FakeConsole:
    """What a test changes before it types."""

    admin: FakeDesk = field(default_factory=FakeDesk)
    library: FakeLibrary = field(default_factory=FakeLibrary)
    applied: list[str] = field(default_factory=list)
    health: tuple[bool, str] = (True, "The worker is well.")
    vault: FakeVault = field(default_factory=FakeVault)
    owner: Owner | Exception = field(default_factory=lambda: Owner("178", "studio", datetime(2026, 3, 1, tzinfo=UTC)))
    asked_who: list[tuple[str, Login, str | None]] = field(default_factory=list)
    given_token: str | None = None
    groups: FakeGroups | None = None
    means: Prerequisites = field(default_factory=Prerequisites)

    def opened(self) -> ConsoleDependencies:
        safe = VaultDependencies(lambda: self.vault, lambda: "a new key", self._who, lambda: self.given_token)
        means = self.means
        return ConsoleDependencies(
            self._desk, lambda: self.library, self._migrate, self._health, NewYear(), safe, self._groups, lambda: means
        )

    async def _who(self, token: str, login: Login, ig_user_id: str | None) -> Owner:
        self.asked_who.append((token, login, ig_user_id))
        if isinstance(self.owner, Exception):
            raise self.owner
        return self.owner

    @asynccontextmanager
    async def _groups(self) -> AsyncIterator[FakeGroups | None]:
        yield self.groups

    @asynccontextmanager
    async def _desk(self) -> AsyncIterator[FakeDesk]:
        yield self.admin

    async def _migrate(self) -> list[str]:
        return self.applied

    async def _health(self) -> tuple[bool, str]:
        return self.health
