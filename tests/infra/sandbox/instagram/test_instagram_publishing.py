"""The sandbox's Instagram from a container to a live story, by Instagram's rules."""

from __future__ import annotations

import pytest

from tests.infra.sandbox.graph import Graph, codes


async def test_container_is_in_progress_for_its_lag_and_then_finished(graph: Graph) -> None:
    with graph.sandbox.instagram.ruled(lag_seconds=3600):
        slow = await graph.create("slow.jpg")
    quick = await graph.create("quick.jpg")

    assert await graph.state(slow) == "IN_PROGRESS"
    assert await graph.state(quick) == "FINISHED"


async def test_story_is_published_once_its_container_is_ready(graph: Graph) -> None:
    container_id = await graph.create()
    story_id = (await graph.publish(container_id))["id"]

    stories = await graph.get(f"{graph.account.id}/stories", fields="permalink")
    story = await graph.get(story_id, fields="permalink")

    assert await graph.state(container_id) == "PUBLISHED"
    assert stories == {"data": [story]}
    assert story["permalink"].startswith("https://www.instagram.com/stories/")
    assert graph.sandbox.instagram.doubles() == []


async def test_unready_container_is_not_published(graph: Graph) -> None:
    with graph.sandbox.instagram.ruled(lag_seconds=3600):
        container_id = await graph.create()

    assert codes(await graph.publish(container_id)) == (9007, 2207027)


async def test_container_expires_unless_it_was_published(graph: Graph) -> None:
    published, forgotten = await graph.create("a.jpg"), await graph.create("b.jpg")
    await graph.publish(published)
    graph.sandbox.instagram.set_rules(container_lifetime_seconds=0)

    assert await graph.state(published) == "PUBLISHED"
    assert await graph.state(forgotten) == "EXPIRED"
    assert codes(await graph.publish(forgotten)) == (-2, 2207020)


async def test_second_publish_of_a_container_is_a_second_story_that_is_counted(graph: Graph) -> None:
    container_id = await graph.create()
    first, second = await graph.publish(container_id), await graph.publish(container_id)

    assert first["id"] != second["id"]
    assert [story.id for story in graph.sandbox.instagram.doubles()] == [second["id"]]


async def test_second_publish_is_refused_where_instagram_refuses_it(graph: Graph) -> None:
    graph.sandbox.instagram.set_rules(accepts_second_publish=False)
    container_id = await graph.create()
    await graph.publish(container_id)

    assert codes(await graph.publish(container_id)) == (24, 2207006)
    assert len(graph.sandbox.instagram.live()) == 1


async def test_two_containers_of_one_file_are_a_double_unless_two_items_have_it(graph: Graph) -> None:
    instagram = graph.sandbox.instagram
    await graph.publish(await graph.create("same.story.jpg"))
    await graph.publish(await graph.create("same.jpg"))
    before = len(instagram.doubles())
    instagram.bill("same", 1, "Monday")
    instagram.bill("same", 2, "Tuesday")

    assert (before, len(instagram.doubles())) == (1, 0)


@pytest.mark.parametrize(("second", "doubles"), [(1, 1), (2, 0)])
async def test_claimed_containers_are_doubles_if_they_are_one_items(graph: Graph, second: int, doubles: int) -> None:
    containers = [await graph.create(), await graph.create()]
    graph.sandbox.instagram.claim(containers[0], 1)
    graph.sandbox.instagram.claim(containers[1], second)
    await graph.publish(containers[0])
    await graph.publish(containers[1])

    assert len(graph.sandbox.instagram.doubles()) == doubles


async def test_quota_counts_publishes_and_ends_them(graph: Graph) -> None:
    graph.sandbox.instagram.set_rules(quota_total=1)
    await graph.publish(await graph.create("a.jpg"))
    answer = await graph.get(f"{graph.account.id}/content_publishing_limit", fields="quota_usage,config")
    later = str(int(graph.sandbox.clock()) + 60)
    since = await graph.get(f"{graph.account.id}/content_publishing_limit", since=later)

    assert answer["data"] == [{"quota_usage": 1, "config": {"quota_total": 1, "quota_duration": 86400}}]
    assert since["data"] == [{"quota_usage": 0}]
    assert codes(await graph.publish(await graph.create("b.jpg"))) == (9, 2207042)


@pytest.mark.parametrize(
    "values",
    [
        {"media_type": "IMAGE", "image_url": "http://a.example/a.jpg"},
        {"media_type": "STORIES"},
        {"media_type": "STORIES", "image_url": "http://a.example/a.jpg", "video_url": "http://a.example/a.mp4"},
    ],
)
async def test_container_without_exactly_one_story_link_is_refused(graph: Graph, values: dict[str, str]) -> None:
    answer = await graph.post(f"{graph.account.id}/media", **values)

    assert codes(answer) == (100, None)


async def test_stranger_sees_neither_container_nor_story(graph: Graph) -> None:
    container_id = await graph.create()
    story_id = (await graph.publish(container_id))["id"]
    stranger = graph.sandbox.instagram.create_account("stranger").token

    assert codes(await graph.get(container_id, stranger)) == (100, 33)
    assert codes(await graph.get(story_id, stranger)) == (100, 33)
    assert codes(await graph.get(f"{graph.account.id}/stories", stranger)) == (100, 33)
