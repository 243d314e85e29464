"""The two groups as the contracts see them: the ports, and what people do and see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from actors.domain.item import Story
from actors.domain.updates import Update
from actors.ports import Chat, Updates
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.server import open_sandbox
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import ButtonTap, NewChat
from infra.telegram.bot import open_telegram
from infra.telegram.callback_data import ButtonVerb, Meaning, encode
from tests.simulation.calm import open_wires
from tests.simulation.group import QuietGroup
from tests.stories import ANNA, CHAT, MARK

ITEM = 7


class Group(Protocol):
    """A group with Anna in it, and the bot's two ports to it; `rival` is another worker's."""

    @property
    def chat(self) -> Chat:
        """The group."""
        ...

    @property
    def updates(self) -> Updates:
        """What comes out of it."""
        ...

    @property
    def rival(self) -> Updates:
        """The same, for the other worker."""
        ...

    def tap(self, message_id: int) -> str:
        """Let Anna tap Skip; returns the tap's id."""
        ...

    def delete(self, message_id: int) -> None:
        """Let somebody delete a message."""
        ...

    def toast(self, press_id: str) -> str | None:
        """Return what Anna saw."""
        ...


class SimulatedGroup(QuietGroup):
    """In memory."""

    def tap(self, message_id: int) -> str:
        """Tap."""
        return self.press(self.platform.screens[CHAT, message_id].now, ButtonVerb.SKIP, ANNA)

    def delete(self, message_id: int) -> None:
        """Delete."""
        self.platform.screens[CHAT, message_id].deleted = True

    def toast(self, press_id: str) -> str | None:
        """Look."""
        return self.platform.toasts.get(press_id)


@dataclass
class SandboxGroup:
    """The real adapters, over HTTP, before the sandbox's Telegram."""

    sandbox: Sandbox
    chat: Chat
    updates: Updates
    rival: Updates

    def tap(self, message_id: int) -> str:
        """Tap what the card shows, or showed."""
        skip = encode(Meaning(ButtonVerb.SKIP, ITEM, 0, MARK))
        return self.sandbox.tap(ButtonTap(CHAT, message_id, ANNA.id, skip, force=True))

    def delete(self, message_id: int) -> None:
        """Delete."""
        self.sandbox.telegram.delete((str(CHAT), message_id), 0.0)

    def toast(self, press_id: str) -> str | None:
        """Look."""
        seen = self.sandbox.telegram.queries.by_id[press_id].seen()
        return seen.text if seen else None


class _Pictures:
    """A media source with one picture."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def shown(self, _: Story) -> bytes:
        """Return the picture."""
        return self._content

    async def thumbnail(self, _: Story) -> bytes | None:
        """Return nothing: it has none."""
        return None

    async def original(self, story: Story) -> bytes:
        """Return the same."""
        return await self.shown(story)


@asynccontextmanager
async def open_simulated_group(_: bytes) -> AsyncIterator[Group]:
    """Open a group in memory, and the ways of two workers to it; nobody asks for its pictures."""
    async with open_wires(2) as (wire, rival):
        yield SimulatedGroup.open(wire, rival)


@asynccontextmanager
async def open_sandbox_group(picture: bytes) -> AsyncIterator[Group]:
    """Open a sandbox, and the connections of two workers to it."""
    media = _Pictures(picture)
    async with (
        open_sandbox(rules=Rules(limits=False)) as sandbox,
        open_telegram(sandbox.token, sandbox.url, media) as (chat, updates),
        open_telegram(sandbox.token, sandbox.url, media) as (_, rival),
    ):
        sandbox.create_chat(NewChat("Team", [User(ANNA.id, ANNA.name)], id=CHAT))
        yield SandboxGroup(sandbox, chat, updates, rival)


GROUPS = {"simulated": open_simulated_group, "sandbox": open_sandbox_group}


def read(group: Group, raw: object) -> Update:
    """Read an update as if it came now."""
    return group.updates.parse(raw, 0.0, False)
