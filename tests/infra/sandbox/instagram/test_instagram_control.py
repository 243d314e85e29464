"""The control API of the sandbox's Instagram, for another process."""

from __future__ import annotations

from typing import Any

from tests.infra.sandbox.graph import Graph, codes


async def post(graph: Graph, path: str, **wish: Any) -> Any:
    async with graph.http.post(f"{graph.sandbox.url}/sandbox/instagram/{path}", json=wish) as reply:
        return await reply.json()


async def get(graph: Graph, path: str) -> Any:
    async with graph.http.get(f"{graph.sandbox.url}/sandbox/instagram/{path}") as reply:
        return await reply.json()


async def test_account_is_made_and_its_token_dies(graph: Graph) -> None:
    made = await post(graph, "accounts", username="bakery", login="instagram")
    await post(graph, "tokens", account_id=made["id"])

    assert [each["username"] for each in await get(graph, "accounts")] == ["demo_studio", "bakery"]
    assert codes(await graph.get("me", made["token"])) == (190, 463)


async def test_what_cannot_be_played_says_why(graph: Graph) -> None:
    refused = [
        await post(graph, "accounts", username="x", login="myspace"),
        await post(graph, "tokens", account_id="1"),
        await post(graph, "rules", gravity=0),
        await post(graph, "faults", kind="earthquake"),
    ]

    assert all("error" in answer for answer in refused)


async def test_fault_is_set_seen_and_cleared(graph: Graph) -> None:
    number = (await post(graph, "faults", kind="graph_error", method="publish", code=9, subcode=2207042))["number"]
    refused = await graph.publish(await graph.create())
    seen = await get(graph, "faults")
    async with graph.http.delete(f"{graph.sandbox.url}/sandbox/instagram/faults/{number}") as reply:
        assert await reply.json() == {}

    assert codes(refused) == (9, 2207042)
    assert [each["kind"] for each in seen] == ["graph_error"]
    assert await get(graph, "faults") == []


async def test_stories_containers_and_counts_are_told(graph: Graph) -> None:
    rules = await post(graph, "rules", accepts_second_publish=True, lag_seconds=0)
    container_id = await graph.create()
    await graph.publish(container_id)
    await graph.publish(container_id)

    stories, stats = await get(graph, "stories"), await get(graph, "stats")

    assert rules["lag_seconds"] == 0
    assert [each["container_id"] for each in stories] == [container_id] * 2
    assert [each["stories"] for each in await get(graph, "containers")] == [[each["id"] for each in stories]]
    assert (stats["stories"], stats["doubles"], stats["calls"]["publish"]) == (2, 1, 2)
