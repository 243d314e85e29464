"""The shell of an item: what a tap costs and shows while the database answers, is slow, is gone, or nobody knows."""

from dataclasses import replace

import anyio
import pytest

from actors.bounds import TAP_HOLD_SECONDS
from actors.database.request import Cause, NotStored
from actors.domain.item import Action, State
from actors.domain.messages import GiveUp, NotRecorded, Recorded
from actors.domain.taps import Tap
from actors.item.actor import INTERIM_SECONDS
from actors.operations.taps import CloseTap, RecordTap
from tests.actors.fakes import After, Never
from tests.actors.item.fakes import ItemStage, playing, recorded
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, MARK, press, row, settled

anyio_backend = virtual_time

ANNAS = Tap(press("anna-1", ANNA), Action.SKIP)
BENS = Tap(press("ben-1", BEN), Action.POSTED)
IN_REVIEW = row(State.IN_REVIEW)
SKIPPED = settled(row(State.SKIPPED, 1), Action.SKIP, ANNA)
GONE_AWAY = NotStored(Cause.BUSY, certain=True)
NOT_SAVED = "⚠️ Anna's Skip was not saved, tap again."
NOT_CONFIRMED = "⏳ Anna's Skip: not confirmed yet, this card will update itself."


async def test_toast_does_not_wait_for_the_database(stage: ItemStage) -> None:
    stage.store.will("RecordTap", After(50.0, recorded))

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.chat.journal.until("answer")
        assert stage.chat.toasts == [("anna-1", "Skipping…")]
        assert stage.chat.when("answer") == stage.store.when("RecordTap") == [pytest.approx(0.0)]


async def test_toast_leaves_without_a_database(stage: ItemStage) -> None:
    stage.store.will("RecordTap", GONE_AWAY)

    async with playing(stage):
        stage.tell(ANNAS)

    assert stage.chat.toasts == [("anna-1", "Skipping…")]
    assert stage.lines == [NOT_SAVED]


async def test_cold_tap_asks_the_database_one_thing(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)

    async with playing(stage):
        stage.tell(ANNAS)

    assert stage.store.asked == [RecordTap(ANNAS, "w1")]


async def test_recorded_tap_is_drawn_from_its_row(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)

    async with playing(stage):
        stage.tell(ANNAS)

    face, shown = stage.cards.drawn[0]
    assert (face.row, face.message_id, face.version) == (SKIPPED, 501, 1)
    assert (shown.item_id, shown.revision) == (7, 1)
    assert stage.lines == []


async def test_recording_open_for_400_ms_adds_a_line_and_keeps_the_buttons(stage: ItemStage) -> None:
    stage.store.will("RecordTap", After(1.0, recorded))

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.cards.journal.until("add_line")
        assert stage.cards.when("add_line") == [pytest.approx(INTERIM_SECONDS)]

    face, needed = stage.cards.lines[0]
    assert (face.line, face.mark, face.seen, needed) == ("⏳ Anna is skipping this…", MARK, "<b>Sunset</b>", False)


async def test_quick_recording_adds_no_line(stage: ItemStage) -> None:
    stage.store.will("RecordTap", After(0.39, recorded))

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(1.0)

    assert stage.lines == []


async def test_second_person_is_answered_while_the_first_is_being_recorded(stage: ItemStage) -> None:
    stage.store.will("RecordTap", After(50.0, recorded))

    async with playing(stage):
        stage.tell(ANNAS)
        stage.tell(BENS)
        await stage.chat.journal.until("answer", 2)
        assert sorted(stage.chat.toasts) == [("anna-1", "Skipping…"), ("ben-1", "⏳ Anna is skipping this…")]

    assert len(stage.store.asked) == 1


async def test_tap_that_was_certainly_not_stored_is_called_not_saved_after_100_s(stage: ItemStage) -> None:
    stage.store.will("RecordTap", Never(certain=True))

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.cards.journal.until("add_line", 2)
        assert stage.cards.when("add_line")[-1] == pytest.approx(TAP_HOLD_SECONDS)

    assert stage.lines[-1] == NOT_SAVED
    assert stage.line_faces[-1].mark == MARK
    assert stage.store.of(CloseTap) == []


