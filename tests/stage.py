"""The whole service on one event loop: real PostgreSQL, real HTTP to the sandbox's Telegram, real actors."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import asyncpg

from actors.domain.item import Story
from actors.ports import Instagram
from actors.publish.not_connected import NotConnected
from actors.worker import Identity, Ports, Worker
from infra.clock import WallClock
from infra.postgres.pool import PoolSettings, open_pool
from infra.postgres.statements import STATEMENTS
from infra.sandbox.demo.sample_media import draw_pictures
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.model import ChatMessage, User, item_named
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import ButtonTap, NewChat
from infra.telegram.bot import open_telegram
from tests.tap_lines import TapLines, captured_lines

ANNA, BEN, EVE = User(11, "Anna"), User(12, "Ben"), User(13, "Eve")
CHAT = -1001000000001
PATIENCE_SECONDS = 45.0  # for what comes within moments, on a machine that has twenty other things to do


class OnePicture:
    """A media source with one picture, whatever is asked."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def shown(self, story: Story) -> bytes:
        """Return the picture."""
        del story
        return self._content

    async def thumbnail(self, story: Story) -> bytes | None:
        """Return nothing: a picture has none."""
        del story
        return None

    async def original(self, story: Story) -> bytes:
        """Return the picture."""
        return await self.shown(story)


