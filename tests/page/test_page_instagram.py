"""The stories that are live, beside the chat, in a real browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from playwright.async_api import expect

from infra.sandbox.sandbox import Sandbox
from tests.infra.sandbox.graph import Graph, open_shelf
from tests.page.visitor import Visitor


@pytest.fixture
async def graph(environment: Sandbox) -> AsyncIterator[Graph]:
    """A caller of the Graph API beside the worker, with containers that are ready at once."""
    with environment.instagram.ruled(lag_seconds=0):
        async with ClientSession() as http, open_shelf() as shelf:
            yield Graph(http, environment, shelf)


async def test_story_that_goes_live_is_shown_and_a_double_is_marked(visitor: Visitor, graph: Graph) -> None:
    graph.sandbox.instagram.bill("lisbon", 77, "Hello, Lisbon <3")
    panel = visitor.page.locator("#instagram")
    frames = panel.get_by_role("listitem").filter(has_text="Hello, Lisbon <3")
    container_id = await graph.create("lisbon.story.jpg")
    doubles = len(graph.sandbox.instagram.doubles())

    await graph.publish(container_id)
    await expect(frames).to_have_text(re.compile(r"item 77 · \d\d:\d\d"))
    await expect(frames.locator("img")).to_have_js_property("naturalWidth", 90)
    await graph.publish(container_id)

    await expect(frames.first).to_contain_text("a double")
    await expect(panel.get_by_role("status")).to_contain_text(f"{doubles + 1} double")


async def test_switch_breaks_instagram_alone_until_it_is_mended(visitor: Visitor, graph: Graph) -> None:
    await visitor.press("Refuse the token")
    await visitor.sees_state("The token is refused")
    refused = await graph.get("me")
    await visitor.press("Mend everything")
    await visitor.sees_state("Everything works")

    assert refused["error"]["code"] == 190
    assert "id" in await graph.get("me")
    assert graph.sandbox.faults.armed == []


async def test_stories_are_reached_by_keyboard(visitor: Visitor, graph: Graph) -> None:
    graph.sandbox.instagram.bill("keys", 78, "By keyboard")
    await graph.publish(await graph.create("keys.jpg"))
    link = visitor.page.get_by_role("link", name="Look at By keyboard")
    await expect(link).to_be_visible()

    await visitor.page.locator(".frames").focus()
    await visitor.page.keyboard.press("Tab")

    await expect(link).to_be_focused()
