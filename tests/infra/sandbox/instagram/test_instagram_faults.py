"""Each way in which publishing goes wrong, played by the sandbox's Instagram."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientConnectionError

from infra.sandbox.common.faults import Fault, FaultKind
from infra.sandbox.instagram import faults
from tests.infra.sandbox.graph import Graph, codes


@pytest.mark.parametrize(("fault", "stories"), [(faults.LOST_BEFORE, 0), (faults.LOST_AFTER, 1)])
async def test_answer_is_lost_before_or_after_the_effect(graph: Graph, fault: Fault, stories: int) -> None:
    container_id = await graph.create()
    graph.sandbox.instagram.set_fault(fault)

    with pytest.raises(ClientConnectionError):
        await graph.publish(container_id)

    assert len(graph.sandbox.instagram.live()) == stories


async def test_error_comes_although_the_story_is_live(graph: Graph) -> None:
    container_id = await graph.create()
    graph.sandbox.instagram.set_fault(faults.ERROR_THOUGH_PUBLISHED)

    assert codes(await graph.publish(container_id)) == (4, 2207051)
    assert await graph.state(container_id) == "PUBLISHED"


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        (faults.THROTTLED_APP, (4, None)),
        (faults.THROTTLED_USER, (17, None)),
        (faults.DAILY_LIMIT, (9, 2207042)),
        (faults.TOKEN_EXPIRED, (190, 463)),
        (Fault(FaultKind.TOO_MANY), (4, None)),
    ],
)
async def test_publish_is_refused_and_nothing_happens(
    graph: Graph, fault: Fault, refusal: tuple[int, int | None]
) -> None:
    container_id = await graph.create()
    graph.sandbox.instagram.set_fault(fault)

    assert codes(await graph.publish(container_id)) == refusal
    assert graph.sandbox.instagram.live() == []


async def test_container_can_be_unreadable_while_publishing_works(graph: Graph) -> None:
    container_id = await graph.create()
    graph.sandbox.instagram.set_fault(faults.UNREADABLE)

    assert codes(await graph.get(container_id, fields="status_code")) == (100, 33)
    assert "id" in await graph.publish(container_id)


async def test_fault_ends_after_its_times(graph: Graph) -> None:
    graph.sandbox.instagram.set_fault(Fault(FaultKind.SERVER_ERROR, "stories", times=1, code=503))
    headers = {"authorization": f"Bearer {graph.account.token}"}

    async with graph.http.get(graph.url(f"{graph.account.id}/stories"), headers=headers) as reply:
        assert (reply.status, reply.content_type) == (503, "text/html")
    assert await graph.get(f"{graph.account.id}/stories") == {"data": []}


async def test_unreachable_instagram_leaves_telegram_alone(graph: Graph) -> None:
    graph.sandbox.instagram.set_fault(faults.UNREACHABLE)

    with pytest.raises(ClientConnectionError):
        await graph.get("me")
    async with graph.http.get(f"{graph.sandbox.url}/bot{graph.sandbox.token}/getMe") as reply:
        assert (await reply.json())["ok"]


async def test_faults_of_telegram_leave_instagram_alone(graph: Graph) -> None:
    graph.sandbox.set_fault(Fault(FaultKind.SERVER_ERROR))
    graph.sandbox.set_fault(Fault(FaultKind.NETWORK_OFF))

    assert await graph.get(f"{graph.account.id}/stories") == {"data": []}


async def test_cleared_fault_lets_go_of_a_call_that_hangs(graph: Graph) -> None:
    container_id = await graph.create()
    number = graph.sandbox.instagram.set_fault(faults.SILENT_AFTER)
    journal = graph.sandbox.telegram.journal

    def let_go() -> None:
        if journal.entries[-1].kind == "instagram.published":
            asyncio.get_running_loop().call_soon(graph.sandbox.instagram.clear_faults, number)

    journal.listeners.append(let_go)
    with pytest.raises(ClientConnectionError):
        await graph.publish(container_id)
