"""The desk of items: a message that crashed one is answered, confirmed, and its item looked at again."""

from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from actors.domain.item import Action, State
from actors.domain.messages import Changed, Message, Recorded
from actors.domain.taps import AskToReject, KeepIt, SendOriginal, Tap
from actors.errors import MailboxClosed, Unreachable
from actors.item import texts
from actors.item.aloud import ANSWER_SECONDS, Aloud
from actors.item.callback_answers import refuse
from actors.item.dependencies import ItemDependencies
from actors.peers import ItemKey
from actors.runtime.actor import Context
from tests.actors.fakes import After, Bug, FakeChat, Never
from tests.actors.item.fakes import ItemStage, playing
from tests.kit.clock import virtual_time
from tests.stories import ANNA, press, row

anyio_backend = virtual_time

ANNAS = Tap(press("anna-1", ANNA), Action.SKIP)
SKIPPED = row(State.SKIPPED, 1)


@dataclass
class Poisoned:
    """An item that no message is good for."""

    dependencies: ItemDependencies
    context: Context[ItemKey, Message]
    idle: bool = True

    def receive(self, message: Message) -> None:
        raise Bug(type(message).__name__)


async def test_tap_whose_effect_crashed_is_answered_confirmed_and_looked_at_again() -> None:
    stage = ItemStage()
    stage.store.will("RecordTap", Bug("not a PortError"))

    async with playing(stage):
        stage.tell(ANNAS)

    assert sorted(stage.chat.toasts) == [("anna-1", texts.BROKEN), ("anna-1", "Skipping…")]
    assert stage.confirmed == [ANNAS.press.update_id]
    assert stage.wakes == ["reconciler"]


async def test_crash_while_the_card_is_drawn_answers_the_person() -> None:
    stage = ItemStage()
    stage.store.will("RecordTap", lambda asked: Recorded(asked.tap, SKIPPED))
    stage.cards.will("draw", Bug("not a PortError"))

    async with playing(stage):
        stage.tell(ANNAS)

    assert ("anna-1", texts.BROKEN) in stage.chat.toasts
    assert stage.wakes == ["reconciler"]


@pytest.mark.parametrize("message", [ANNAS, AskToReject(ANNAS.press), KeepIt(ANNAS.press), SendOriginal(ANNAS.press)])
async def test_press_that_crashed_its_item_is_answered_and_confirmed(message: Message) -> None:
    stage = ItemStage(make=Poisoned)

    async with playing(stage):
        stage.tell(message)

    assert stage.chat.toasts == [("anna-1", texts.BROKEN)]
    assert stage.confirmed == [ANNAS.press.update_id]


async def test_message_of_nobody_that_crashed_its_item_wakes_the_reconciler_only() -> None:
    stage = ItemStage(make=Poisoned)

    async with playing(stage):
        stage.tell(Changed(SKIPPED, "expired"))

    assert (stage.chat.toasts, stage.confirmed, stage.wakes) == ([], [], ["reconciler"])


async def test_taps_on_an_item_in_quarantine_are_answered() -> None:
    stage = ItemStage(make=Poisoned)

    async with playing(stage):
        for number in range(7):
            stage.tell(Tap(press(f"tap-{number}"), Action.SKIP))
            await anyio.sleep(0.1)

    assert [text for _, text in stage.chat.toasts] == [texts.BROKEN] * 7
    assert [line["event"] for line in stage.logs].count("actor.quarantined") == 1


async def test_tap_that_a_kill_left_over_is_neither_answered_nor_confirmed() -> None:
    stage = ItemStage()
    stage.store.will("RecordTap", Never())

    with anyio.CancelScope() as kill:
        async with playing(stage):
            stage.tell(ANNAS)
            await stage.chat.journal.until("answer")
            await anyio.sleep(0.1)
            kill.cancel()
            await anyio.sleep(1)

    assert stage.chat.toasts == [("anna-1", "Skipping…")]
    assert stage.confirmed == []


async def test_desk_that_has_stopped_hands_messages_back() -> None:
    stage = ItemStage()

    async with playing(stage) as context:
        context.stopping.set()
        await anyio.sleep(0.1)
        with pytest.raises(MailboxClosed):
            await stage.desk.tell((1, 2), ANNAS)


async def test_pause_lasts_as_long_as_asked() -> None:
    stage = ItemStage()

    async with playing(stage):
        assert not await stage.desk.pause(3.0)

    assert anyio.current_time() == pytest.approx(3.0)


async def test_pause_is_cut_short_by_the_stop() -> None:
    stage = ItemStage()
    ended: list[bool] = []

    async def rest() -> None:
        ended.append(await stage.desk.pause(3.0))

    async with anyio.create_task_group() as tasks, playing(stage):
        tasks.start_soon(rest)
        await anyio.sleep(1.0)

    assert ended == [True]
    assert anyio.current_time() == pytest.approx(1.0)


@pytest.mark.parametrize("answer", [None, Unreachable("no network"), After(3.0), Never()])
async def test_refused_press_is_done_in_bounded_time_toast_or_no_toast(answer: Any) -> None:
    chat, confirmed = FakeChat(), list[int]()
    chat.will("answer", answer)

    await refuse(Aloud(chat), ANNAS.press, texts.BUSY, confirmed.append)

    assert confirmed == [ANNAS.press.update_id]
    assert anyio.current_time() <= ANSWER_SECONDS + 0.001


@pytest.mark.parametrize("answer", [Unreachable("no network"), Never()])
async def test_refusal_whose_toast_fails_is_said_in_the_chat(answer: Any) -> None:
    chat = FakeChat()
    chat.will("answer", answer)

    await refuse(Aloud(chat), ANNAS.press, texts.BUSY, lambda _: None)

    assert chat.texts == [(ANNAS.press.chat_id, f"Anna: {texts.BUSY}")]


async def test_refusal_that_nobody_can_be_told_is_done_all_the_same() -> None:
    chat, confirmed = FakeChat(), list[int]()
    chat.will("answer", Never())
    chat.will("send_text", Unreachable("no network"))

    await refuse(Aloud(chat), ANNAS.press, texts.BUSY, confirmed.append)

    assert confirmed == [ANNAS.press.update_id]
