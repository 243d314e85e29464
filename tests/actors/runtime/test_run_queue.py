"""Turns: in which order cells are served, and when one has rested enough; in virtual time."""

from __future__ import annotations

import anyio
from anyio.lowlevel import checkpoint

from actors.runtime.cell import Cell
from actors.runtime.mailbox import Mailbox
from actors.runtime.run_queue import RunQueue
from tests.kit.clock import virtual_time

anyio_backend = virtual_time

REST_SECONDS = 10.0


def cell(key: str) -> Cell[str, str]:
    return Cell(key, Mailbox(1))


def turns() -> RunQueue[str, str]:
    return RunQueue(REST_SECONDS)


async def rested(line: RunQueue[str, str]) -> list[str]:
    """Wait once; answers who has rested."""
    return [one.key for one in await line.wait()]


async def test_cells_are_served_in_order_and_stand_in_line_once() -> None:
    line, first, second = turns(), cell("a"), cell("b")
    for one in (first, second, first):
        line.add(one)

    assert [line.take(), line.take(), line.take()] == [first, second, None]


async def test_served_cell_may_stand_in_line_again() -> None:
    line, one = turns(), cell("a")
    line.add(one)
    line.take()
    line.add(one)

    assert line.take() is one


async def test_cell_that_begins_to_rest_while_the_loop_waits_has_rested_at_its_time() -> None:
    """The loop waits for ever then: nobody had told it of a rest. Unheard, the cell would keep its memory for good."""
    line, ends = turns(), list[tuple[float, list[str]]]()

    async def loop() -> None:
        while True:
            found = await rested(line)
            ends.append((anyio.current_time(), found))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(loop)
        await anyio.sleep(3.0)
        line.rest(cell("a"))
        await anyio.sleep(2.0)
        line.rest(cell("b"))
        await anyio.sleep(60.0)
        tasks.cancel_scope.cancel()

    assert [end for end in ends if end[1]] == [(3.0 + REST_SECONDS, ["a"]), (5.0 + REST_SECONDS, ["b"])]


async def test_rest_begins_anew_with_each_call_and_ends_with_a_message() -> None:
    line, slow, woken, left = turns(), cell("slow"), cell("woken"), cell("left")
    for one in (slow, woken, left):
        line.rest(one)
    await anyio.sleep(1.0)
    line.rest(slow)
    line.leave(left)
    line.add(woken)
    line.take()

    assert await rested(line) == ["slow"]
    assert anyio.current_time() == 1.0 + REST_SECONDS


async def test_message_wakes_the_loop() -> None:
    line, one = turns(), cell("a")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rested, line)
        await anyio.sleep(1.0)
        line.add(one)
        await checkpoint()

    assert anyio.current_time() == 1.0
    assert line.take() is one
