"""Where each update goes, and what its source is told: that it is held, done with, or has to come again."""

from __future__ import annotations

import anyio
import pytest

from actors.domain.group_ids import GroupKind
from actors.domain.membership import BotMembership
from actors.domain.updates import Membership, Moved, Poison, Unknown, Update
from actors.item.aloud import Aloud
from actors.updates.dispatcher import Dispatched, Dispatcher, Recipients
from tests.actors.fakes import FakeChat, FakeItems
from tests.actors.updates.fakes import FakeHearers, FakeMovers, FakeUpdates, other, said, tap
from tests.kit.clock import virtual_time
from tests.stories import ANNA, CHAT

anyio_backend = virtual_time

TAP = tap(10)
SAID = said(11)
JOINED = Membership(12, CHAT, GroupKind.GROUP, 1, BotMembership.LEFT, BotMembership.MEMBER)
MOVED = Moved(13, CHAT, CHAT - 1)
UNKNOWN = Unknown(14, "tap-14", ANNA, None, None, "no such verb", 0.0)


class Stage:
    """A door, and all to whom it tells."""

    def __init__(self, *, closed: bool = False) -> None:
        self.items, self.chat = FakeItems(), FakeChat()
        self.commands, self.moves = FakeHearers(closed=closed), FakeMovers(closed=closed)
        self.items.closed = closed
        self.confirmed: list[int] = []
        self.taken = Dispatched.DONE
        around = Recipients(FakeUpdates(), self.items, Aloud(self.chat), self.commands, self.moves)
        self._door = Dispatcher(around, self.confirmed.append)

    async def take(self, update: Update) -> Dispatched:
        """Hand it on, and let what is answered at the door be answered."""
        async with anyio.create_task_group() as answers:
            self.taken = self._door.dispatch(update, answers)
        return self.taken


@pytest.mark.parametrize("update", [TAP, SAID, JOINED, MOVED, UNKNOWN], ids=lambda one: type(one).__name__)
async def test_what_somebody_works_on_is_held(update: Update) -> None:
    assert await Stage().take(update) is Dispatched.HELD


@pytest.mark.parametrize("update", [TAP, SAID, JOINED, MOVED], ids=lambda one: type(one).__name__)
async def test_what_comes_while_those_whom_it_concerns_stop_has_to_come_again(update: Update) -> None:
    assert await Stage(closed=True).take(update) is Dispatched.REDELIVER


@pytest.mark.parametrize("update", [other(15), Poison(16, "no id")], ids=lambda one: type(one).__name__)
async def test_what_asks_nothing_is_done_with(update: Update) -> None:
    assert await Stage().take(update) is Dispatched.DONE


async def test_each_goes_to_whom_it_concerns() -> None:
    stage = Stage()

    for update in (TAP, SAID, JOINED, MOVED, UNKNOWN):
        await stage.take(update)

    assert stage.items.messages == [TAP]
    assert stage.commands.heard == [SAID, JOINED]
    assert stage.moves.told == [MOVED]
    assert [press_id for press_id, _ in stage.chat.toasts] == ["tap-14"]
    assert stage.confirmed == [14]


async def test_tap_without_room_is_held_until_it_is_refused_visibly() -> None:
    stage = Stage()
    stage.items.full = True

    taken = await stage.take(TAP)

    assert (taken, stage.confirmed) == (Dispatched.HELD, [TAP.press.update_id])
    assert [press_id for press_id, _ in stage.chat.toasts] == [TAP.press.id]
