"""Timers are called in their order, each at its moment, and none after the end."""

import anyio
import pytest

from actors.runtime.timers import Timers

pytestmark = pytest.mark.parametrize("anyio_backend", ["asyncio_virtual", "trio_virtual"], indirect=True)


async def test_each_is_called_at_its_moment() -> None:
    reminders, called = Timers(), list[tuple[str, float]]()
    began = anyio.current_time()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reminders.run)
        reminders.call_later(2.0, lambda: called.append(("late", anyio.current_time() - began)))
        reminders.call_later(1.0, lambda: called.append(("early", anyio.current_time() - began)))
        reminders.call_later(1.0, lambda: called.append(("early too", anyio.current_time() - began)))
        await anyio.sleep(3.0)
        tasks.cancel_scope.cancel()

    assert [name for name, _ in called] == ["early", "early too", "late"]
    assert [at for _, at in called] == pytest.approx([1.0, 1.0, 2.0])


async def test_one_that_comes_sooner_is_not_held_up() -> None:
    reminders, called = Timers(), list[float]()
    began = anyio.current_time()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reminders.run)
        reminders.call_later(100.0, lambda: called.append(anyio.current_time() - began))
        await anyio.sleep(1.0)
        reminders.call_later(1.0, lambda: called.append(anyio.current_time() - began))
        await anyio.sleep(2.0)
        tasks.cancel_scope.cancel()

    assert called == pytest.approx([2.0])


async def test_what_is_left_at_the_end_is_never_called() -> None:
    reminders, called = Timers(), list[str]()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reminders.run)
        reminders.call_later(1.0, lambda: called.append("x"))
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reminders.run)
        await anyio.sleep(5.0)
        tasks.cancel_scope.cancel()

    assert called == []
