"""The webhook receiver: a 2xx is the confirmation, so it waits for the effect; a request waits for a second."""

from __future__ import annotations

import anyio
import pytest

from actors.bounds import LOOK_AT_BUTTON_SECONDS, MOST_WAITING, PUSH_HOLD_SECONDS, STUCK_SECONDS
from actors.domain.taps import Tap
from actors.domain.updates import Poison
from actors.errors import Refused, Unreachable
from actors.item import texts
from actors.ports import Conflict, Delivery, Receipt
from actors.updates.webhook import (
    AGAIN_SECONDS,
    CROWDED_SECONDS,
    LOOK_SECONDS,
    MOST_OPEN,
    PATIENCE_SECONDS,
    REMEMBER,
    REMEMBER_SECONDS,
    RETRY,
)
from tests.actors.fakes import Bug
from tests.actors.updates.fakes import other, said, tap
from tests.actors.updates.fakes_webhook import ReceptionStage
from tests.kit.clock import virtual_time

anyio_backend = virtual_time


@pytest.fixture
def stage() -> ReceptionStage:
    return ReceptionStage()


async def test_tap_is_taken_once_its_effect_is_durable(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        tasks.start_soon(stage.bring, tap(10))
        await anyio.sleep(0.7)
        assert (stage.told, stage.receipts) == (["tap-10"], [])
        stage.receiver.confirm(10)

    assert stage.receipts == [Receipt.DONE]
    assert stage.answered_at == [pytest.approx(0.7)]


async def test_tap_that_is_not_durable_within_a_second_is_given_back_and_taken_when_it_comes_again(
    stage: ReceptionStage,
) -> None:
    """A:WebhookActor.cpp:279-305: with one connection, a request that waits keeps everybody else's tap waiting."""
    async with stage.playing():
        await stage.bring(tap(10))
        await stage.bring(tap(10))
        stage.receiver.confirm(10)
        await stage.bring(tap(10))

    assert stage.told == ["tap-10"]
    assert stage.receipts == [Receipt.LATER, Receipt.LATER, Receipt.DONE]
    assert stage.answered_at == pytest.approx([PATIENCE_SECONDS] + [PATIENCE_SECONDS + CROWDED_SECONDS] * 2)


async def test_while_taps_are_given_back_the_next_one_takes_little_of_the_only_connection(
    stage: ReceptionStage,
) -> None:
    async with stage.playing():
        for number in range(4):
            await stage.bring(tap(number))
        for number in range(4):
            stage.receiver.confirm(number)

    assert stage.told == [f"tap-{number}" for number in range(4)]
    assert stage.answered_at[-1] == pytest.approx(PATIENCE_SECONDS + 3 * CROWDED_SECONDS)


async def test_any_tap_may_have_been_worked_on_by_another_worker(stage: ReceptionStage) -> None:
    """Telegram does not say how often it brought an update, so no refusal may call itself certain."""
    async with stage.playing(), anyio.create_task_group() as tasks:
        tasks.start_soon(stage.bring, tap(10))
        await stage.items.journal.until("Tap")
        stage.receiver.confirm(10)

    assert [message.press.redelivered for message in stage.items.messages if isinstance(message, Tap)] == [True]


async def test_tap_that_is_not_durable_after_10_s_is_given_up_and_taken_when_that_is_shown(
    stage: ReceptionStage,
) -> None:
    async with stage.playing():
        await stage.bring(tap(10))
        await anyio.sleep(PUSH_HOLD_SECONDS - 0.1 - PATIENCE_SECONDS)
        assert stage.given_up == []
        await stage.items.journal.until("GiveUp")
        assert anyio.current_time() == pytest.approx(PUSH_HOLD_SECONDS)
        stage.receiver.confirm(10)
        await stage.bring(tap(10))

    assert stage.receipts == [Receipt.LATER, Receipt.DONE]


async def test_tap_of_which_it_is_not_known_yet_whether_it_counts_stays_at_telegram(stage: ReceptionStage) -> None:
    """A 2xx would have it forgotten, and a kill would leave it undecided for ever."""
    async with stage.playing():
        await stage.bring(tap(10))
        await anyio.sleep(60.0)
        await stage.bring(tap(10))
        assert stage.receipts == [Receipt.LATER] * 2
        stage.receiver.confirm(10)
        await stage.bring(tap(10))

    assert stage.receipts[-1] is Receipt.DONE
    assert stage.given_up == ["tap-10"]
    assert [line["tap_id"] for line in stage.logged("tap.not_confirmed")] == ["tap-10"]


def test_a_look_of_an_item_at_its_row_ends_before_its_press_is_given_up() -> None:
    assert LOOK_AT_BUTTON_SECONDS < PUSH_HOLD_SECONDS


async def test_tap_that_cannot_be_given_up_is_tried_again(stage: ReceptionStage) -> None:
    async with stage.playing():
        await stage.bring(tap(10))
        stage.items.full = True
        await anyio.sleep(PUSH_HOLD_SECONDS + AGAIN_SECONDS)
        assert stage.given_up == []
        stage.items.full = False
        await stage.items.journal.until("GiveUp")
        stage.receiver.confirm(10)

    assert stage.given_up == ["tap-10"]


async def test_update_that_is_brought_twice_at_once_is_told_once_and_taken_twice(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        tasks.start_soon(stage.bring, tap(10))
        tasks.start_soon(stage.bring, tap(10))
        await anyio.sleep(0.5)
        stage.receiver.confirm(10)

    assert stage.told == ["tap-10"]
    assert stage.receipts == [Receipt.DONE] * 2


async def test_update_that_was_taken_is_taken_again_and_told_to_nobody(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        tasks.start_soon(stage.bring, tap(10))
        await stage.items.journal.until("Tap")
        stage.receiver.confirm(10)
        await anyio.sleep(1.0)
        await stage.bring(tap(10))

    assert stage.told == ["tap-10"]
    assert stage.receipts == [Receipt.DONE] * 2
    assert stage.answered_at[-1] == pytest.approx(1.0)


async def test_id_that_was_taken_long_ago_is_another_update(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        tasks.start_soon(stage.bring, tap(10))
        await stage.items.journal.until("Tap")
        stage.receiver.confirm(10)
        await anyio.sleep(REMEMBER_SECONDS)
        tasks.start_soon(stage.bring, tap(10))
        await stage.items.journal.until("Tap", 2)
        stage.receiver.confirm(10)

    assert stage.told == ["tap-10", "tap-10"]


async def test_of_what_was_taken_the_last_thousand_are_remembered(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        for number in range(REMEMBER + 1):
            await stage.bring(other(number))
        await stage.bring(tap(1))
        tasks.start_soon(stage.bring, tap(0))
        await stage.items.journal.until("Tap")
        stage.receiver.confirm(0)

    assert stage.told == ["tap-0"]


@pytest.mark.parametrize("update", [other(10), Poison(10, "callback_query: KeyError")])
async def test_what_asks_nothing_is_taken_at_once(stage: ReceptionStage, update: Poison) -> None:
    async with stage.playing():
        await stage.bring(update)

    assert stage.receipts == [Receipt.DONE]
    assert stage.answered_at == [pytest.approx(0.0)]


async def test_update_without_an_id_is_unreadable(stage: ReceptionStage) -> None:
    async with stage.playing():
        await stage.bring(Poison(-1, "no id"))

    assert stage.receipts == [Receipt.UNREADABLE]


async def test_words_that_take_long_come_again_until_they_are_answered(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        await stage.bring(said(10))
        await stage.bring(said(10))
        tasks.start_soon(stage.bring, said(11))
        await anyio.sleep(0.1)
        stage.receiver.confirm(10)
        stage.receiver.confirm(11)
        await stage.bring(said(10))

    assert [one.update_id for one in stage.commands.heard] == [10, 11]
    assert stage.receipts == [Receipt.LATER, Receipt.LATER, Receipt.DONE, Receipt.DONE]


async def test_busy_item_is_answered_visibly_and_taken(stage: ReceptionStage) -> None:
    stage.items.full = True

    async with stage.playing():
        await stage.bring(tap(10))

    assert stage.chat.toasts == [("tap-10", texts.BUSY)]
    assert stage.receipts == [Receipt.DONE]


@pytest.mark.parametrize("update", [tap(10), said(10)])
async def test_what_nobody_hears_yet_comes_again(stage: ReceptionStage, update: Tap) -> None:
    stage.items.closed = stage.commands.closed = True

    async with stage.playing():
        await stage.bring(update)

    assert stage.receipts == [Receipt.LATER]
    assert stage.receiver.open == 0


async def test_ninety_taps_that_are_stuck_cost_the_oldest_its_place(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        for number in range(MOST_WAITING - 1):
            tasks.start_soon(stage.bring, tap(number))
        await anyio.sleep(STUCK_SECONDS + 0.1)
        assert stage.given_up == []
        tasks.start_soon(stage.bring, tap(500))
        await stage.items.journal.until("GiveUp")
        assert len(stage.given_up) == 1
        for number in [*range(MOST_WAITING), 500]:
            stage.receiver.confirm(number)


async def test_burst_that_the_database_takes_in_its_stride_costs_nobody_a_place(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(stage.bring, tap(number))
        await anyio.sleep(STUCK_SECONDS)
        for number in range(100):
            stage.receiver.confirm(number)

    assert stage.given_up == []


async def test_what_is_still_to_be_closed_has_a_bound_and_beyond_it_taps_are_refused_visibly(
    stage: ReceptionStage,
) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        for number in range(MOST_OPEN):
            tasks.start_soon(stage.bring, tap(number))
        await stage.items.journal.until("Tap", MOST_OPEN)
        await stage.bring(tap(MOST_OPEN))
        for number in range(MOST_OPEN):
            stage.receiver.confirm(number)

    assert stage.chat.toasts == [(f"tap-{MOST_OPEN}", texts.BUSY)]


async def test_stop_lets_nothing_in_and_waits_for_what_is_held(stage: ReceptionStage) -> None:
    async with anyio.create_task_group() as tasks:
        async with stage.playing() as context:
            tasks.start_soon(stage.bring, tap(10))
            await stage.items.journal.until("Tap")
            context.stopping.set()
            await anyio.sleep(0.5)
            await stage.bring(tap(11))
            stage.receiver.confirm(10)
        assert anyio.current_time() == pytest.approx(0.5)

    assert stage.told == ["tap-10"]
    assert stage.receipts == [Receipt.LATER, Receipt.DONE]


async def test_tap_of_which_a_stopping_worker_learns_nothing_comes_again_to_the_next(stage: ReceptionStage) -> None:
    async with stage.playing() as context, anyio.create_task_group() as tasks:
        tasks.start_soon(stage.bring, tap(10))
        await stage.items.journal.until("Tap")
        context.stopping.set()
        await anyio.sleep(20.0)
        stage.receiver.confirm(10)

    assert stage.receipts == [Receipt.LATER]


async def test_nothing_is_taken_before_the_start(stage: ReceptionStage) -> None:
    await stage.bring(tap(10))

    assert stage.receipts == [Receipt.LATER]


async def test_confirming_what_is_not_held_changes_nothing(stage: ReceptionStage) -> None:
    async with stage.playing(), anyio.create_task_group() as tasks:
        stage.receiver.confirm(10)
        tasks.start_soon(stage.bring, tap(10))
        await stage.items.journal.until("Tap")
        stage.receiver.confirm(10)

    assert stage.told == ["tap-10"]


async def test_webhook_is_registered_at_the_start_and_looked_at_now_and_then(stage: ReceptionStage) -> None:
    async with stage.playing():
        await anyio.sleep(2.5 * LOOK_SECONDS)

    assert stage.webhook.registered == [0.0]
    assert stage.webhook.when("look") == pytest.approx([0.0, LOOK_SECONDS, 2 * LOOK_SECONDS])
    assert stage.receiver.looked_at == pytest.approx(2 * LOOK_SECONDS)


async def test_webhook_is_registered_anew_by_each_life(stage: ReceptionStage) -> None:
    """What stopped us may have been another program that took the webhook over."""
    async with stage.playing():
        await anyio.sleep(1.0)
    async with stage.playing():
        await anyio.sleep(1.0)

    assert stage.webhook.registered == pytest.approx([0.0, 1.0])


async def test_webhook_that_somebody_ended_is_registered_again(stage: ReceptionStage) -> None:
    async with stage.playing():
        await anyio.sleep(1.0)
        stage.webhook.delivery = Delivery(is_ours=False, waiting=2, trouble=None)
        await anyio.sleep(LOOK_SECONDS)

    assert stage.webhook.registered == pytest.approx([0.0, LOOK_SECONDS])


async def test_registration_waits_as_long_as_telegram_asks_for(stage: ReceptionStage) -> None:
    stage.webhook.will("register", Unreachable("slow down", 30.0))

    async with stage.playing():
        await anyio.sleep(40.0)

    assert stage.webhook.registered == pytest.approx([30.0])


@pytest.mark.parametrize("failure", [Unreachable("no network"), Refused("bad webhook"), Conflict()])
async def test_registration_that_failed_is_tried_again_and_seen_meanwhile(
    stage: ReceptionStage, failure: Exception
) -> None:
    stage.webhook.will("register", failure, failure)

    async with stage.playing():
        await anyio.sleep(RETRY.steps[0] + 0.1)
        assert stage.receiver.trouble == str(failure)
        await anyio.sleep(RETRY.steps[1])
        assert stage.receiver.trouble is None

    assert len(stage.webhook.registered) == 1


async def test_what_telegram_cannot_deliver_is_said_once(stage: ReceptionStage) -> None:
    async with stage.playing():
        await anyio.sleep(1.0)
        stage.webhook.delivery = Delivery(is_ours=True, waiting=3, trouble="Connection refused")
        await anyio.sleep(3 * LOOK_SECONDS)

    assert [(line["waiting"], line["reason"]) for line in stage.logged("webhook.trouble")] == [
        (3, "Connection refused")
    ]


async def test_crash_of_the_watch_closes_the_door_until_the_next_life(stage: ReceptionStage) -> None:
    stage.webhook.will("look", Bug())

    with pytest.raises(ExceptionGroup):
        async with stage.playing():
            await anyio.sleep_forever()
    await stage.bring(other(10))
    async with stage.playing():
        await stage.bring(other(10))

    assert stage.receipts == [Receipt.LATER, Receipt.DONE]
