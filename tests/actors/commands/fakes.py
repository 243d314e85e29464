"""The actor that hears people, between fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from structlog.testing import capture_logs

from actors.cards.chat_limits import ChatLimits, LimitedChat
from actors.commands.actor import Commands
from actors.commands.dependencies import CommandDependencies
from actors.operations.commands import ChatView, CommandOutcome, Told
from actors.runtime.child import ChildContext
from tests.actors.fakes import FakeChat, FakeItems, FakeStore
from tests.actors.item.fakes import NoonClock
from tests.journal import Journal
from tests.kit.lives import living

VIEW = ChatView(True, "UTC", True, False, 0, 0, None, (), None)


@dataclass
class CommandStage:
    """One actor, and all around it; the database answers at once unless it is told otherwise."""

    store: FakeStore = field(default_factory=FakeStore)
    chat: FakeChat = field(default_factory=FakeChat)
    items: FakeItems = field(default_factory=FakeItems)
    confirmed: Journal = field(default_factory=Journal)
    looks: Journal = field(default_factory=Journal)
    logs: list[Any] = field(default_factory=list)
    lacks: tuple[str, ...] = ()
    paces: ChatLimits = field(default_factory=ChatLimits)

    def __post_init__(self) -> None:
        self.store.always("LookAtChat", VIEW)
        self.store.always("ReopenChat", False)
        self.store.always("PauseChat", Told(CommandOutcome.DONE))
        self.commands = Commands(
            CommandDependencies(
                worker="w1",
                store=self.store,
                chat=LimitedChat(self.chat, self.paces),
                paces=self.paces,
                items=self.items,
                clock=NoonClock(),
                confirm=lambda update_id: self.confirmed.add(str(update_id)),
                look_again=lambda: self.looks.add("look"),
                silence_seconds=lambda: 1.0,
                shortcomings=self._shortcomings,
            )
        )

    async def _shortcomings(self, chat_id: int) -> tuple[str, ...]:
        assert chat_id
        return self.lacks

    @property
    def texts(self) -> list[str]:
        """What was said, to whomever."""
        return [text for _, text in self.chat.texts]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log's lines about commands."""
        return [line for line in self.logs if line["event"] == "command"]

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[ChildContext]:
        """Let it live; at the end it answers what is open."""
        with capture_logs() as self.logs:
            async with living(self.commands.run) as context:
                yield context
