"""The update poller: an update is confirmed to Telegram only when its effect is durable, or was visibly refused."""

import anyio
import pytest

from actors.domain.item import Action
from actors.domain.taps import Tap
from actors.domain.updates import Poison, Said, Unknown
from actors.errors import Refused
from actors.item import texts
from tests.actors.fakes import After
from tests.actors.updates.fakes import IntakeStage, other, said, tap
from tests.kit.clock import virtual_time
from tests.stories import ANNA, CHAT

anyio_backend = virtual_time


async def test_tap_is_told_to_its_item_with_the_moment_of_its_first_sight(stage: IntakeStage) -> None:
    async with stage.playing():
        await anyio.sleep(3.0)
        stage.updates.put(tap(10))
        await stage.items.journal.until("Tap")
        stage.confirm(10)

    key, message = stage.items.told[0]
    assert key == (CHAT, 7)
    assert isinstance(message, Tap)
    assert message.action is Action.SKIP
    assert message.press.at == pytest.approx(3.0)


async def test_tap_that_is_not_durable_is_not_confirmed(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(60.0)
        assert set(stage.updates.offsets) == {None, 10}
        stage.confirm(10)

    assert stage.updates.offsets[-1] == 11


async def test_offset_moves_over_what_is_done_from_the_front_only(stage: IntakeStage) -> None:
    stage.updates.put(tap(10), tap(11), tap(12))

    async with stage.playing():
        await stage.items.journal.until("Tap", 3)
        stage.confirm(11, 12)
        await anyio.sleep(1.0)
        assert stage.updates.offsets[-1] == 10
        stage.confirm(10)
        await anyio.sleep(1.0)
        assert stage.updates.offsets[-1] == 13


async def test_update_that_comes_again_is_told_once(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(30.0)
        stage.confirm(10)

    assert stage.told == ["tap-10"]
    assert len(stage.updates.asked) > 30


async def test_update_that_comes_twice_in_one_batch_is_told_once(stage: IntakeStage) -> None:
    stage.updates.put(tap(10), tap(10))

    async with stage.playing():
        await anyio.sleep(1.0)
        stage.confirm(10)

    assert stage.told == ["tap-10"]


async def test_taps_of_one_item_are_told_in_their_order(stage: IntakeStage) -> None:
    stage.updates.put(*[tap(number) for number in range(10, 40)])

    async with stage.playing():
        await stage.items.journal.until("Tap", 30)
        stage.confirm(*range(10, 40))

    assert stage.told == [f"tap-{number}" for number in range(10, 40)]


async def test_poison_is_parked_and_holds_up_nobody(stage: IntakeStage) -> None:
    stage.updates.put(tap(10), Poison(11, "callback_query: KeyError"), tap(12))

    async with stage.playing():
        await stage.items.journal.until("Tap", 2)
        stage.confirm(10, 12)

    assert stage.told == ["tap-10", "tap-12"]
    assert [line["update_id"] for line in stage.logs if line["event"] == "update.poison"] == [11]
    assert stage.updates.offsets[-1] == 13


async def test_id_that_telegram_has_forgotten_may_come_again_for_another_update(stage: IntakeStage) -> None:
    """It starts its ids anew after a quiet week; and what is kept for ever fills the memory."""
    stage.updates.put(tap(10))

    async with stage.playing():
        await stage.items.journal.until("Tap")
        stage.confirm(10)
        await anyio.sleep(1.0)
        stage.updates.will("get", [tap(10)])
        stage.updates.put(other(11))
        await stage.items.journal.until("Tap", 2)
        stage.confirm(10)


async def test_poison_without_an_id_is_not_asked_for_again_and_again(stage: IntakeStage) -> None:
    stage.updates.put(Poison(-1, "no id"))

    async with stage.playing():
        await anyio.sleep(10.0)

    assert len(stage.updates.asked) <= 22


async def test_what_asks_nothing_is_done_at_once(stage: IntakeStage) -> None:
    stage.updates.put(other(10), other(11))

    async with stage.playing():
        await anyio.sleep(0.1)
        assert stage.updates.offsets == [None, 12]

    assert stage.items.told == []


async def test_what_people_write_is_heard_once_and_confirmed_when_it_is_answered(stage: IntakeStage) -> None:
    stage.updates.put(said(10))

    async with stage.playing():
        await anyio.sleep(30.0)
        assert set(stage.updates.offsets) == {None, 10}
        stage.confirm(10)

    assert [(one.text, one.at, one.redelivered) for one in stage.commands.heard if isinstance(one, Said)] == [
        ("/next", 0.0, True)
    ]
    assert stage.updates.offsets[-1] == 11


async def test_words_that_nobody_hears_yet_come_again(stage: IntakeStage) -> None:
    stage.commands.closed = True
    stage.updates.put(said(10))

    async with stage.playing():
        await anyio.sleep(1.0)
        assert stage.poller.waiting == 0
        stage.commands.closed = False
        await anyio.sleep(1.0)
        stage.confirm(10)

    assert len(stage.commands.heard) == 1


async def test_busy_item_is_answered_visibly_and_confirmed(stage: IntakeStage) -> None:
    stage.items.full = True
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(0.1)
        assert stage.updates.offsets[-1] == 11

    assert stage.chat.toasts == [("tap-10", texts.BUSY)]


async def test_busy_tap_is_not_confirmed_before_its_toast_is_through(stage: IntakeStage) -> None:
    stage.items.full = True
    stage.chat.will("answer", After(3.0))
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(2.9)
        assert 11 not in stage.updates.offsets
        await anyio.sleep(0.2)
        assert stage.updates.offsets[-1] == 11


async def test_tap_that_no_item_took_comes_again_with_all_behind_it(stage: IntakeStage) -> None:
    stage.items.closed = True
    stage.updates.put(tap(10), other(11))

    async with stage.playing():
        await anyio.sleep(2.0)
        assert set(stage.updates.offsets) == {None}
        stage.items.closed = False
        await stage.items.journal.until("Tap")
        stage.confirm(10)

    assert len(stage.updates.asked) <= 8
    assert stage.updates.offsets[-1] == 12


async def test_confirming_what_is_not_held_changes_nothing(stage: IntakeStage) -> None:
    async with stage.playing():
        stage.confirm(99)
        await anyio.sleep(1.0)

    assert stage.updates.offsets == [None]


async def test_confirming_twice_is_confirming_once(stage: IntakeStage) -> None:
    stage.updates.put(tap(10), tap(11))

    async with stage.playing():
        await stage.items.journal.until("Tap", 2)
        stage.confirm(10)
        stage.confirm(10)
        await anyio.sleep(1.0)
        assert stage.updates.offsets[-1] == 11
        stage.confirm(11)


async def test_tap_of_the_backlog_that_no_item_took_still_is_one(stage: IntakeStage) -> None:
    stage.items.closed = True
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(1.0)
        stage.items.closed = False
        await stage.items.journal.until("Tap")
        stage.confirm(10)

    assert [message.press.redelivered for message in stage.items.messages if isinstance(message, Tap)] == [True]


async def test_button_that_is_none_of_ours_is_answered_and_explained_in_one_line(stage: IntakeStage) -> None:
    """F4, F5, F39: no spinner stays, and the log says why nothing happened."""
    stage.updates.put(Unknown(10, "old-1", ANNA, CHAT, 501, "not one of ours", 0.0))

    async with stage.playing():
        await anyio.sleep(1.0)

    assert stage.chat.toasts == [("old-1", texts.EARLIER_VERSION)]
    assert (stage.items.told, stage.chat.texts, stage.chat.faces) == ([], [], [])
    [line] = [one for one in stage.logs if one["event"] == "tap"]
    explained = {name: line[name] for name in ("tap_id", "item_id", "chat_id", "user_id", "outcome", "cause")}
    assert explained == {
        "tap_id": "old-1",
        "item_id": None,
        "chat_id": CHAT,
        "user_id": ANNA.id,
        "outcome": "unknown_button",
        "cause": "not one of ours",
    }
    assert stage.updates.offsets[-1] == 11


async def test_button_that_is_none_of_ours_is_confirmed_even_if_nobody_can_be_told(stage: IntakeStage) -> None:
    stage.chat.always("answer", Refused("query is too old"))
    stage.updates.put(Unknown(10, "old-1", ANNA, None, None, "no message of ours", 0.0))

    async with stage.playing():
        await anyio.sleep(1.0)

    assert [line["toast_ms"] for line in stage.logs if line["event"] == "tap"] == [None]
    assert stage.updates.offsets[-1] == 11
