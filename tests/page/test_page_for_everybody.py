"""The page by keyboard, by eye and by ear: what is pressed, what can be read, what is reached."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from infra.sandbox.demo.environment import open_cards
from infra.sandbox.sandbox import Sandbox
from tests.page.visitor import Visitor

# What a text stands on: the colours of all that lie under it, the nearest first, until one lets nothing through.
CONTRASTS = """() => {
  const numbers = (colour) => {
    const brush = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (top, ground) => [0, 1, 2].map((n) => top[n] * top[3] + ground[n] * (1 - top[3])).concat(1);
  const ground = (element) => {
    if (!element) return [255, 255, 255, 1];
    const own = numbers(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(element.parentElement));
  };
  const light = ([red, green, blue]) => {
    const part = (n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  };
  const contrast = (element) => {
    const under = ground(element);
    const [one, two] = [light(over(numbers(getComputedStyle(element).color), under)), light(under)];
    return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  };
  const says = (node) => [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
  return [...document.querySelectorAll("body *")]
    .filter((each) => says(each) && each.checkVisibility() && !each.closest(":disabled, script, noscript"))
    .map((each) => [contrast(each), `${each.tagName}.${each.className}: ${each.textContent.trim().slice(0, 40)}`])
    .filter(([figure]) => figure < 4.5);
}"""
NAMELESS = """() => [...document.querySelectorAll("a, button, input, select, video, [tabindex='0']")]
  .filter((each) => each.checkVisibility() && each.tagName !== "VIDEO" && !each.labels?.length)
  .filter((each) => !(each.getAttribute("aria-label") || each.textContent.trim()))
  .map((each) => each.outerHTML)"""
TWICE = """() => [...document.querySelectorAll("[id]")].map((each) => each.id)
  .filter((id, n, all) => all.indexOf(id) !== n)"""


@pytest.fixture(params=["light", "dark"])
async def opened(request: pytest.FixtureRequest, browser: Browser, environment: Sandbox) -> AsyncIterator[Page]:
    """A page of its own, in either theme, with something broken and a tap that is told."""
    page = await browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme=request.param)
    page.set_default_timeout(15_000)
    await page.goto(environment.url)
    yield page
    await page.close()


def switch(page: Page, name: str) -> Locator:
    return page.locator("#stage").get_by_role("button", name=name, exact=True)


async def test_every_text_can_be_read_in_either_theme(opened: Page, visitor: Visitor) -> None:
    await visitor.press("Slow, 2 s a call")
    await visitor.sees_state("Telegram is slow")
    await visitor.tap("Skip")
    await expect(opened.locator("details.tap").first).to_be_visible()
    await opened.locator("details.tap summary").first.click()
    during = await opened.evaluate(CONTRASTS)
    await visitor.press("Mend everything")
    await visitor.reads("Skipped by")

    assert during == []
    assert await opened.evaluate(CONTRASTS) == []


async def test_everything_that_can_be_pressed_has_a_name_and_each_id_stands_once(opened: Page) -> None:
    assert await opened.evaluate(NAMELESS) == []
    assert await opened.evaluate(TWICE) == []


async def test_switch_shows_where_it_is_pressed_that_it_is_and_is_put_back_there(visitor: Visitor) -> None:
    pressed = switch(visitor.page, "Cannot fetch the file")
    await expect(pressed).to_have_attribute("aria-pressed", "false")

    await pressed.click()
    await expect(pressed).to_have_attribute("aria-pressed", "true")
    await expect(pressed).to_contain_text(re.compile(r"on, \d+ s"))
    await visitor.sees_state("Instagram cannot fetch files")
    await pressed.press("Enter")

    await expect(pressed).to_have_attribute("aria-pressed", "false")
    await expect(pressed).to_be_focused()
    await visitor.sees_state("Everything works")


async def test_what_is_broken_is_said_where_the_last_switch_stands(visitor: Visitor) -> None:
    last = switch(visitor.page, "Cut it off")
    await last.scroll_into_view_if_needed()
    await last.click()

    said = visitor.page.locator(".broken li", has_text="Instagram is gone")
    await expect(said).to_be_in_viewport()
    await expect(last).to_be_in_viewport()
    await last.click()
    await visitor.sees_state("Everything works")


async def test_panel_does_not_say_that_everything_works_while_no_worker_runs(visitor: Visitor) -> None:
    await visitor.press("kill -9")
    await visitor.sees_state("worker 1: killed")

    await expect(visitor.page.locator(".broken")).to_have_text(re.compile("No worker runs"))
    await expect(switch(visitor.page, "Start")).to_be_focused()


async def test_newest_card_is_two_keys_away_and_the_others_are_reached_by_arrows(
    browser: Browser, visitor: Visitor, environment: Sandbox
) -> None:
    await visitor.ask_for_a_story()
    assert environment.environment is not None
    newest, before = [card.id for card in open_cards(environment.environment.chat)[:-3:-1]]
    page = await browser.new_page(viewport={"width": 1280, "height": 860})
    await page.goto(environment.url)

    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#message-{newest}").get_by_role("button", name="Auto Post")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(f"#message-{before}").get_by_role("button", name="Auto Post")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(f"#message-{newest}").get_by_role("button", name="Auto Post")).to_be_focused()
    for _ in range(6):
        await page.keyboard.press("Tab")

    await expect(page.locator(".commands button").first).to_be_focused()
    await page.close()


async def test_other_parts_of_the_page_are_jumped_to(opened: Page) -> None:
    for _ in range(4):
        await opened.keyboard.press("Tab")
    await opened.keyboard.press("Enter")

    await expect(opened.locator("#log")).to_be_focused()


async def test_words_of_a_person_fill_no_more_than_their_lines(visitor: Visitor) -> None:
    await visitor.page.get_by_label("Write a message").fill("one line")
    await visitor.page.keyboard.press("Enter")
    said = visitor.page.locator(".message.mine").last
    await expect(said).to_contain_text("one line")

    box = await said.bounding_box()

    assert box is not None
    assert box["height"] < 70


async def test_page_says_what_it_is_and_how_to_begin(opened: Page) -> None:
    await expect(opened.locator("h1")).to_have_text("everytap")
    await expect(opened.get_by_role("banner")).to_contain_text("every tap counts, once")
    await expect(opened.locator("#steps li")).to_have_count(3)


async def test_score_counts_each_tap_as_it_is_answered(visitor: Visitor) -> None:
    def figure(name: str) -> Locator:
        return visitor.page.locator("#score div", has_text=name).locator("dd")

    taps = int(await figure("taps").inner_text())
    await visitor.tap("Skip")

    await expect(figure("taps")).to_have_text(str(taps + 1))
    await expect(figure("answered")).to_have_text(str(taps + 1))
    await visitor.reads("Skipped by")
    await expect(figure("lost")).to_have_text("0")
    await expect(figure("doubled")).to_have_text(re.compile(r"\d+"))
