"""What stands around the sandbox in a demo: a group, stories for it, workers, and everything that can be harmed."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from infra.sandbox.demo.fixtures import DatabaseHarm, DemoFixtures
from infra.sandbox.demo.report import offers_decision
from infra.sandbox.demo.sample_media import draw_picture
from infra.sandbox.demo.tcp_proxy import Link
from infra.sandbox.demo.worker_processes import WorkerGroup
from infra.sandbox.instagram.facade import SandboxInstagram
from infra.sandbox.telegram.model import ChatMessage, GroupChat

ENOUGH_OPEN = 3
EVERY_SECONDS = 20.0


class Stories:
    """Draws a story that the chat has not had, and queues it; Instagram's page is told whose it is."""

    def __init__(self, fixtures: DemoFixtures, instagram: SandboxInstagram, chat: GroupChat, folder: Path) -> None:
        self._fixtures = fixtures
        self._instagram = instagram
        self._chat = chat
        self._folder = folder
        self._drawn = 0

    async def add(self) -> int:
        """Queue one that is due now; returns its item."""
        self._drawn += 1
        picture = await anyio.to_thread.run_sync(draw_picture, self._folder, self._drawn - 1)
        item_id = await self._fixtures.add_story(self._chat.id, picture.path, picture.title, 0)
        # A stored file is named after its content, and so is its link.
        self._instagram.bill(hashlib.sha256(picture.path.read_bytes()).hexdigest(), item_id, picture.title)
        return item_id

    async def keep_coming(self) -> None:
        """Add one now and then while few cards wait for a decision."""
        while True:
            await anyio.sleep(EVERY_SECONDS)
            if len(open_cards(self._chat)) < ENOUGH_OPEN:
                await self.add()


@dataclass(frozen=True, slots=True)
class DemoEnvironment:
    """What the page can switch; `connect` gives the chat the present token of its account, if it has one."""

    chat: GroupChat
    stories: Stories
    link: Link
    saboteur: DatabaseHarm
    workers: WorkerGroup
    tasks: TaskGroup
    connect: Callable[[], Awaitable[None]] | None = None


def open_cards(chat: GroupChat) -> list[ChatMessage]:
    """The cards that still ask for a decision, the oldest first."""
    return [m for m in chat.messages.values() if m.deleted_at is None and offers_decision(m.content)]
