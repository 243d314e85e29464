"""The card drawer between fakes: who wishes what, and what the chat was told to show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from structlog.testing import capture_logs

from actors.cards.acknowledgements import IsLogged
from actors.cards.actor import CardDrawer
from actors.domain.item import Card, Item, State
from actors.operations.cards import Shown
from actors.peers import Drawn
from actors.ports import Face
from actors.runtime.child import ChildContext
from tests.actors.fakes import FakeChat, FakeStore
from tests.journal import Journal
from tests.kit.lives import living
from tests.stories import CHAT
from tests.stories import row as story_row


@dataclass
class CardStage:
    """A drawer, its chat and its database; whoever wishes is a task of its own."""

    chat: FakeChat = field(default_factory=FakeChat)
    store: FakeStore = field(default_factory=FakeStore)
    lost_claims: list[float] = field(default_factory=list)
    shown: dict[str, int] = field(default_factory=dict)
    drawn: dict[str, Drawn] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    logs: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store.always("AcknowledgeCards", 0)
        self.drawer = CardDrawer(self.chat, self.store, "w1", lambda: self.lost_claims.append(anyio.current_time()))
        self._people: TaskGroup | None = None

    async def draw(
        self,
        row: Item,
        name: str = "",
        message: int = 501,
        chat: int = CHAT,
        logged: IsLogged | None = None,
        late: bool = False,
    ) -> None:
        """Wish for the card of a row, and let the drawer take it in."""
        face = Face(chat, message, row.id, row.version, row)
        shown = Shown(Card(1, chat, message), row.id, row.revision)
        await self._request_edit(
            name or f"card {row.revision}", partial(self.drawer.draw, face, shown, logged, late=late)
        )

    async def line(self, text: str, needed: bool = True, row: Item | None = None, message: int = 501) -> None:
        """Wish for a line, and let the drawer take it in."""
        face = Face(CHAT, message, 7, 0, row, seen="<b>Sunset</b>", line=text)
        await self._request_edit(text, partial(self.drawer.add_line, face, needed))

    async def view(self, name: str, message: int = 501, *, admitted: bool = False) -> None:
        """Wish for a question, perhaps one too many, and let the drawer take it in."""
        face = Face(CHAT, message, 7, 0, None, seen="<b>Sunset</b>", line=name)
        await self._request_edit(name, partial(self.drawer.show_view, face, admitted))

    async def spend(self, edits: int) -> None:
        """Use up so much of the chat's budget, on messages from 1000 on."""
        for message in range(1000, 1000 + edits):
            await self.draw(story_row(State.IN_REVIEW), message=message)

    async def _request_edit(self, name: str, edit: Callable[[], Awaitable[Drawn]]) -> None:
        async def wait() -> None:
            self.drawn[name] = drawn = await edit()
            self.shown[name] = drawn.edits
            self.journal.add(name)

        assert self._people is not None
        self._people.start_soon(wait)
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()

    @property
    def seen(self) -> list[str]:
        """What was tried to show, one word an edit: the revision, or the line."""
        return [face.line or f"card {face.row.revision if face.row else '?'}" for face in self.chat.faces]

    @property
    def acknowledged(self) -> list[Shown]:
        """What the database was told."""
        return [shown for operation in self.store.asked for shown in operation.shown]

    @asynccontextmanager
    async def people(self) -> AsyncIterator[None]:
        """Let people wish, whether the drawer lives or not."""
        with capture_logs() as self.logs:
            async with anyio.create_task_group() as self._people:
                yield

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[ChildContext]:
        """Let the drawer live; it draws what is wanted before it ends."""
        async with self.people(), living(self.drawer.run) as context:
            yield context
