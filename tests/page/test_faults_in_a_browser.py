"""What a visitor breaks on the page: each tap ends with the truth on the card, and with one line that explains it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Locator, expect

from infra.sandbox.demo.interactive import record
from infra.sandbox.page.look import INVISIBLE
from infra.sandbox.sandbox import Sandbox
from tests.page.visitor import Visitor


def stories(visitor: Visitor) -> Locator:
    """The taps of the log, the newest first."""
    return visitor.page.locator("details.tap")


async def explained(story: Locator, ending: str) -> dict[str, Any]:
    """Wait until a tap ended so; returns the one line that explains it."""
    await expect(story.locator(".pill")).to_have_text(ending)
    raw = await story.locator("pre").text_content() or ""
    (line,) = [line for line in map(json.loads, raw.splitlines()) if line["event"] == "tap"]
    found: dict[str, Any] = line
    return found


async def break_for_long(visitor: Visitor, switch: str, state: str) -> None:
    """Break something for longer than a slow machine needs, and wait until it is broken; the test mends it."""
    where, _, label = switch.partition(": ")
    await visitor.page.locator("input[name=seconds][value='120']").check()
    await visitor.page.get_by_role("group", name=where, exact=True).get_by_role("button", name=label).click()
    await visitor.sees_state(state)


async def let_claims_run_out(sandbox: Sandbox) -> None:
    """Spare ten seconds: for so long a dead worker's claim of a card is respected."""
    assert sandbox.environment is not None
    connection = await asyncpg.connect(sandbox.environment.link.dsn)
    await connection.execute("update cards set claimed_until = now() where claimed_until is not null")
    await connection.close()


@pytest.mark.parametrize(
    ("switch", "state"),
    [("Telegram: Slow, 2 s a call", "Telegram is slow"), ("Telegram: Failing, 502", "Telegram says 502")],
)
async def test_tap_outlives_a_telegram_that_is_slow_or_fails(visitor: Visitor, switch: str, state: str) -> None:
    await break_for_long(visitor, switch, state)
    await visitor.tap("Skip")
    await expect(visitor.button("Skip")).to_have_class(re.compile("waiting"))
    await visitor.press("Mend everything")

    await visitor.reads("Skipped by Anna Álvarez")
    await visitor.has_no_buttons()
    assert (await explained(stories(visitor).first, "saved"))["outcome"] == "recorded"


async def test_tap_is_seen_when_telegram_is_back(visitor: Visitor) -> None:
    await break_for_long(visitor, "Telegram: Unreachable", "Telegram is gone")
    await visitor.tap("Posted")
    await expect(stories(visitor).first.locator(".pill")).to_have_text("under way …")
    await visitor.press("Mend everything")

    await visitor.sees_toast("Marking as posted…")
    await visitor.reads("Posted by Anna Álvarez")
    assert (await explained(stories(visitor).first, "saved"))["outcome"] == "recorded"


async def test_worker_killed_between_toast_and_card_is_finished_by_the_next_one(
    visitor: Visitor, environment: Sandbox
) -> None:
    await break_for_long(visitor, "Telegram: Rate-limited", "Telegram says 429")
    await visitor.tap("Skip")
    await visitor.sees_toast("Skipping…")
    await expect(visitor.card).not_to_contain_text("Skipped")
    await visitor.press("kill -9")
    await visitor.sees_state("worker 1: killed")
    await let_claims_run_out(environment)
    await visitor.press("Mend everything")
    await visitor.press("Start")

    await visitor.reads("Skipped by Anna Álvarez")
    await visitor.has_no_buttons()
    assert (await explained(stories(visitor).first, "saved"))["cause"] in {"recovered", "replayed"}


async def test_locked_row_holds_its_tap_with_live_buttons_until_it_is_released(visitor: Visitor) -> None:
    await visitor.ask_for_a_story()
    title = INVISIBLE.sub("", await visitor.card.locator(".text b").first.inner_text())
    await break_for_long(visitor, "Database: Lock the newest row", f"The row of “{title}” is locked")
    await visitor.tap("Skip")
    await visitor.sees_toast("Skipping…")
    await expect(stories(visitor).first.locator(".pill")).to_have_text("under way …")
    await expect(visitor.button("Posted")).to_be_visible()
    await visitor.press("Mend everything")

    await visitor.reads("Skipped by Anna Álvarez")
    assert (await explained(stories(visitor).first, "saved"))["outcome"] == "recorded"


async def test_three_who_tap_while_the_database_is_away_are_each_told_what_came_of_it(visitor: Visitor) -> None:
    await break_for_long(visitor, "Database: Take it away", "The database is away")
    await visitor.tap("Skip")
    await visitor.sees_toast("Skipping…")
    await visitor.become("Ben_the*Bold")
    await visitor.tap("Posted")
    await visitor.sees_toast("is skipping this")
    await visitor.become("Chloé <3 & Co")
    await visitor.tap("Skip")
    await expect(stories(visitor).first.locator("summary")).to_contain_text("Chloé <3 & Co")
    for number in (0, 1):  # a tap that came after the mending would be told another thing
        await expect(stories(visitor).nth(number).locator(".pill")).to_have_text("not taken, and said so")
    await visitor.press("Mend everything")

    await visitor.reads("Skipped by Anna Álvarez")
    await visitor.has_no_buttons()
    assert (await explained(stories(visitor).nth(2), "saved"))["outcome"] == "recorded"
    lines = [await explained(stories(visitor).nth(number), "not taken, and said so") for number in (0, 1)]
    assert [line["outcome"] for line in lines] == ["busy", "busy"]


async def test_name_with_markup_is_the_same_on_card_and_log(visitor: Visitor) -> None:
    await visitor.become("Chloé <3 & Co")
    await visitor.tap("Posted")

    await visitor.reads("Posted by Chloé <3 & Co")
    await explained(stories(visitor).first, "saved")
    await expect(stories(visitor).first.locator("summary")).to_contain_text("Chloé <3 & Co")


@pytest.fixture
async def company(visitor: Visitor, environment: Sandbox) -> AsyncIterator[Visitor]:
    """A visitor who may start a second worker; it leaves in the end."""
    assert environment.environment is not None
    workers = environment.environment.workers
    yield visitor
    workers.start(1)
    await environment.until(lambda: workers.members[1].process is not None, 20)
    workers.stop(2)
    await environment.until(lambda: workers.members[2].process is None, 20)
    del workers.members[2]
    record(environment, "stage.changed")


async def test_second_worker_goes_on_where_the_first_one_stops(company: Visitor) -> None:
    await company.press("Start one more")
    await company.sees_state("worker 2: runs")
    await expect(company.page.locator("#log")).to_contain_text(re.compile(r"worker 2\s+Runs: all of its parts"))
    await company.page.locator(".member", has_text="worker 1").get_by_role("button", name="Stop").click()
    await company.sees_state("worker 1: stopped")
    await company.tap("Skip")

    await company.reads("Skipped by Anna Álvarez")
    await explained(stories(company).first, "saved")
    await expect(stories(company).first.locator(".story")).to_contain_text("worker 2")
