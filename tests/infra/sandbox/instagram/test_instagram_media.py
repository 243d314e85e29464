"""The sandbox's Instagram fetches a media link as Meta does, and refuses what cannot be a story."""

from __future__ import annotations

import pytest

from tests.infra.sandbox.graph import JPEG, Graph, codes, jpeg

MOVIE = b"\x00\x00\x00\x18ftypmp42" + bytes(64)


async def create(graph: Graph, link: str) -> tuple[int, int | None]:
    answer = await graph.post(f"{graph.account.id}/media", media_type="STORIES", image_url=link)
    return codes(answer)


@pytest.mark.parametrize("name", ["missing.jpg", "moved.jpg"])
async def test_link_that_does_not_answer_200_is_not_fetched_nor_followed(graph: Graph, name: str) -> None:
    graph.shelf.put("a.jpg", jpeg())
    graph.shelf.put("moved.jpg", b"", code=302)

    assert await create(graph, f"{graph.shelf.url}/media/{name}") == (9004, 2207052)
    assert graph.shelf.fetched == [name]


@pytest.mark.parametrize("link", ["http://127.0.0.1:9/a.jpg", "file:///etc/hostname", "a.jpg"])
async def test_link_that_leads_nowhere_is_told_with_its_address(graph: Graph, link: str) -> None:
    assert await create(graph, link) == (9004, 2207052)


@pytest.mark.parametrize(
    ("content", "content_type", "refusal"),
    [
        (jpeg(kind="PNG"), "image/png", (36001, 2207005)),
        (jpeg(), "image/webp", (36001, 2207005)),
        (b"no picture", JPEG, (36001, 2207005)),
        (jpeg(50, 160), JPEG, (36003, 2207009)),
        (jpeg() + bytes(8 * 1024 * 1024), JPEG, (36000, 2207004)),
    ],
)
async def test_file_that_is_no_story_picture_is_refused(
    graph: Graph, content: bytes, content_type: str, refusal: tuple[int, int]
) -> None:
    assert await create(graph, graph.shelf.put("a.jpg", content, content_type)) == refusal


async def test_video_is_fetched_after_the_answer(graph: Graph) -> None:
    link = graph.shelf.put("a.mp4", MOVIE, "video/mp4")
    container_id = (await graph.post(f"{graph.account.id}/media", media_type="STORIES", video_url=link))["id"]
    container = graph.sandbox.instagram.world.containers[container_id]

    await graph.sandbox.until(lambda: container.fetched is not None, 5)

    assert await graph.state(container_id) == "FINISHED"


async def test_video_that_cannot_be_fetched_is_an_error_of_its_container(graph: Graph) -> None:
    link = f"{graph.shelf.url}/media/missing.mp4"
    container_id = (await graph.post(f"{graph.account.id}/media", media_type="STORIES", video_url=link))["id"]
    container = graph.sandbox.instagram.world.containers[container_id]
    await graph.sandbox.until(lambda: container.failure is not None, 5)

    answer = await graph.get(container_id, fields="status_code,status")

    assert answer["status_code"] == "ERROR"
    assert answer["status"].endswith("error code 2207052")
    assert codes(await graph.publish(container_id)) == (-1, 2207032)


async def test_fetched_picture_can_be_looked_at(graph: Graph) -> None:
    container_id = await graph.create()

    async with graph.http.get(f"{graph.sandbox.url}/sandbox/instagram/files/{container_id}") as reply:
        assert await reply.read() == jpeg()
