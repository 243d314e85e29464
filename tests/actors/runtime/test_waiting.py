"""Waiting: an alarm that can be rung before it is waited for, work that a stop gives up, moments that all share."""

import anyio
import pytest

from actors.runtime.waiting import POLL_WINDOW_SECONDS, WakeUp, seconds_to_poll_window, until_stopped
from tests.kit.clock import virtual_time

anyio_backend = virtual_time


async def test_alarm_waits_until_its_time_has_passed() -> None:
    assert not await WakeUp().wait(5.0, anyio.Event())

    assert anyio.current_time() == pytest.approx(5.0)


async def test_ring_ends_the_wait() -> None:
    alarm = WakeUp()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(alarm.wait, 5.0, anyio.Event())
        await anyio.sleep(1.0)
        alarm.ring()

    assert anyio.current_time() == pytest.approx(1.0)


async def test_ring_before_the_wait_is_heard_once() -> None:
    alarm = WakeUp()
    alarm.ring()
    alarm.ring()

    await alarm.wait(5.0, anyio.Event())
    assert anyio.current_time() == pytest.approx(0.0)
    await alarm.wait(5.0, anyio.Event())

    assert anyio.current_time() == pytest.approx(5.0)


async def test_stop_ends_the_wait_and_is_told() -> None:
    stopping = anyio.Event()
    told: list[bool] = []

    async def wait() -> None:
        told.append(await WakeUp().wait(5.0, stopping))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.sleep(1.0)
        stopping.set()

    assert told == [True]
    assert anyio.current_time() == pytest.approx(1.0)


async def test_nobody_waits_after_a_stop() -> None:
    stopping = anyio.Event()
    stopping.set()

    assert await WakeUp().wait(5.0, stopping)
    assert anyio.current_time() == pytest.approx(0.0)


async def test_work_that_ends_gives_its_result() -> None:
    async def work() -> str:
        await anyio.sleep(2.0)
        return "done"

    assert await until_stopped(anyio.Event(), work) == "done"


async def test_work_is_given_up_by_a_stop() -> None:
    stopping = anyio.Event()
    stopping.set()

    async def work() -> str:
        await anyio.sleep_forever()
        return "never"

    assert await until_stopped(stopping, work) is None


async def test_bursts_come_at_the_same_moments_for_all() -> None:
    await anyio.sleep(700.0)

    assert seconds_to_poll_window() == pytest.approx(POLL_WINDOW_SECONDS - 700)
