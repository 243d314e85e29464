"""What a visitor breaks ends when it is put back, and the panel says it is broken until then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from actors.errors import Unreachable
from infra.clock import WallClock
from infra.sandbox.demo.environment import DemoEnvironment, Stories
from infra.sandbox.demo.fixtures import DemoFixtures
from infra.sandbox.demo.report import PATIENCE_SECONDS, score
from infra.sandbox.demo.tcp_proxy import Link
from infra.sandbox.demo.worker_processes import WorkerCommand, WorkerGroup
from infra.sandbox.page.switches import Switchboard
from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.world import ButtonTap
from tests.infra.sandbox.client import BotClient
from tests.infra.sandbox.graph import Graph


class Operator:
    """Who connects the account again; fails as often as it is told."""

    def __init__(self) -> None:
        self.failures = 0
        self.connected = 0

    async def connect(self) -> None:
        if self.failures:
            self.failures -= 1
            raise Unreachable("the row is locked")
        self.connected += 1


class Nothing:
    """A desk, a shelf and a saboteur that nobody needs here."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
async def board(sandbox: Sandbox, group: int, operator: Operator, tmp_path: Path) -> AsyncIterator[Switchboard]:
    """The switches of a theatre whose worker never starts."""
    chat = sandbox.telegram.chats[group]
    fixtures = DemoFixtures(Nothing(), Nothing(), Nothing(), WallClock())
    async with anyio.create_task_group() as tasks:
        workers = WorkerGroup(WorkerCommand([], {}, tmp_path), tasks, lambda: None)
        stories = Stories(fixtures, sandbox.instagram, chat, tmp_path)
        link = Link("postgresql://127.0.0.1:1/db")
        sandbox.environment = DemoEnvironment(chat, stories, link, Nothing(), workers, tasks, operator.connect)
        yield Switchboard(sandbox)
        tasks.cancel_scope.cancel()


async def flip(sandbox: Sandbox, board: Switchboard, name: str, seconds: float = 60) -> None:
    """Press a switch, and wait until that is seen."""
    before = len(board.broken)
    board.flip(name, seconds)
    await sandbox.until(lambda: len(board.broken) != before, 5)


async def test_refused_token_is_put_back_by_connecting_the_account_again(
    graph: Graph, board: Switchboard, operator: Operator
) -> None:
    await flip(graph.sandbox, board, "ig_token")
    refused = await graph.get("me")
    during = operator.connected
    await flip(graph.sandbox, board, "ig_token")

    assert (refused["error"]["code"], during) == (190, 0)
    assert operator.connected == 1
    assert "id" in await graph.get("me")


async def test_panel_says_that_the_token_is_refused_until_the_account_is_connected(
    sandbox: Sandbox, board: Switchboard, operator: Operator
) -> None:
    operator.failures = 1
    await flip(sandbox, board, "ig_token")
    board.mend()
    await sandbox.until(lambda: board.broken[0].is_ending, 5)

    assert operator.connected == 0
    assert not board.is_whole()
    await sandbox.until(lambda: not board.broken, 5)
    assert operator.connected == 1


async def test_switch_that_is_pressed_again_ends_alone(sandbox: Sandbox, board: Switchboard) -> None:
    await flip(sandbox, board, "failing")
    await flip(sandbox, board, "ig_file")
    await flip(sandbox, board, "failing")

    assert [broken.name for broken in board.broken] == ["ig_file"]
    assert sandbox.faults.armed == []
    assert len(sandbox.instagram.faults.armed) == 1


async def test_switch_that_is_pressed_twice_at_once_is_not_broken_twice(sandbox: Sandbox, board: Switchboard) -> None:
    board.flip("failing", 60)
    board.flip("failing", 60)
    await anyio.wait_all_tasks_blocked()

    assert (board.broken, sandbox.faults.armed) == ([], [])


async def test_tap_is_lost_only_long_after_everything_worked_again(
    sandbox: Sandbox, bot: BotClient, group: int
) -> None:
    message_id = await bot.send_card(group)
    sandbox.tap(ButtonTap(group, message_id, 1, "skip:1:0", force=True))
    now = sandbox.clock()

    def lost(whole_since: float, after: float) -> int:
        return score(sandbox.telegram, sandbox.instagram, whole_since, now + after).report.lost

    assert lost(now, PATIENCE_SECONDS - 1) == 0
    assert lost(now, PATIENCE_SECONDS + 1) == 1
    assert lost(now + 600, PATIENCE_SECONDS + 601 - 2) == 0
    assert lost(float("inf"), 10_000) == 0


async def test_story_too_many_is_a_double_in_the_score(graph: Graph) -> None:
    container_id = await graph.create()
    await graph.publish(container_id)
    await graph.publish(container_id)

    figures = score(graph.sandbox.telegram, graph.sandbox.instagram, 0.0, graph.sandbox.clock()).figures()

    assert figures[-1] == ("doubled", "1", "bad")
