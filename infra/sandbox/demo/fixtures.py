"""What the demo needs done to the queue and to the database, while the worker runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import anyio

from actors.domain.account import Login, whose
from actors.ports import Clock
from infra.sandbox.instagram.model import InstagramAccount

ACCOUNT = "@demo_studio"


class DemoAdmin(Protocol):
    """The operator's commands, as far as the demo needs them."""

    async def add_chat(self, chat_id: int, columns: Mapping[str, object]) -> Any:
        """Set up a chat."""
        ...

    async def set_chat(self, chat_id: int, columns: Mapping[str, object]) -> Any:
        """Change a chat."""
        ...

    async def add_account(self, chat_id: int, account: Mapping[str, Any]) -> Any:
        """Connect an Instagram account to a chat."""
        ...

    async def add_media(self, chat_id: int, stories: Sequence[Mapping[str, object]]) -> Any:
        """Make stored files stories of a chat; the lines have an `id`."""
        ...

    async def add_item(self, chat_id: int, media_id: int, due: Any) -> Any:
        """Queue a story; the line has an `id`."""
        ...


class MediaStore(Protocol):
    """Where the stories' files are kept."""

    async def check_and_store(self, path: Path) -> Any:
        """Take a file in and describe it."""
        ...


class DatabaseHarm(Protocol):
    """Who harms the database, and counts what it holds."""

    async def cut_connections(self) -> int:
        """End every connection of the worker, whatever it is doing; returns how many."""
        ...

    async def decisions(self) -> dict[str, int]:
        """Count what the rows say: settled items, and taps that took effect more than once."""
        ...

    def lock(self, item_id: int) -> AbstractAsyncContextManager[None]:
        """Hold the row of an item for as long as this lasts."""
        ...


@dataclass(frozen=True, slots=True)
class DemoFixtures:
    """The operator's commands, the media folder, a clock, and who does harm."""

    polls: DemoAdmin
    media: MediaStore
    saboteur: DatabaseHarm
    clock: Clock
    turn: anyio.Lock = field(default_factory=anyio.Lock)  # the operator has one connection

    async def add_group(self, chat_id: int, title: str) -> None:
        """Make a chat known, without a gap between its cards."""
        await self.polls.add_chat(chat_id, {"title": title, "gap_seconds": 0, "account": ACCOUNT})

    async def connect(self, seal: Callable[[str, str], bytes], chat_id: int, account: InstagramAccount) -> None:
        """Connect a chat to an account of the sandbox, and let it publish."""
        token = {
            "sealed_token": seal(account.token, whose(Login(account.login), account.id)),
            "token_expires_at": datetime.fromtimestamp(account.expires_at, UTC),
        }
        known = {"ig_user_id": account.id, "username": account.username, "login": account.login}
        async with self.turn:
            await self.polls.add_account(chat_id, known | token)
            await self.polls.set_chat(chat_id, {"live": True})

    async def add_story(self, chat_id: int, picture: Path, title: str, in_seconds: float) -> int:
        """Queue a story and return its item."""
        stored = await self.media.check_and_store(picture)
        names = ("path", "file_name", "sha256", "bytes")
        story = {name: getattr(stored, name) for name in names} | {"kind": stored.kind.value, "title": title}
        story |= asdict(stored.dimensions)
        async with self.turn:
            media = (await self.polls.add_media(chat_id, [story | {"caption": f"{title} #everytap"}]))[0]
            due = self.clock.now() + timedelta(seconds=in_seconds)
            item: int = (await self.polls.add_item(chat_id, media["id"], due))[0]["id"]
        return item
