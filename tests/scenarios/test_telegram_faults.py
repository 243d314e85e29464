"""Telegram is slow, busy, forgetful, repeats itself, or sends rubbish."""

import anyio
import pytest

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.rules import Rules
from tests.crowd import all_settled, counts, put_in_review, tap_all
from tests.stage import ANNA, CHAT, Stage, open_stage


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET_BEFORE,
        FaultKind.RESET_AFTER,
        FaultKind.SERVER_ERROR,
        FaultKind.SERVER_ERROR_AFTER,
        FaultKind.BROKEN_BODY,
    ],
    ids=lambda kind: kind.value,
)
async def test_edit_that_fails_in_whatever_way_is_made_again(stage: Stage, kind: FaultKind) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        stage.sandbox.set_fault(Fault(kind, "editMessageCaption", times=1))
        tap = stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

    assert line["edit_attempts"] == 2
    assert stage.buttons(card) == []
    assert await stage.events(item) == [("skip", "Anna")]


async def test_pause_that_telegram_asks_for_delays_the_card_and_no_toast(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        stage.sandbox.set_fault(Fault(FaultKind.TOO_MANY, "editMessageCaption", times=1, seconds=1))
        tap = stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

    assert line["card_ms"] > 1000
    assert max(line["toast_ms"], line["recorded_ms"]) < line["card_ms"]
    assert line["edit_attempts"] == 2
    assert await stage.events(item) == [("skip", "Anna")]


async def test_query_that_is_too_old_to_be_answered_is_acted_upon(database_url: str) -> None:
    async with open_stage(database_url, Rules(limits=False, answer_window_seconds=-1)) as stage, stage.worker():
        await stage.add_chat()
        item, card = await stage.present()
        tap = stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

        assert stage.toast(tap) is None
        assert (line["outcome"], line["toast_ms"]) == ("recorded", None)
        assert await stage.events(item) == [("skip", "Anna")]


async def test_poison_update_in_a_batch_stops_no_other(stage: Stage) -> None:
    cards = await put_in_review(stage, 9)
    stage.sandbox.set_fault(Fault(FaultKind.POISON))
    taps = tap_all(stage, cards)

    async with stage.worker():
        await all_settled(stage, cards)
        lines = [await stage.line(tap) for tap in taps]
        await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])

    assert len(stage.lines.named("update.poison")) == 1
    assert {line["outcome"] for line in lines} == {"recorded"}


async def test_slow_telegram_delays_no_record(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        stage.sandbox.set_fault(Fault(FaultKind.DELAY, "answerCallbackQuery", seconds=1))
        stage.sandbox.set_fault(Fault(FaultKind.DELAY, "editMessageCaption", seconds=1))
        tap = stage.tap(card, ANNA, "Skip")
        await stage.row_is(item, "skipped")
        assert stage.toast(tap) is None
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

    assert line["recorded_ms"] < line["toast_ms"]
    assert line["toast_ms"] >= 1000


async def test_update_that_stands_twice_in_one_batch_counts_once(stage: Stage) -> None:
    cards = await put_in_review(stage, 5)
    stage.sandbox.set_fault(Fault(FaultKind.DUPLICATE, "getUpdates", times=3))

    async with stage.worker():
        tap_all(stage, cards)
        await all_settled(stage, cards)
        await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])

    assert await counts(stage) == {"skipped": 5, "decisions": 5}


async def test_tap_that_comes_again_in_another_update_counts_once_and_holds_nothing_up(database_url: str) -> None:
    async with open_stage(database_url) as stage:
        cards = await put_in_review(stage, 5)
        stage.sandbox.set_fault(Fault(FaultKind.REDELIVER, "getUpdates", times=3))

        async with stage.worker():
            tap_all(stage, cards)
            await all_settled(stage, cards)
            await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])

        assert await counts(stage) == {"skipped": 5, "decisions": 5}
        assert await stage.database.fetchval("select sum(skipped) from members") == 5


async def test_network_that_is_off_for_a_while_loses_no_tap(stage: Stage) -> None:
    cards = await put_in_review(stage, 5)

    async with stage.worker():
        await stage.lines.until("lease.held", 5.0)
        off = stage.sandbox.set_fault(Fault(FaultKind.NETWORK_OFF))
        tap_all(stage, cards)
        await stage.lines.until("intake.unreachable", 5.0)
        stage.sandbox.clear_faults(off)
        await all_settled(stage, cards)

    assert await counts(stage) == {"skipped": 5, "decisions": 5}


async def test_real_limits_of_a_group_leave_the_final_card_true(database_url: str) -> None:
    crowd = [User(100 + number, f"Person {number}") for number in range(12)]

    async with open_stage(database_url, Rules()) as stage, stage.worker():
        await stage.add_chat(CHAT, *crowd)
        item, card = await stage.present()
        taps = [stage.tap(card, person, "Skip") for person in crowd]
        toasts = [await stage.answered(tap) for tap in taps]
        await stage.says(card, "Skipped by")
        with anyio.fail_after(10):
            outcomes = [(await stage.line(tap))["outcome"] for tap in taps]

        assert len(toasts) == len(outcomes) == 12
        assert stage.buttons(card) == []
        assert await stage.events(item) == [("skip", "Person 0")]
