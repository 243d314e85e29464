"""The page in a real browser, over the real service: every button, two people at once, and what can be broken."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.page.visitor import Visitor


@pytest.mark.parametrize(
    ("button", "toast", "ending"),
    [("Skip", "Skipping…", "Skipped by Anna Álvarez"), ("Posted", "Marking as posted…", "Posted by Anna Álvarez")],
)
async def test_tap_is_answered_by_a_toast_and_settles_the_card(
    visitor: Visitor, button: str, toast: str, ending: str
) -> None:
    await visitor.tap(button)

    await visitor.sees_toast(toast)
    await visitor.reads(ending)
    await visitor.has_no_buttons()


async def test_auto_post_in_a_dry_run_brings_the_buttons_back(visitor: Visitor) -> None:
    await visitor.tap("Auto Post")

    await visitor.sees_toast("Auto posting…")
    await visitor.reads("Dry run: the picture")
    await expect(visitor.button("Skip")).to_be_visible()


async def test_reject_asks_first(visitor: Visitor) -> None:
    await visitor.tap("Reject")
    await visitor.tap("No, keep it")
    await expect(visitor.button("Yes, reject")).to_have_count(0)
    await visitor.tap("Reject")
    await visitor.tap("Yes, reject")

    await visitor.reads("Rejected by Anna Álvarez")
    await visitor.has_no_buttons()


async def test_original_arrives_as_a_document(visitor: Visitor) -> None:
    documents = visitor.page.locator(".message[data-kind=document]")
    before = await documents.count()

    await visitor.tap("Original")

    await visitor.sees_toast("Sending the original…")
    await expect(documents).to_have_count(before + 1)
    await expect(documents.last.locator("a")).to_have_attribute("download", re.compile(r"\.jpg$"))


async def test_two_at_once_are_both_answered_and_one_of_them_is_too_late(visitor: Visitor) -> None:
    await visitor.page.get_by_label("two at once").check()
    await visitor.tap("Skip")

    await expect(visitor.page.locator("#toasts .toast", has_text="Ben_the*Bold: ")).to_be_visible()
    await expect(visitor.page.locator("#toasts .toast b", has_text="Anna")).to_have_count(0)
    await visitor.reads("Skipped by")
    await visitor.has_no_buttons()


async def test_name_with_markup_is_shown_as_it_is(visitor: Visitor) -> None:
    await visitor.become("Chloé <3 & Co")
    await visitor.tap("Skip")

    await visitor.reads("Skipped by")
    await visitor.reads("Chloé <3 & Co")


async def test_tap_is_unfolded_to_its_story(visitor: Visitor) -> None:
    before = await visitor.stories("saved").count()
    await visitor.tap("Skip")
    await visitor.reads("Skipped by")
    await expect(visitor.stories("saved")).to_have_count(before + 1)

    story = await visitor.unfold(visitor.stories("saved").first)

    assert "Anna Álvarez taps Skip" in story
    assert "Toast: “Skipping…”" in story
    assert "Saved: one round trip, one commit." in story
    assert '"outcome": "recorded"' in story


async def test_card_is_tapped_by_keyboard_and_the_focus_stays_there(visitor: Visitor) -> None:
    await visitor.button("Reject").focus()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.button("Yes, reject")).to_be_visible()
    await expect(visitor.button("Reject")).to_be_focused()
    await visitor.page.keyboard.press("Shift+Tab")
    await visitor.page.keyboard.press("Space")

    await visitor.sees_toast("Skipping…")
    await visitor.reads("Skipped by")


async def test_tap_survives_cut_connections(visitor: Visitor) -> None:
    await visitor.press("Cut its connections")
    await visitor.sees_toast("database connections cut")
    await visitor.tap("Skip")

    await visitor.sees_toast("Skipping…")
    await visitor.reads("Skipped by")


@pytest.mark.parametrize(
    ("switch", "state"),
    [("Take it away", "The database is away"), ("Let it fall silent", "The database is silent")],
)
async def test_tap_waits_for_the_database_with_live_buttons(visitor: Visitor, switch: str, state: str) -> None:
    await visitor.press(switch)
    await visitor.sees_state(state)
    await skip_and_mend(visitor)


async def skip_and_mend(visitor: Visitor) -> None:
    """Tap while something is wrong with the database, and see the truth once it is mended.

    Not that the card says "is skipping this…" meanwhile: a worker that is short of edits leaves that out.
    """
    await visitor.tap("Skip")
    await visitor.sees_toast("Skipping…")
    await expect(visitor.stories("under way").first).to_be_visible()
    await expect(visitor.button("Skip")).to_be_visible()

    await visitor.press("Mend everything")

    await visitor.reads("Skipped by Anna Álvarez")
    await visitor.has_no_buttons()
    await visitor.sees_state("Everything works")


async def test_tap_waits_for_a_killed_worker(visitor: Visitor) -> None:
    await visitor.press("kill -9")
    await visitor.sees_state("worker 1: killed")
    await visitor.tap("Skip")

    await visitor.press("Start")

    await visitor.sees_state("worker 1: runs")
    await visitor.reads("Skipped by Anna Álvarez")


async def test_telegram_that_fails_delays_a_card_and_no_more(visitor: Visitor) -> None:
    await visitor.press("Rate-limited")
    await visitor.sees_state("Telegram says 429")
    await visitor.tap("Skip")
    await visitor.sees_toast("Skipping…")

    await visitor.press("Mend everything")

    await visitor.reads("Skipped by Anna Álvarez")


async def test_story_that_is_asked_for_comes(visitor: Visitor) -> None:
    await visitor.ask_for_a_story()

    await expect(visitor.button("Skip")).to_be_visible()


async def test_what_is_said_in_the_group_is_shown(visitor: Visitor) -> None:
    await visitor.page.get_by_label("Write a message").fill("<b>hello</b> everybody")
    await visitor.page.keyboard.press("Enter")

    await expect(visitor.page.locator(".message.mine").last).to_contain_text("<b>hello</b> everybody")
