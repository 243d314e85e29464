"""Two workers: the one that hears a tap last heard of its item a round ago, and must not draw what it remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import anyio

from actors.domain.item import State
from actors.item.actor import QUESTION_SECONDS
from actors.operations.cards import SaveCard
from actors.operations.operation import Operation
from actors.operations.schedule import ClaimDue
from actors.worker import Identity, Ports, Worker
from infra.telegram.callback_data import ButtonVerb
from tests.fakes.admin import Requeue, requeue_item
from tests.fakes.writer import Writer
from tests.kit.clock import virtual_time
from tests.kit.kit import Kit
from tests.kit.lives import supervising
from tests.simulation.group import QuietGroup, open_quiet_group
from tests.simulation.telegram import Screen
from tests.stories import ANNA, BEN, CHAT

T = TypeVar("T")
anyio_backend = virtual_time


@dataclass
class Duo:
    """The late worker lives here and is the only one that polls; of the other we see what it does."""

    kit: Kit
    group: QuietGroup

    async def first_round(self) -> Screen:
        """Queue a story, and have the other worker present it."""
        tables, now = self.kit.rows.tables, self.kit.clock.now()
        tables.chats.make(chat_key=1, chat_id=CHAT, created_at=now, gap_seconds=0)
        tables.media.make(chat_key=1, media_id=1, created_at=now, sha256="1", title="Sunset", caption="")
        tables.items.make(chat_key=1, item_id=1, media_id=1, due_at=now, created_at=now)
        return await self._present()

    async def next_round(self) -> Screen:
        """Bring the item back, and have the other worker present it before anybody else notices."""
        tables = self.kit.rows.tables
        with tables.transaction():
            requeue_item(Writer(tables, self.kit.clock.now()), Requeue(1))
        return await self._present()

    async def _present(self) -> Screen:
        due = await self._ask(ClaimDue("other"))
        (row,) = due.present
        sent = await self.group.chat.send_card(row)
        saved = await self._ask(SaveCard(row, sent.message_id, sent.file_id, "other"))
        assert saved.state is State.IN_REVIEW
        return self.group.platform.screens[CHAT, sent.message_id]

    async def _ask(self, operation: Operation[T]) -> T:
        async with self.kit.database.session() as session:
            return await session.run(operation)


@asynccontextmanager
async def playing(kit: Kit) -> AsyncIterator[Duo]:
    """Let the late worker live."""
    async with open_quiet_group() as group:
        ports = Ports(kit.database, group.chat, group.updates, kit.clock)
        late = Worker(ports, Identity("late", "here", 10.0), kit.dice)
        async with supervising(late.supervisor):
            yield Duo(kit, group)


def buttons_of(screen: Screen) -> list[State | None]:
    """What each face of the message took its buttons from."""
    return [sight.face.row.state if sight.face.row else None for sight in screen.sights]


async def test_question_on_a_new_card_leaves_its_buttons_whatever_is_remembered(kit: Kit) -> None:
    """Simulation, seeds 272 and 296: a new card was drawn from the round before, and its live buttons vanished."""
    async with playing(kit) as duo:
        first = await duo.first_round()
        duo.group.press(first.now, ButtonVerb.SKIP, ANNA)
        await duo.group.until(lambda: buttons_of(first)[-1] is State.SKIPPED)
        second = await duo.next_round()
        duo.group.press(second.now, ButtonVerb.REJECT, BEN)
        await duo.group.until(lambda: second.now.face.asking is not None)
        asked = second.now.face
        await anyio.sleep(QUESTION_SECONDS + 10)

    assert asked.row is not None
    assert (asked.row.state, asked.row.version) == (State.IN_REVIEW, 2)
    assert State.SKIPPED not in buttons_of(second)
    assert (second.now.face.asking, buttons_of(second)[-1]) == (None, State.IN_REVIEW)
