"""Reception between fakes: a Telegram that brings updates, items that only listen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from structlog.testing import capture_logs

from actors.domain.messages import GiveUp
from actors.domain.taps import Tap
from actors.domain.updates import Update
from actors.item.aloud import Aloud
from actors.ports import Delivery, Receipt
from actors.runtime.child import ChildContext
from actors.updates.dispatcher import Recipients
from actors.updates.webhook import WebhookReceiver
from tests.actors.fakes import FakeChat, FakeItems, Script
from tests.actors.updates.fakes import FakeHearers, FakeMovers, FakeUpdates
from tests.kit.lives import living

WELL = Delivery(is_ours=True, waiting=0, trouble=None)


class FakeWebhook(Script):
    """Fills ports.Webhook; all is well unless it is told otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.registered: list[float] = []
        self.delivery = WELL

    async def register(self) -> None:
        """Note when."""
        await self.play("register")
        self.registered.append(anyio.current_time())
        self.delivery = WELL

    async def look(self) -> Delivery:
        """Say how it goes."""
        await self.play("look")
        return self.delivery


@dataclass
class ReceptionStage:
    """One reception and all around it."""

    items: FakeItems = field(default_factory=FakeItems)
    chat: FakeChat = field(default_factory=FakeChat)
    commands: FakeHearers = field(default_factory=FakeHearers)
    moves: FakeMovers = field(default_factory=FakeMovers)
    webhook: FakeWebhook = field(default_factory=FakeWebhook)
    receipts: list[Receipt] = field(default_factory=list)
    answered_at: list[float] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        recipients = Recipients(FakeUpdates(), self.items, Aloud(self.chat), self.commands, self.moves)
        self.receiver = WebhookReceiver(recipients, self.webhook)

    @property
    def told(self) -> list[str]:
        """The taps that were told, in their order."""
        return [message.press.id for message in self.items.messages if isinstance(message, Tap)]

    @property
    def given_up(self) -> list[str]:
        """The taps that were given up, in their order."""
        return [message.press.id for message in self.items.messages if isinstance(message, GiveUp)]

    def logged(self, event: str) -> list[Any]:
        """The lines of this event."""
        return [line for line in self.logs if line["event"] == event]

    async def bring(self, update: Update) -> None:
        """Bring an update, and keep what was said about it, and when."""
        self.receipts.append(await self.receiver.take(update))
        self.answered_at.append(anyio.current_time())

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[ChildContext]:
        """Let reception live; at the end it waits for what is held."""
        with capture_logs() as self.logs:
            async with living(self.receiver.run) as context:
                yield context
