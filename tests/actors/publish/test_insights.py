"""The reader of insights: twice while Instagram tells, again where it did not answer, never after its 24 hours."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from actors.database.request import Cause, NotStored
from actors.domain.account import Account, Login, StoryInsights
from actors.errors import AnswerLost, Refused, TokenGone, Unreachable
from actors.operations.insights import (
    ClaimInsights,
    InsightsDue,
    InsightsOutcome,
    InsightsTold,
    InsightsWork,
    NoteInsights,
)
from actors.publish.insights import (
    AGAIN_SECONDS,
    LOOK_SECONDS,
    READ_SECONDS,
    InsightsDependencies,
    InsightsReader,
    next_reading,
)
from actors.publish.not_connected import NotConnected
from tests.actors.fakes import FakeStore, Never, Script
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.stories import CHAT

anyio_backend = virtual_time

HOUR = 3600.0
DUE = InsightsDue(1, CHAT, 7, 2, "m1", 12 * HOUR, Account(1, "1784", "studio", Login.INSTAGRAM, b"sealed"))
SEEN = StoryInsights(views=1204, people=980, replies=None, exits=31)
FIRST = "w1 insights 1"


class Figures(Script, NotConnected):
    """Fills ports.Instagram for figures, as scripted."""

    async def insights(self, account: Account, media_id: str) -> StoryInsights:
        """Tell them."""
        assert (account, media_id) == (DUE.account, DUE.media_id)
        told = await self.play("insights")
        assert isinstance(told, StoryInsights)
        return told


class Stage:
    """A reader between fakes; the first look finds one story."""

    def __init__(self, due: InsightsDue = DUE) -> None:
        self.due = due
        self.store, self.instagram = FakeStore(), Figures()
        self.store.will("ClaimInsights", InsightsWork((due,)))
        self.store.always("ClaimInsights", InsightsWork())
        self.store.always("NoteInsights", True)
        self.reader = InsightsReader(InsightsDependencies("w1", self.store, self.instagram))

    async def noted(self) -> NoteInsights:
        """What is kept of the first reading."""
        async with living(self.reader.run):
            await anyio.sleep(READ_SECONDS + 1.0)
        (note,) = (one for one in self.store.asked if isinstance(one, NoteInsights))
        return note


@pytest.mark.parametrize(("hours", "again_hours"), [(12.0, 10.5), (22.4, 0.1), (22.5, None), (23.9, None)])
async def test_story_is_read_and_read_again_towards_23_hours(hours: float, again_hours: float | None) -> None:
    stage = Stage(replace(DUE, seconds_live=hours * HOUR))
    stage.instagram.will("insights", SEEN)

    note = await stage.noted()

    assert note.told == InsightsTold(InsightsOutcome.TOLD, SEEN)
    assert (note.owner, note.due) == (FIRST, stage.due)
    assert note.again_seconds == (None if again_hours is None else pytest.approx(again_hours * HOUR))


@pytest.mark.parametrize("error", [Unreachable("Away."), AnswerLost("Broken.")])
@pytest.mark.parametrize(("hours", "again"), [(12.0, AGAIN_SECONDS), (23.0, AGAIN_SECONDS), (23.9, None)])
async def test_where_instagram_does_not_answer_it_is_asked_again_while_it_tells(
    error: Exception, hours: float, again: float | None
) -> None:
    stage = Stage(replace(DUE, seconds_live=hours * HOUR))
    stage.instagram.will("insights", error)

    note = await stage.noted()

    assert note.told == InsightsTold(InsightsOutcome.NOT_TOLD, sentence=str(error))
    assert note.again_seconds == again


async def test_pause_that_instagram_asks_for_is_kept(stage: Stage) -> None:
    stage.instagram.will("insights", Unreachable("Slow down.", 3000.0))

    assert (await stage.noted()).again_seconds == 3000.0


@pytest.mark.parametrize("error", [Refused("Too few people saw this."), TokenGone("Connect it again.")])
async def test_refusal_is_kept_in_its_words_and_tried_once_more_at_23_hours(stage: Stage, error: Exception) -> None:
    stage.instagram.will("insights", error)

    note = await stage.noted()

    assert note.told == InsightsTold(InsightsOutcome.NOT_TOLD, sentence=str(error))
    assert note.again_seconds == 10.5 * HOUR


async def test_call_without_an_end_is_given_up(stage: Stage) -> None:
    stage.instagram.will("insights", Never())

    note = await stage.noted()

    assert note.told == InsightsTold(InsightsOutcome.NOT_TOLD, sentence="Instagram did not answer in time.")
    assert note.again_seconds == AGAIN_SECONDS


@pytest.mark.parametrize("hours", [24.0, 100.0])
async def test_after_24_hours_it_is_missed_and_instagram_is_not_asked(hours: float) -> None:
    stage = Stage(replace(DUE, seconds_live=hours * HOUR))

    note = await stage.noted()

    assert (note.told.outcome, note.again_seconds) == (InsightsOutcome.MISSED, None)
    assert stage.instagram.when("insights") == []


async def test_without_a_token_nothing_is_asked_until_there_is_one() -> None:
    stage = Stage(replace(DUE, account=None))

    note = await stage.noted()

    assert (note.told.outcome, note.again_seconds) == (InsightsOutcome.NOT_TOLD, AGAIN_SECONDS)
    assert stage.instagram.when("insights") == []


@pytest.mark.parametrize(
    ("following", "sleeps"),
    [(None, LOOK_SECONDS), (100.0, 1800.0), (1801.0, 3600.0), (7200.0, 7200.0), (50 * HOUR, LOOK_SECONDS)],
)
async def test_it_looks_again_in_a_poll_window_once_the_next_is_due(following: float | None, sleeps: float) -> None:
    stage = Stage()
    stage.store = FakeStore()
    stage.store.always("ClaimInsights", InsightsWork((), following))
    stage.reader = InsightsReader(InsightsDependencies("w1", stage.store, stage.instagram))

    async with living(stage.reader.run):
        await anyio.sleep(sleeps - 1.0)
        before = len(stage.store.asked)
        await anyio.sleep(2.0)

    assert (before, len(stage.store.asked)) == (1, 2)


async def test_database_that_is_away_is_asked_again_in_a_poll_window() -> None:
    stage = Stage()
    stage.store = FakeStore()
    stage.store.will("ClaimInsights", NotStored(Cause.EXPIRED, certain=False))
    stage.store.always("ClaimInsights", InsightsWork())
    stage.reader = InsightsReader(InsightsDependencies("w1", stage.store, stage.instagram))

    async with living(stage.reader.run):
        await anyio.sleep(1801.0)

    assert [type(one) for one in stage.store.asked] == [ClaimInsights, ClaimInsights]


@pytest.mark.parametrize("seconds", [0.0, 12 * HOUR, 22.99 * HOUR, 23 * HOUR, 23.5 * HOUR, 23.99 * HOUR, 30 * HOUR])
@pytest.mark.parametrize("pause", [None, AGAIN_SECONDS, 20 * HOUR])
def test_no_reading_is_planned_for_when_instagram_tells_no_more(seconds: float, pause: float | None) -> None:
    again = next_reading(seconds, pause)

    assert again is None or 0 < again < 24 * HOUR - seconds


@pytest.fixture
def stage() -> Stage:
    return Stage()