async def test_tap_of_which_nobody_knows_is_closed_by_asking_until_answered(stage: ItemStage) -> None:
    stage.store.will("RecordTap", Never(certain=False))
    stage.store.will("CloseTap", Never(certain=False), GONE_AWAY, lambda asked: Recorded(asked.tap, SKIPPED))

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.store.journal.until("CloseTap", 3)

    assert stage.lines[-1] == NOT_CONFIRMED
    assert stage.store.when("CloseTap") == [
        pytest.approx(TAP_HOLD_SECONDS),
        pytest.approx(2 * TAP_HOLD_SECONDS + 1),
        pytest.approx(2 * TAP_HOLD_SECONDS + 2),
    ]
    assert stage.cards.drawn[-1][0].row == SKIPPED
    assert [line["outcome"] for line in stage.taps] == ["recorded"]


async def test_closed_tap_that_was_not_applied_is_called_not_saved(stage: ItemStage) -> None:
    stage.store.will("RecordTap", NotStored(Cause.EXPIRED, certain=False))
    stage.store.will("CloseTap", lambda asked: NotRecorded(asked.tap, certain=True))

    async with playing(stage):
        stage.tell(ANNAS)

    assert stage.lines == [NOT_CONFIRMED, NOT_SAVED]
    assert stage.confirmed == [ANNAS.press.update_id]


async def test_redelivered_tap_is_never_called_not_saved_without_asking(stage: ItemStage) -> None:
    again = Tap(replace(ANNAS.press, redelivered=True), Action.SKIP)
    stage.store.will("RecordTap", Never(certain=True))
    stage.store.will("CloseTap", lambda asked: Recorded(asked.tap, SKIPPED, replayed=True))

    async with playing(stage):
        stage.tell(again)

    assert NOT_SAVED not in stage.lines
    assert [line["cause"] for line in stage.taps] == ["replayed"]


async def test_worker_that_was_frozen_beyond_a_deadline_asks_before_it_says_not_saved(stage: ItemStage) -> None:
    """Simulation, seed 10457: its lease was lost meanwhile, and another worker had stored the tap."""
    stage.store.will("RecordTap", After(TAP_HOLD_SECONDS + 30.0, NotStored(Cause.EXPIRED, certain=True)))
    stage.store.will("CloseTap", lambda asked: Recorded(asked.tap, SKIPPED, replayed=True))

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.store.journal.until("CloseTap")

    assert NOT_SAVED not in stage.lines
    assert stage.cards.drawn[-1][0].row == SKIPPED


async def test_stop_ends_the_asking_and_leaves_the_tap_unconfirmed(stage: ItemStage) -> None:
    stage.store.will("RecordTap", NotStored(Cause.STOPPED, certain=False))
    stage.store.always("CloseTap", GONE_AWAY)

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.store.journal.until("CloseTap", 2)

    assert len(stage.store.of(CloseTap)) == 2
    assert stage.confirmed == []


async def test_tap_given_up_is_refused_at_once(stage: ItemStage) -> None:
    stage.store.will("RecordTap", Never(certain=True))

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(6.0)
        stage.tell(GiveUp(ANNAS.press))
        await stage.cards.journal.until("add_line", 2)
        assert anyio.current_time() == pytest.approx(6.0)

    assert stage.lines[-1] == NOT_SAVED
    assert stage.confirmed == [ANNAS.press.update_id]


async def test_recorded_tap_is_confirmed_before_its_card_is_shown(stage: ItemStage) -> None:
    stage.store.will("RecordTap", recorded)
    stage.cards.will("draw", After(30.0, 1))

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.journal.until(f"confirmed {ANNAS.press.update_id}")
        assert anyio.current_time() == pytest.approx(0.0)


async def test_refused_tap_is_confirmed_only_once_its_line_is_shown(stage: ItemStage) -> None:
    stage.store.will("RecordTap", GONE_AWAY)
    stage.cards.will("add_line", After(30.0, 2))

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(29.0)
        assert stage.confirmed == []
        await stage.journal.until(f"confirmed {ANNAS.press.update_id}")
        assert anyio.current_time() == pytest.approx(30.0)
