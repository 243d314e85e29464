"""The sandbox's Instagram where the real one is inconvenient; each docstring has the words of who met it."""

from __future__ import annotations

import pytest

from infra.sandbox.instagram.rules import AT_METAS_RATES
from tests.infra.sandbox.graph import Graph, codes, jpeg

STORIES = {"media_type": "STORIES"}


async def create(graph: Graph, link: str) -> dict[str, object]:
    answer: dict[str, object] = await graph.post(f"{graph.account.id}/media", image_url=link, **STORIES)
    return answer


async def test_good_file_is_not_fetched_by_a_link_and_that_is_remembered_for_the_link(graph: Graph) -> None:
    """\"8 of 25, 13 of 49, 8 of 21 calls\" are 9004/2207052; \"+30 s: accepted 10 of 17; +120 s: 4 of 6\"."""
    graph.sandbox.instagram.set_rules(first_links_refused=1.0, link_remembered_seconds=(3600, 3600))
    link = graph.shelf.put("a.jpg", jpeg())

    first, again = await create(graph, link), await create(graph, link)

    assert (codes(first), codes(again)) == ((9004, 2207052), (9004, 2207052))
    assert first["error"]["is_transient"] is False  # type: ignore[index]
    assert graph.shelf.fetched == []


async def test_good_file_is_fetched_by_a_link_that_was_never_seen(graph: Graph) -> None:
    """\"A URL that Meta never saw is accepted at once (5 of 6, then 8 of 8)\"."""
    graph.sandbox.instagram.set_rules(first_links_refused=1.0, link_remembered_seconds=(3600, 3600))
    link = graph.shelf.put("a.jpg", jpeg())
    await create(graph, link)

    fresh = await create(graph, f"{link}&try=2")

    assert "id" in fresh


async def test_link_that_was_refused_is_fetched_once_that_is_forgotten(graph: Graph) -> None:
    graph.sandbox.instagram.set_rules(first_links_refused=1.0, link_remembered_seconds=(0, 0))
    link = graph.shelf.put("a.jpg", jpeg())
    await create(graph, link)

    assert "id" in await create(graph, link)


async def test_finished_container_may_not_be_ready(graph: Graph) -> None:
    """9007/2207027 \"comes also after FINISHED; 1 of 13 stories in a live burst; needed 99 s there\"."""
    graph.sandbox.instagram.set_rules(unready_though_finished=1.0, unready_seconds=(3600, 3600))
    container_id = await graph.create()

    state, answer = await graph.state(container_id), await graph.publish(container_id)

    assert (state, codes(answer)) == ("FINISHED", (9007, 2207027))
    assert graph.sandbox.instagram.live() == []


async def test_token_of_a_page_publishes_what_it_cannot_read(graph: Graph) -> None:
    """Page tokens get 100/33 \"for fresh containers and media, for good (20 polls, 60 s), while POST works\"."""
    graph.sandbox.instagram.give_page_token(graph.account)
    container_id = await graph.create()

    before = await graph.get(container_id, fields="status_code")
    story_id = (await graph.publish(container_id))["id"]
    after = [await graph.get(node, fields="id") for node in (container_id, story_id)]

    assert [codes(answer) for answer in (before, *after)] == [(100, 33)] * 3
    assert len(graph.sandbox.instagram.live()) == 1


async def test_account_that_is_taken_for_spam_publishes_nothing(graph: Graph) -> None:
    """4/2207051 is \"HTTP 403 … cool down of an hour to two days\"; the prepared story stays prepared."""
    container_id = await graph.create()
    graph.sandbox.instagram.block(graph.account)

    answer = await graph.publish(container_id)

    assert codes(answer) == (4, 2207051)
    assert answer["error"]["is_transient"] is False
    assert await graph.state(container_id) == "FINISHED"


@pytest.mark.parametrize("rate", AT_METAS_RATES)
def test_rates_are_those_that_were_measured(rate: str) -> None:
    assert {
        "first_links_refused": 0.25 <= AT_METAS_RATES[rate] <= 0.34,
        "further_links_refused": 0 < AT_METAS_RATES[rate] <= 1 / 6,
        "unready_though_finished": AT_METAS_RATES[rate] >= 1 / 13,
    }[rate]
