"""The shell of an item: lost toasts, rows that refuse, taps given up too late, and the one log line of a tap."""

from dataclasses import replace

import anyio
import pytest

from actors.domain.item import Action, Card, State
from actors.domain.messages import GiveUp, Gone, Recorded, Stale
from actors.domain.taps import Tap
from actors.errors import AnswerLost, Refused, Unreachable
from actors.item import texts
from actors.operations.taps import RecordTap
from tests.actors.fakes import After, Never
from tests.actors.item.fakes import ItemStage, playing, recorded
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT, press, row, settled

anyio_backend = virtual_time

ANNAS = Tap(press("anna-1", ANNA), Action.SKIP)
BENS = Tap(press("ben-1", BEN), Action.POSTED)
IN_REVIEW = row(State.IN_REVIEW)
SKIPPED = settled(row(State.SKIPPED, 1), Action.SKIP, ANNA)


def now_tapped(tap: Tap) -> Tap:
    """The same tap, seen at this moment."""
    return replace(tap, press=replace(tap.press, at=anyio.current_time()))


async def test_tap_writes_one_line_with_every_figure_once_toast_and_card_are_through(stage: ItemStage) -> None:
    stage.chat.will("answer", After(0.03))
    stage.store.will("RecordTap", After(0.05, recorded))
    stage.cards.will("draw", After(0.2, 2))

    async with playing(stage):
        stage.tell(now_tapped(ANNAS))
        await anyio.sleep(0.24)
        assert stage.taps == []

    line = stage.taps[0]
    assert len(stage.taps) == 1
    assert (line["action"], line["outcome"], line["cause"], line["version"]) == ("skip", "recorded", "tap", 1)
    assert (line["toast_ms"], line["recorded_ms"], line["card_ms"]) == pytest.approx((30, 50, 250))
    assert (line["db_attempts"], line["edit_attempts"]) == (1, 2)


async def test_card_is_kept_back_until_the_line_of_its_tap_is_written(stage: ItemStage) -> None:
    """Simulation, seed 227: a worker died after its card was acknowledged and before the toast was through."""
    stage.chat.will("answer", After(3.0))
    stage.store.will("RecordTap", recorded)

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(2.9)
        (logged,) = stage.cards.logged
        assert logged is not None
        before = logged()
        await anyio.sleep(0.2)

        assert (before, logged()) == (False, True)


async def test_line_of_a_tap_waits_for_a_slow_toast(stage: ItemStage) -> None:
    stage.chat.will("answer", After(3.0))
    stage.store.will("RecordTap", recorded)

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(2.9)
        assert stage.taps == []

    assert len(stage.taps) == 1


async def test_card_time_is_that_of_the_tapped_card(stage: ItemStage) -> None:
    both = replace(SKIPPED, cards=(Card(1, CHAT, 400, retired=True), Card(1, CHAT, 501)))
    stage.store.will("RecordTap", lambda asked: Recorded(asked.tap, both))
    stage.cards.always("draw", 4)

    async with playing(stage):
        stage.tell(ANNAS)

    assert {(face.message_id, face.retired) for face, _ in stage.cards.drawn} == {(400, True), (501, False)}
    assert stage.taps[0]["edit_attempts"] == 4


async def test_stale_tap_is_shown_by_its_row(stage: ItemStage) -> None:
    stage.store.will("RecordTap", lambda asked: Stale(asked.tap, SKIPPED))

    async with playing(stage):
        stage.tell(BENS)

    assert stage.cards.drawn[0][0].row == SKIPPED
    assert (stage.taps[0]["outcome"], stage.taps[0]["user_id"]) == ("stale", BEN.id)
    assert stage.confirmed == [BENS.press.update_id]


