"""What the page is told of Instagram: the account, the stories that are live, the doubles."""

from __future__ import annotations

import json

from infra.sandbox.page.gallery import gallery
from tests.infra.sandbox.graph import Graph


async def test_live_story_names_its_item_and_its_picture(graph: Graph) -> None:
    graph.sandbox.instagram.bill("cafe", 7, "Café")
    container_id = await graph.create("cafe.story.jpg")
    await graph.publish(container_id)

    shown = gallery(graph.sandbox.instagram, graph.sandbox.clock())

    frame = shown.frames[0]
    assert (frame.title, frame.item_id, frame.is_double) == ("Café", 7, False)
    assert frame.url == f"/sandbox/instagram/files/{container_id}"
    assert (shown.live, shown.doubles) == (1, 0)


async def test_story_of_a_claimed_container_belongs_to_that_item(graph: Graph) -> None:
    instagram = graph.sandbox.instagram
    instagram.bill("cafe", 7, "Café")
    instagram.bill("cafe", 8, "Café again")
    container_id = await graph.create("cafe.jpg")
    instagram.claim(container_id, 7)
    await graph.publish(container_id)

    assert gallery(instagram, graph.sandbox.clock()).frames[0].title == "Café"


async def test_double_is_counted_and_marked(graph: Graph) -> None:
    container_id = await graph.create()
    await graph.publish(container_id)
    await graph.publish(container_id)

    shown = gallery(graph.sandbox.instagram, graph.sandbox.clock())

    assert [frame.is_double for frame in shown.frames] == [True, False]
    assert shown.doubles == 1


async def test_account_shows_its_token_its_quota_and_what_waits(graph: Graph) -> None:
    await graph.publish(await graph.create("a.jpg"))
    await graph.create("b.jpg")
    good = gallery(graph.sandbox.instagram, graph.sandbox.clock()).profiles[0]
    graph.sandbox.instagram.expire_tokens(graph.account.id)
    dead = gallery(graph.sandbox.instagram, graph.sandbox.clock()).profiles[0]

    assert (good.token, good.used, good.total, good.waiting) == ("token good for 60 days", 1, 50, 1)
    assert (dead.token, dead.is_dead) == ("token expired", True)


async def test_story_is_sent_to_the_page_when_it_goes_live(graph: Graph, group: int) -> None:
    container_id = await graph.create()
    since = graph.sandbox.telegram.journal.number
    address = f"{graph.sandbox.url}/sandbox/page/stream?chat={group}&since={since}"
    async with graph.http.get(address) as stream:
        await graph.publish(container_id)
        name, told = [(await stream.content.readline()).decode().strip() for _ in range(3)][1:]

    assert name == "event: instagram"
    assert f"/sandbox/instagram/files/{container_id}" in json.loads(told.removeprefix("data: "))["html"]
