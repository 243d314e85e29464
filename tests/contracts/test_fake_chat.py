"""The fake group shows what really came, however late, and says so to whoever waits."""

from __future__ import annotations

import anyio
import pytest

from actors.domain.item import State
from actors.errors import AnswerLost
from actors.ports import Face
from tests.fakes.chat import FakeChat
from tests.fakes.faults import Effect, Fault
from tests.kit.clock import virtual_time
from tests.stories import CHAT, row

anyio_backend = virtual_time

LOST = AnswerLost("the answer was lost")


def face(version: int) -> Face:
    """Item 7 on its card, 501."""
    return Face(CHAT, 501, 7, version, row(State.IN_REVIEW, version))


async def test_an_edit_that_comes_late_overwrites_a_newer_one() -> None:
    chat = FakeChat()
    await chat.send_card(row(State.PRESENTING))
    chat.faults.add(Fault(LOST, Effect.LATER), of="edit_card")
    with pytest.raises(AnswerLost):
        await chat.edit_card(face(1))
    await chat.edit_card(face(2))

    chat.apply_late()

    assert [one.version for one in chat.screen(CHAT, 501).faces] == [0, 2, 1]


async def test_a_card_whose_answer_was_lost_is_in_the_chat_all_the_same() -> None:
    chat = FakeChat()
    chat.faults.add(Fault(LOST, Effect.BEFORE), of="send_card")

    with pytest.raises(AnswerLost):
        await chat.send_card(row(State.PRESENTING))
    await chat.send_card(row(State.PRESENTING))

    assert len(chat.cards_of(7)) == 2


async def test_who_waits_for_a_screen_is_woken_by_its_change() -> None:
    chat = FakeChat()
    await chat.send_card(row(State.PRESENTING))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(chat.until, lambda seen: seen.screen(CHAT, 501).face.version == 2)
        await anyio.wait_all_tasks_blocked()
        await chat.edit_card(face(2))