@dataclass
class Stage:
    """What a scenario plays on."""

    sandbox: Sandbox
    database: asyncpg.Connection
    dsn: str
    picture: bytes
    lines: TapLines
    workers: list[Worker] = field(default_factory=list)
    instagram: Instagram = field(default_factory=NotConnected)

    async def add_chat(self, chat_id: int = CHAT, *people: User, **columns: object) -> None:
        """A group with a bot, known to the worker."""
        self.sandbox.create_chat(NewChat("Team", people or (ANNA, BEN, EVE), id=chat_id))
        await self._insert_chat(chat_id, columns)

    async def add_group(self, chat_id: int, **columns: object) -> None:
        """A group that may become a supergroup, with a bot, known to the worker."""
        self.sandbox.create_chat(NewChat("Team", (ANNA, BEN, EVE), "group", chat_id))
        await self._insert_chat(chat_id, columns)

    async def _insert_chat(self, chat_id: int, columns: dict[str, object]) -> None:
        values = {"title": "Team", "gap_seconds": 0, "account": "@studio", **columns}
        names = ", ".join(values)
        places = ", ".join(f"${number}" for number in range(2, len(values) + 2))
        await self.database.execute(
            f"insert into chats (chat_id, {names}) values ($1, {places})",
            chat_id,
            *values.values(),
        )

    async def connect(self, chat_id: int = CHAT) -> None:
        """Connect an Instagram account to the chat."""
        await self.database.execute(
            """with made as (
                 insert into accounts (chat_key, ig_user_id, username, login, sealed_token)
                 select chat_key, '17841', 'studio', 'facebook', '' from chats where chat_id = $1
                 returning chat_key, account_id)
               update chats set account_id = made.account_id from made where chats.chat_key = made.chat_key""",
            chat_id,
        )

    async def queue(self, title: str = "Sunset", chat_id: int = CHAT, file_name: str = "sunset.jpg") -> int:
        """Queue a story that is due now; returns its item."""
        item_id: int = await self.database.fetchval(
            """with story as (
                 insert into media (chat_key, kind, path, file_name, title, caption, sha256, bytes)
                 select chat_key, 'photo', 'p', $3, $2, 'Golden hour', gen_random_uuid()::text, 5
                 from chats where chat_id = $1 returning chat_key, media_id)
               insert into items (chat_key, media_id, due_at) select chat_key, media_id, now() from story
               returning item_id""",
            chat_id,
            title,
            file_name,
        )
        self.wake()
        return item_id

    def wake(self) -> None:
        """Have every worker of this process look at the schedule."""
        for worker in self.workers:
            worker.scheduler.wake()

    async def card(self, item_id: int, chat_id: int = CHAT) -> int:
        """Wait for the item's card; returns its message."""
        found: list[int] = []

        def is_there() -> bool:
            found[:] = [
                message.id
                for message in self.sandbox.telegram.chats[chat_id].messages.values()
                if item_id in {item_named(data) for data in _callback_data(message.history[0].content)}
            ]
            return bool(found)

        await self.sandbox.until(is_there, PATIENCE_SECONDS)
        return found[-1]

    async def present(self, title: str = "Sunset", chat_id: int = CHAT) -> tuple[int, int]:
        """Queue a story and wait for its card; returns item and message."""
        item_id = await self.queue(title, chat_id)
        message = await self.card(item_id, chat_id)
        await self.row_is(item_id, "in_review")
        return item_id, message

    def tap(self, message: int, person: User, button: str, chat_id: int = CHAT) -> str:
        """Tap a button that the card shows, or any callback data; returns the tap's id."""
        return self.sandbox.tap(ButtonTap(chat_id, message, person.id, button, force=":" in button))

    def text(self, message: int, chat_id: int = CHAT) -> str:
        """What the card says now."""
        return self.sandbox.telegram.chats[chat_id].messages[message].content.text

    def buttons(self, message: int, chat_id: int = CHAT) -> list[str]:
        """What the card offers now."""
        return [button["text"] for button in self.sandbox.telegram.chats[chat_id].messages[message].content.buttons()]

    def messages(self, chat_id: int = CHAT) -> list[ChatMessage]:
        """Everything in the chat, the oldest first."""
        return list(self.sandbox.telegram.chats[chat_id].messages.values())

    def toast(self, tap_id: str) -> str | None:
        """What this tap was answered with, if it was."""
        seen = self.sandbox.telegram.queries.by_id[tap_id].seen()
        return seen.text if seen else None

    async def until(self, predicate: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the screens show it; each change of them is looked at."""
        await self.sandbox.until(predicate, seconds)

    async def says(self, message: int, words: str, chat_id: int = CHAT) -> None:
        """Wait until the card says these words."""
        await self.until(lambda: words in self.text(message, chat_id))

    async def answered(self, tap_id: str) -> str:
        """Wait for the toast of a tap."""
        await self.until(lambda: self.toast(tap_id) is not None)
        return self.toast(tap_id) or ""

    async def row_is(self, item_id: int, state: str) -> None:
        """Wait until the row is in this state."""
        await self.until_rows_say(state, "select state from items where item_id = $1", item_id)

    async def until_rows_say(self, expected: object, query: str, *arguments: object) -> None:
        """Wait until a query for one value returns it; rows announce nothing, so they are looked at again and again."""
        with anyio.fail_after(PATIENCE_SECONDS):
            while True:
                if await self.database.fetchval(query, *arguments) == expected:
                    return
                await anyio.sleep(0.01)

    async def line(self, tap_id: str) -> dict[str, Any]:
        """Wait for the canonical log line of a tap."""
        return await self.lines.line(tap_id, PATIENCE_SECONDS)

    def unexplained(self) -> dict[str, int]:
        """The taps that do not have exactly one line, and how many they have."""
        counts = {tap_id: len(self.lines.of(tap_id)) for tap_id in self.sandbox.telegram.queries.by_id}
        return {tap_id: count for tap_id, count in counts.items() if count != 1}

    async def events(self, item_id: int) -> list[tuple[str, str | None]]:
        """The item's decisions in order: step and who."""
        rows = await self.database.fetch(
            "select step, user_name from item_events where item_id = $1 order by version", item_id
        )
        return [(row["step"], row["user_name"]) for row in rows]

    @asynccontextmanager
    async def worker(self, name: str = "one", dsn: str | None = None, pooled: bool = False) -> AsyncIterator[Worker]:
        """Run a worker for as long as this lasts, then stop it in order."""
        async with AsyncExitStack() as stack:
            pool = await stack.enter_async_context(
                open_pool(dsn or self.dsn, PoolSettings(5, pooled, name), STATEMENTS)
            )
            chat, updates = await stack.enter_async_context(
                open_telegram(self.sandbox.token, self.sandbox.url, OnePicture(self.picture))
            )
            ports = Ports(pool, chat, updates, WallClock(), self.instagram)
            worker = Worker(ports, Identity(name, name, 5.0), random.Random(name))
            self.workers.append(worker)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(worker.supervisor.run)
                try:
                    yield worker
                finally:
                    worker.supervisor.stop()
                    self.workers.remove(worker)


@asynccontextmanager
async def open_stage(dsn: str, rules: Rules | None = None) -> AsyncIterator[Stage]:
    """Open the sandbox and a connection of our own to look at rows with."""
    async with open_sandbox(rules=rules or Rules(limits=False)) as sandbox:
        database = await asyncpg.connect(dsn)
        try:
            with TemporaryDirectory() as folder:
                picture = draw_pictures(Path(folder), 1)[0].path.read_bytes()
            with captured_lines() as lines:
                yield Stage(sandbox, database, dsn, picture, lines)
        finally:
            await database.close()


def _callback_data(content: Any) -> list[str]:
    return [button.get("callback_data", "") for button in content.buttons()]
