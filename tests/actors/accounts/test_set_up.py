"""A worker whose set-up is not complete: it says so once, goes on, and notices when it has come right."""

from __future__ import annotations

import anyio
import pytest

from actors.operations.set_up import LookAtSetUp, Prerequisites, SetUp
from actors.runtime.waiting import POLL_WINDOW_SECONDS
from tests.actors.fakes_worker import TreeStage
from tests.actors.test_worker import HOUR, bursts, in_hour
from tests.kit.clock import virtual_time
from tests.stories import CHAT

anyio_backend = virtual_time

LIVE = SetUp(live=(CHAT,), unconnected=(CHAT,))
REASON = f"Chat {CHAT} is live without an Instagram account: `account add --chat {CHAT}` connects one."


@pytest.fixture
def stage() -> TreeStage:
    return TreeStage()


def said(stage: TreeStage) -> list[tuple[str, str]]:
    """What the log says of the set-up."""
    return [(line["event"], line["reason"]) for line in stage.logs if line["event"].startswith("setup.")]


async def test_what_is_missing_is_said_once_at_the_start_and_once_when_it_has_come_right(stage: TreeStage) -> None:
    stage.pool.set_up = LIVE

    async with stage.playing() as worker:
        await anyio.sleep(5 * HOUR)
        assert worker.shortcomings() == (REASON,)
        stage.pool.set_up = SetUp(live=(CHAT,), accounts=1)
        await anyio.sleep(POLL_WINDOW_SECONDS + 1.0)
        assert worker.shortcomings() == ()

    assert said(stage) == [("setup.incomplete", REASON), ("setup.came_right", REASON)]


async def test_whatever_has_the_queue_looked_at_is_enough_to_notice(stage: TreeStage) -> None:
    async with stage.playing() as worker:
        await anyio.sleep(100.0)
        stage.pool.set_up = LIVE
        worker.database.on_recovered()
        await anyio.sleep(1.0)
        assert worker.shortcomings() == (REASON,)


async def test_person_who_asks_is_told_what_is_true_now(stage: TreeStage) -> None:
    async with stage.playing() as worker:
        await anyio.sleep(100.0)
        stage.pool.set_up = LIVE
        assert await worker.set_up.of_chat(CHAT) == (REASON,)
        assert await worker.set_up.of_chat(CHAT - 1) == ()
        stage.pool.go_away()
        stage.pool.set_up = SetUp()
        assert await worker.set_up.of_chat(CHAT) == (REASON,)


async def test_environment_counts_too() -> None:
    stage = TreeStage(means=Prerequisites(keys=False, links=False))
    stage.pool.set_up = SetUp(accounts=1, live=(CHAT,))

    async with stage.playing() as worker:
        assert len(worker.shortcomings()) == 2


async def test_idle_hour_with_something_missing_stays_within_its_statements(stage: TreeStage) -> None:
    stage.pool.set_up = LIVE

    async with stage.playing():
        await anyio.sleep(24 * HOUR + 60)

    hours = [in_hour(stage.pool.asked, hour) for hour in range(24)]
    assert max(map(len, hours)) <= 12
    assert max(map(bursts, hours)) <= 2
    assert len(stage.pool.when(LookAtSetUp)) > 24
