"""Intake between fakes: a Telegram that keeps what is not confirmed, a lease, items that only listen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
from structlog.testing import capture_logs

from actors.domain.item import Action
from actors.domain.taps import Tap
from actors.domain.updates import Heard, Membership, Moved, Other, Poison, Said, Unknown, Update
from actors.errors import MailboxClosed
from actors.item.aloud import Aloud
from actors.runtime.child import ChildContext
from actors.updates.dispatcher import Recipients
from actors.updates.polling import UpdatePoller
from tests.actors.fakes import FakeChat, FakeItems, Script
from tests.kit.lives import living
from tests.stories import ANNA, CHAT, press


def tap(update_id: int, action: Action = Action.SKIP) -> Tap:
    """A tap on item 7 that came as this update."""
    return Tap(replace(press(f"tap-{update_id}"), update_id=update_id), action)


def said(update_id: int, text: str = "/next", chat_id: int = CHAT, *, private: bool = False) -> Said:
    """Something that Anna wrote, and that came as this update."""
    return Said(update_id, chat_id, update_id, ANNA, text, private)


def other(update_id: int) -> Other:
    """An update that asks nothing."""
    return Other(update_id, "my_chat_member")


class FakeUpdates(Script):
    """Fills ports.Updates as Telegram does: an update comes again until an offset above it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Update] = []
        self.asked: list[tuple[float, int | None, float]] = []
        self.polls_at_once = 0
        self.most_at_once = 0
        self._came = anyio.Event()

    def put(self, *updates: Update) -> None:
        """Let these come."""
        self.kept.extend(updates)
        self._came.set()

    @property
    def offsets(self) -> list[int | None]:
        """What was asked for, poll by poll."""
        return [offset for _, offset, _ in self.asked]

    @property
    def polled_at(self) -> list[float]:
        """When it was polled."""
        return [at for at, _, _ in self.asked]

    async def get(self, offset: int | None, timeout_seconds: float) -> Sequence[object]:
        """Forget what is confirmed; then return what is kept, or wait for something."""
        self.asked.append((anyio.current_time(), offset, timeout_seconds))
        self.polls_at_once += 1
        self.most_at_once = max(self.most_at_once, self.polls_at_once)
        try:
            scripted: Any = await self.play("get")
            return await self._poll(offset, timeout_seconds) if scripted is None else scripted
        finally:
            self.polls_at_once -= 1

    async def _poll(self, offset: int | None, timeout_seconds: float) -> Sequence[object]:
        self.kept = [one for one in self.kept if offset is None or _id(one) >= offset or _id(one) < 0]
        with anyio.move_on_after(timeout_seconds):
            while not self.kept:
                self._came = anyio.Event()
                await self._came.wait()
        return self.kept[:100]

    def identify(self, raw: object) -> int:
        """Read the id alone."""
        return _id(raw)

    def parse(self, raw: object, at: float, redelivered: bool) -> Update:
        """Read all of it; a tap bears the moment and whether an earlier poller may have seen it."""
        match raw:
            case Tap(pressed, action):
                return Tap(replace(pressed, at=at, redelivered=redelivered), action)
            case Said():
                return replace(raw, at=at, redelivered=redelivered)
            case Membership():
                return replace(raw, at=at)
            case Moved() | Unknown() | Other() | Poison():
                return raw
        raise AssertionError(raw)


def _id(raw: object) -> int:
    match raw:
        case Tap(pressed):
            return pressed.update_id
        case Said() | Membership() | Moved() | Unknown() | Other() | Poison():
            return raw.update_id
    raise AssertionError(raw)


@dataclass
class FakeHearers:
    """Fills outside.Hearers: keeps what it hears, unless it is closed."""

    heard: list[Heard] = field(default_factory=list)
    closed: bool = False

    def tell_nowait(self, heard: Heard) -> None:
        """Keep it, or hand it back."""
        if self.closed:
            raise MailboxClosed(heard)
        self.heard.append(heard)


@dataclass
class FakeMovers:
    """Fills outside.Movers: keeps the moves that it is told, unless it is closed."""

    told: list[Moved] = field(default_factory=list)
    closed: bool = False

    def tell_nowait(self, moved: Moved) -> None:
        """Keep it, or hand it back."""
        if self.closed:
            raise MailboxClosed(moved)
        self.told.append(moved)


class FakeLease:
    """Fills intake's Lease; looking at it takes it away until it is given."""

    def __init__(self) -> None:
        self.looks = 0
        self.suspicions = 0
        self._held = anyio.Event()
        self._held.set()

    @property
    def is_held(self) -> bool:
        """Tell whether it is given."""
        return self._held.is_set()

    async def wait_held(self) -> None:
        """Wait until it is given."""
        await self._held.wait()

    def give(self) -> None:
        """Let the worker poll."""
        self._held.set()

    def look(self) -> None:
        """Another poller was seen."""
        self.looks += 1
        self._held = anyio.Event()

    def suspect(self) -> None:
        """There may be another poller."""
        self.suspicions += 1


@dataclass
class IntakeStage:
    """One intake and all around it."""

    updates: FakeUpdates = field(default_factory=FakeUpdates)
    items: FakeItems = field(default_factory=FakeItems)
    chat: FakeChat = field(default_factory=FakeChat)
    lease: FakeLease = field(default_factory=FakeLease)
    commands: FakeHearers = field(default_factory=FakeHearers)
    moves: FakeMovers = field(default_factory=FakeMovers)
    logs: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.poller = UpdatePoller(
            Recipients(self.updates, self.items, Aloud(self.chat), self.commands, self.moves), self.lease
        )

    @property
    def told(self) -> list[str]:
        """The taps that were told, in their order."""
        return [message.press.id for message in self.items.messages if isinstance(message, Tap)]

    def confirm(self, *update_ids: int) -> None:
        """Let these be durable."""
        for update_id in update_ids:
            self.poller.confirm(update_id)

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[ChildContext]:
        """Let intake live; at the end it waits for what is held."""
        with capture_logs() as self.logs:
            async with living(self.poller.run) as context:
                yield context
