"""Insights in the database: each story is read by one worker at a time, and what was told stays."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from actors.domain.account import StoryInsights
from actors.domain.publish_phase import Phase
from actors.operations.insights import (
    ClaimInsights,
    InsightsDue,
    InsightsOutcome,
    InsightsTold,
    InsightsWork,
    NoteInsights,
)
from actors.operations.publishes import PublishRow
from tests.contracts.team import CHAT, Team
from tests.contracts.test_database_publishes import auto_posted, marked, moved

HOUR = 3600.0
SEEN = StoryInsights(views=1204, people=980, replies=None, exits=31)
TOLD = InsightsTold(InsightsOutcome.TOLD, SEEN)
UNTOLD = InsightsTold(InsightsOutcome.NOT_TOLD, sentence="Too few people saw this story.")
MISSED = InsightsTold(InsightsOutcome.MISSED)


async def published(team: Team, media_id: str | None = "m1") -> PublishRow:
    """A story that is live; its id is not known where the answer was lost."""
    row = await auto_posted(team)
    return await moved(team, await marked(team, row), Phase.PUBLISHED, media_id=media_id)


async def claimed(team: Team, owner: str = "look 1") -> InsightsWork:
    return await team.ask(ClaimInsights(owner))


async def due(team: Team, hours: float = 12.0) -> InsightsDue:
    """A story that went live so many hours ago."""
    await published(team)
    await team.world.pass_time(hours * HOUR + 1.0)
    (one,) = (await claimed(team)).due
    return one


async def kept(team: Team) -> dict[str, Any]:
    told = (await team.line("publishes"))["insights"]
    found = json.loads(told) if isinstance(told, str) else told
    return {name: value for name, value in found.items() if name != "at"}


async def test_story_is_due_12_hours_after_it_went_live(team: Team) -> None:
    publish = await published(team)
    early = await claimed(team)
    await team.world.pass_time(12 * HOUR + 1.0)

    (found,) = (await claimed(team)).due

    assert early.due == ()
    assert early.next_seconds == pytest.approx(12 * HOUR, abs=60)
    assert (found.chat_id, found.item_id, found.version) == (CHAT, publish.item_id, publish.version)
    assert found.media_id == "m1"
    assert found.seconds_live == pytest.approx(12 * HOUR, abs=60)
    assert found.account is not None
    assert found.account.sealed_token == b"sealed"


async def test_publish_whose_story_has_no_known_id_is_never_read(team: Team) -> None:
    await published(team, media_id=None)
    await team.world.pass_time(24 * HOUR)

    assert await claimed(team) == InsightsWork()


async def test_one_worker_at_a_time_has_it_and_the_same_look_finds_it_again(team: Team) -> None:
    one = await due(team)
    again = await claimed(team)
    other = await claimed(team, "look 2")
    await team.world.pass_time(21 * 60.0)

    (after,) = (await claimed(team, "look 2")).due

    assert [found.item_id for found in again.due] == [one.item_id]
    assert other.due == ()
    assert after.item_id == one.item_id
    assert await team.ask(NoteInsights(one, "look 1", TOLD, None)) is False


async def test_what_was_told_is_kept_and_the_next_reading_is_planned(team: Team) -> None:
    one = await due(team)

    assert await team.ask(NoteInsights(one, "look 1", TOLD, 11 * HOUR)) is True
    at_once = await claimed(team, "look 2")
    await team.world.pass_time(11 * HOUR + 1.0)
    later = await claimed(team, "look 3")

    assert await kept(team) == {"outcome": "told", "sentence": None} | asdict(SEEN)
    assert at_once.due == ()
    assert at_once.next_seconds == pytest.approx(11 * HOUR, abs=60)
    assert [found.item_id for found in later.due] == [one.item_id]


@pytest.mark.parametrize("vain", [UNTOLD, MISSED])
async def test_second_reading_that_brings_nothing_leaves_the_first(team: Team, vain: InsightsTold) -> None:
    one = await due(team)
    await team.ask(NoteInsights(one, "look 1", TOLD, 11 * HOUR))
    await team.world.pass_time(11 * HOUR + 1.0)
    (late,) = (await claimed(team, "look 2")).due

    await team.ask(NoteInsights(late, "look 2", vain, None))
    await team.world.pass_time(24 * HOUR)

    assert (await kept(team))["views"] == 1204
    assert await claimed(team, "look 3") == InsightsWork()


@pytest.mark.parametrize(("vain", "outcome"), [(UNTOLD, "not_told"), (MISSED, "missed")])
async def test_first_reading_that_brings_nothing_says_why(team: Team, vain: InsightsTold, outcome: str) -> None:
    one = await due(team)

    await team.ask(NoteInsights(one, "look 1", vain, None))

    assert await kept(team) == {"outcome": outcome, "sentence": vain.sentence} | asdict(StoryInsights())


@pytest.mark.parametrize("column", ["removed", "token_gone"])
async def test_account_without_a_good_token_is_named_by_none(team: Team, column: str) -> None:
    await published(team)
    await team.world.update("accounts", {"account_id": 1}, {column: True})
    await team.world.pass_time(12 * HOUR + 1.0)

    (found,) = (await claimed(team)).due

    assert found.account is None
