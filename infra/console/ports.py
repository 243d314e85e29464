"""What the command line needs of the outside; main fills it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from actors.domain.account import Login
from actors.domain.item import Dimensions, Longer, MediaKind
from actors.operations.set_up import Prerequisites, SetUp
from actors.ports import Clock, Groups

Lines: TypeAlias = list[dict[str, Any]]


class Admin(Protocol):
    """The database, as the operator sees it: answers are lines to show, or one line {"refused": why, …facts}."""

    async def add_chat(self, chat_id: int, columns: Mapping[str, object]) -> Lines: ...
    async def set_chat(self, chat_id: int, columns: Mapping[str, object]) -> Lines: ...
    async def list_chats(self) -> Lines: ...
    async def add_media(self, chat_id: int, stories: Sequence[Mapping[str, object]]) -> Lines: ...
    async def list_media(self, chat_id: int | None) -> Lines: ...
    async def add_item(self, chat_id: int, media_id: int, due: datetime, force: bool = False) -> Lines: ...
    async def list_items(self, chat_id: int | None, settled_too: bool = False) -> Lines: ...
    async def remove_item(self, item_id: int) -> Lines: ...
    async def requeue_item(self, item_id: int, due: datetime | None, force: bool = False) -> Lines: ...
    async def why(self, item_id: int) -> Lines: ...
    async def set_member(self, chat_id: int, user_id: int, columns: Mapping[str, object]) -> Lines: ...
    async def list_members(self, chat_id: int | None) -> Lines: ...
    async def add_account(self, chat_id: int, account: Mapping[str, Any]) -> Lines: ...
    async def list_accounts(self, chat_id: int | None) -> Lines: ...
    async def set_account(self, account_id: int) -> Lines: ...
    async def remove_account(self, account_id: int) -> Lines: ...
    async def sealed_tokens(self) -> Lines: ...
    async def look_at_set_up(self) -> SetUp: ...
    async def reseal_token(self, account_id: int, old: bytes, new: bytes) -> Lines: ...


class AcceptedFile(Protocol):
    """A file that can be a story, and is kept."""

    @property
    def kind(self) -> MediaKind: ...
    @property
    def path(self) -> str: ...
    @property
    def file_name(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def dimensions(self) -> Dimensions: ...
    @property
    def notes(self) -> Sequence[str]: ...


class Library(Protocol):
    """Where files are taken in."""

    async def take_in(
        self, path: Path, longer: Longer = Longer.REFUSED, told: Callable[[float], None] = lambda _: None
    ) -> Sequence[AcceptedFile]:
        """Make a story of the file, or several, and keep it; `told` hears how much of that is done, from 0 to 1.

        `Refused` with a sentence for the person when it cannot be one.
        """
        ...

    async def remove_strays(self, kept: Collection[str], before: datetime) -> tuple[int, int]:
        """Remove files that belong to no story whose path is among `kept`, and that are older than a moment.

        Returns how many, and how many bytes they had. `Refused` where files are not ours to remove.
        """
        ...


class TokenHolder(Protocol):
    """Whose a token is."""

    @property
    def ig_user_id(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def data_access_ends_at(self) -> datetime | None: ...
    @property
    def exchanged(self) -> str | None: ...


class TokenVault(Protocol):
    """What seals tokens; raises Unreachable, with a sentence, when it cannot."""

    def seal(self, token: str, whose: str) -> bytes: ...
    def renew(self, sealed: bytes, whose: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class VaultDependencies:
    """`vault` seals by the operator's keys, `new_key` makes one, `who` asks Instagram whose a token is.

    `given_token` is the one that the environment holds, if any.
    """

    vault: Callable[[], TokenVault]
    new_key: Callable[[], str]
    who: Callable[[str, Login, str | None], Awaitable[TokenHolder]]
    given_token: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class ConsoleDependencies:
    """How to get at the outside; nothing is opened before a command needs it. `groups` yields None without a token."""

    admin: Callable[[], AbstractAsyncContextManager[Admin]]
    library: Callable[[], Library]
    migrate: Callable[[], Awaitable[Sequence[str]]]
    check_health: Callable[[], Awaitable[tuple[bool, str]]]
    clock: Clock
    safe: VaultDependencies
    groups: Callable[[], AbstractAsyncContextManager[Groups | None]]
    means: Callable[[], Prerequisites]
