"""Hints: heard where listening works, missed without harm where it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from actors.errors import Unreachable
from actors.schedule.notifications import RETRY, NotificationListener
from tests.actors.fakes import Script
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.pools import FakePool

anyio_backend = virtual_time


class HintPool(FakePool):
    """Hints after the scripted seconds each, then the end that was scripted."""

    def __init__(self) -> None:
        super().__init__()
        self.script = Script()

    @asynccontextmanager
    async def notifications(self) -> AsyncIterator[AsyncIterator[None]]:
        """Listen, as scripted."""
        heard: Any = await self.script.play("listen")
        yield self._hints(heard)

    async def _hints(self, heard: list[float | Exception]) -> AsyncIterator[None]:
        for one in heard:
            if isinstance(one, Exception):
                raise one
            await anyio.sleep(one)
            yield


@pytest.fixture
def pool() -> HintPool:
    return HintPool()


@pytest.fixture
def hints() -> list[float]:
    return []


@pytest.fixture
def listener(pool: HintPool, hints: list[float]) -> NotificationListener:
    return NotificationListener(pool, lambda: hints.append(anyio.current_time()))


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


async def test_hint_is_handed_on_and_so_is_what_was_missed_before(
    listener: NotificationListener, pool: HintPool, hints: list[float]
) -> None:
    pool.script.will("listen", [10.0, 5.0, 3600.0])

    async with living(listener.run):
        await anyio.sleep(60.0)

    assert hints == pytest.approx([0, 10, 15])


async def test_lost_connection_is_made_again_after_5_s(
    listener: NotificationListener, pool: HintPool, hints: list[float], logs: list[Any]
) -> None:
    pool.script.will("listen", [10.0, Unreachable("the server closed")], [3600.0])

    async with living(listener.run):
        await anyio.sleep(60.0)

    assert hints == pytest.approx([0, 10, 10 + RETRY.steps[0]])
    assert [line["event"] for line in logs] == ["hints.lost"]


async def test_listening_that_ends_is_begun_again(
    listener: NotificationListener, pool: HintPool, hints: list[float]
) -> None:
    pool.script.will("listen", [], [3600.0])

    async with living(listener.run):
        await anyio.sleep(60.0)

    assert hints == pytest.approx([0, RETRY.steps[0]])


async def test_listening_that_does_not_work_is_tried_seldom(
    listener: NotificationListener, pool: HintPool, hints: list[float], logs: list[Any]
) -> None:
    pool.script.always("listen", Unreachable("no connection to spare"))

    async with living(listener.run):
        await anyio.sleep(3600.0)

    pauses = [0, 10, 30, 70, 150, 310]
    assert pool.script.when("listen")[:6] == pytest.approx(pauses)
    assert len(pool.script.when("listen")) <= 6 + 3600 / RETRY.steps[-1]
    assert (hints, {line["event"] for line in logs}) == ([], {"hints.missing"})


async def test_stop_ends_the_listening(listener: NotificationListener, pool: HintPool) -> None:
    pool.script.will("listen", [3600.0])

    async with living(listener.run):
        await anyio.sleep(1.0)

    assert anyio.current_time() == pytest.approx(1.0)