async def test_line_of_a_late_tap_does_not_wait_for_room_in_a_flooded_chat(stage: ItemStage) -> None:
    stage.store.will("RecordTap", lambda asked: Stale(asked.tap, SKIPPED))
    stage.cards.will("draw", Never())

    async with playing(stage):
        stage.tell(BENS)

    assert stage.cards.lates == [True]
    assert (stage.taps[0]["outcome"], stage.taps[0]["card_ms"]) == ("stale", None)
    assert stage.confirmed == [BENS.press.update_id]


async def test_card_that_changed_before_it_was_tapped_is_redrawn_at_once(stage: ItemStage) -> None:
    """Its buttons were old, and its person is to tap again."""
    stage.store.will("RecordTap", lambda asked: Stale(asked.tap, replace(IN_REVIEW, version=2)))

    async with playing(stage):
        stage.tell(BENS)

    assert stage.cards.lates == [False]


async def test_decision_waits_for_its_card(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)

    async with playing(stage):
        stage.tell(ANNAS)

    assert stage.cards.lates == [False]


async def test_button_that_leads_nowhere_is_told_in_the_chat_and_drawn_nowhere(stage: ItemStage) -> None:
    stage.store.will("RecordTap", lambda asked: Gone(asked.tap))

    async with playing(stage):
        stage.tell(ANNAS)

    assert stage.chat.texts == [(CHAT, f"Anna: {texts.EARLIER_QUEUE}")]
    assert (stage.lines, stage.taps[0]["outcome"]) == ([], "gone")
    assert stage.confirmed == [ANNAS.press.update_id]


async def test_lost_toast_is_tried_three_times(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)
    stage.chat.always("answer", Unreachable("no network"))

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(60.0)

    assert stage.chat.when("answer") == [pytest.approx(0.0), pytest.approx(0.5), pytest.approx(1.5)]
    assert stage.taps[0]["toast_ms"] is None


async def test_second_toast_counts_when_the_first_was_lost(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)
    stage.chat.will("answer", AnswerLost("timeout"))

    async with playing(stage):
        stage.tell(now_tapped(ANNAS))
        await anyio.sleep(1.0)

    assert stage.taps[0]["toast_ms"] == pytest.approx(500)


async def test_toast_that_is_too_old_stops_nothing(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)
    stage.chat.will("answer", Refused("query is too old"))

    async with playing(stage):
        stage.tell(ANNAS)

    assert (len(stage.chat.times), stage.chat.toasts) == (1, [])
    assert stage.taps[0]["outcome"] == "recorded"


@pytest.mark.parametrize("trouble", [Unreachable("no network"), Refused("query is too old")])
async def test_chat_hears_who_is_at_it_if_the_toast_of_a_busy_tap_cannot(
    stage: ItemStage, trouble: Unreachable | Refused
) -> None:
    """Neither a row nor a line tells it: Telegram would forget the tap, and the person would have seen nothing."""
    stage.store.will("RecordTap", After(50.0, recorded))
    stage.chat.always("answer", trouble)

    async with playing(stage):
        stage.tell(ANNAS)
        stage.tell(BENS)
        await anyio.sleep(20.0)

    assert stage.chat.texts == [(CHAT, "Ben: ⏳ Anna is skipping this…")]


async def test_stop_does_not_wait_to_repeat_a_toast(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)
    stage.chat.always("answer", Unreachable("no network"))

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.chat.journal.until("answer")
        await anyio.sleep(0.1)

    assert anyio.current_time() == pytest.approx(0.1)


async def test_giving_up_what_is_recorded_already_changes_nothing(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.store.journal.until("RecordTap")
        await anyio.sleep(0.1)
        stage.tell(GiveUp(ANNAS.press))

    assert stage.lines == []


async def test_giving_up_what_the_database_just_answered_changes_nothing(stage: ItemStage) -> None:
    def answered(asked: RecordTap) -> Recorded:
        stage.tell(GiveUp(ANNAS.press))
        return recorded(asked)

    stage.store.will("RecordTap", answered)

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.cards.journal.until("draw")

    assert stage.lines == []
    assert [line["outcome"] for line in stage.taps] == ["recorded"]
