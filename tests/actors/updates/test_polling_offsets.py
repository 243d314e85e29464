"""The update poller: when Telegram is polled, and when it is left alone."""

import anyio
import pytest

from actors.bounds import POLL_SECONDS
from actors.errors import AnswerLost, Unreachable
from actors.updates.polling import AGAIN_SECONDS, GATHER_SECONDS, STILL_SECONDS
from tests.actors.fakes import Never
from tests.actors.updates.fakes import IntakeStage, tap
from tests.kit.clock import virtual_time

anyio_backend = virtual_time


async def test_same_offset_is_not_asked_for_again_before_half_a_second(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(2.3)
        stage.confirm(10)

    at = stage.updates.polled_at
    assert at[1:5] == pytest.approx([GATHER_SECONDS, GATHER_SECONDS + 0.5, GATHER_SECONDS + 1.0, GATHER_SECONDS + 1.5])
    assert stage.updates.offsets[1:5] == [10] * 4
    assert AGAIN_SECONDS == 0.5


async def test_offset_that_moved_is_asked_for_at_once(stage: IntakeStage) -> None:
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(0.3)
        stage.confirm(10)
        await anyio.sleep(0.001)
        assert stage.updates.polled_at[-1] == pytest.approx(0.3)
        assert stage.updates.offsets[-1] == 11


async def test_taps_that_are_done_together_cost_one_poll(stage: IntakeStage) -> None:
    stage.updates.put(*[tap(number) for number in range(10, 30)])

    async with stage.playing():
        await stage.items.journal.until("Tap", 20)
        stage.confirm(*range(10, 30))
        await anyio.sleep(1.0)

    assert stage.updates.offsets[:2] == [None, 30]


async def test_one_poll_is_under_way_at_a_time(stage: IntakeStage) -> None:
    stage.updates.put(*[tap(number) for number in range(10, 30)])

    async with stage.playing():
        await anyio.sleep(5.0)
        stage.confirm(*range(10, 30))

    assert stage.updates.most_at_once == 1


async def test_quiet_group_is_asked_once_a_poll(stage: IntakeStage) -> None:
    async with stage.playing():
        await anyio.sleep(3 * POLL_SECONDS - 1)

    assert stage.updates.polled_at == pytest.approx([0, POLL_SECONDS, 2 * POLL_SECONDS])


async def test_ids_that_start_anew_after_a_quiet_time_are_seen(stage: IntakeStage) -> None:
    stage.updates.put(tap(1000))

    async with stage.playing():
        await stage.items.journal.until("Tap")
        stage.confirm(1000)
        await anyio.sleep(2 * POLL_SECONDS)
        stage.updates.put(tap(5))
        await stage.items.journal.until("Tap", 2)
        stage.confirm(5)

    assert stage.told == ["tap-1000", "tap-5"]


async def test_unreachable_telegram_is_asked_with_growing_pauses(stage: IntakeStage) -> None:
    stage.updates.will("get", *[Unreachable("no network")] * 6)

    async with stage.playing():
        await anyio.sleep(13.7 + POLL_SECONDS - 0.1)
        assert stage.poller.trouble == "no network"
        await anyio.sleep(0.2)
        assert stage.poller.trouble is None

    assert stage.updates.polled_at[:7] == pytest.approx([0, 0.2, 0.7, 1.7, 3.7, 8.7, 13.7])


async def test_pause_that_telegram_asks_for_is_kept(stage: IntakeStage) -> None:
    stage.updates.will("get", Unreachable("429", retry_after_seconds=9.0), AnswerLost("timeout"))

    async with stage.playing():
        await anyio.sleep(9.1)
        assert stage.poller.trouble == "timeout"
        await anyio.sleep(2.0)

    assert stage.updates.polled_at == pytest.approx([0, 9.0, 9.5])


async def test_pauses_start_anew_after_an_answer(stage: IntakeStage) -> None:
    stage.updates.will("get", Unreachable("a"), Unreachable("b"), [], Unreachable("c"))

    async with stage.playing():
        await anyio.sleep(5.0)

    assert stage.updates.polled_at == pytest.approx([0, 0.2, 0.7, 0.7, 0.9])


async def test_hanging_poll_does_not_delay_the_stop(stage: IntakeStage) -> None:
    stage.updates.will("get", Never())

    async with stage.playing():
        await anyio.sleep(1.0)

    assert anyio.current_time() == pytest.approx(1.0)


async def test_lease_is_read_now_and_then_while_a_tap_is_held(stage: IntakeStage) -> None:
    """Another worker may have taken over while this one was frozen: their polls go by turns, and never meet."""
    stage.updates.put(tap(10))

    async with stage.playing():
        await anyio.sleep(2 * STILL_SECONDS + 2.0)
        assert stage.lease.is_held
        stage.confirm(10)

    assert stage.lease.suspicions == 2


async def test_lease_of_a_poller_that_gets_on_is_not_read(stage: IntakeStage) -> None:
    async with stage.playing():
        for number in range(10, 20):
            stage.updates.put(tap(number))
            await anyio.sleep(1.0)
            stage.confirm(number)
        await anyio.sleep(POLL_SECONDS)

    assert stage.lease.suspicions == 0
