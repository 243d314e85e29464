"""Preflight: what a card says of Auto Post before anybody taps, found out of everybody's way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from actors.accounts.preflight import MOST_OPEN, Preflight, PreflightDependencies
from actors.database.request import Cause, NotStored
from actors.domain.account import Account, Login, Quota
from actors.domain.item import Item, State, Story
from actors.domain.messages import Changed
from actors.errors import Refused, TokenGone, Unreachable
from actors.operations.preflight import LookAhead, Outlook, StoreFinding
from actors.publish.not_connected import NotConnected
from tests.actors.fakes import FakeItems, FakeStore, Never, Script
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.stories import SUNSET, row

anyio_backend = virtual_time

DAY = 86_400.0
STUDIO = Account(1, "1784", "studio", Login.INSTAGRAM, b"sealed")
KNOWN = Outlook(STUDIO, 43 * DAY)
SENT = replace(row(State.IN_REVIEW), live=True)
AWAY = NotStored(Cause.EXPIRED, certain=False)


class Outlooks(Script, NotConnected):
    """Fills ports.Instagram for quotas, and reaches files; both as scripted."""

    async def quota(self, account: Account) -> Quota:
        """Read the quota."""
        assert account == STUDIO
        answer: Any = await self.play("quota")
        return Quota(*answer)

    async def reach(self, story: Story) -> None:
        """Try the file."""
        assert story == SUNSET
        await self.play("reach")


class Stage:
    """Preflight between fakes; all is well unless scripted."""

    def __init__(self) -> None:
        self.store, self.items, self.outside = FakeStore(), FakeItems(), Outlooks()
        self.store.always("LookAhead", KNOWN)
        self.store.always("StoreFinding", lambda asked: replace(asked.row, preflight=asked.finding))
        self.outside.always("quota", (1, 25))
        self.preflight = Preflight(
            PreflightDependencies("w1", self.store, self.outside, self.items, self.outside.reach)
        )
        self.logs: list[Any] = []

    async def check(self, *rows: Item, seconds: float = 60.0) -> None:
        """Have cards sent, and live for so long."""
        with capture_logs() as self.logs:
            async with living(self.preflight.run):
                await anyio.sleep(1.0)
                for one in rows:
                    self.preflight.tell_nowait(one)
                await anyio.sleep(seconds)

    @property
    def found(self) -> list[str]:
        """What was found."""
        return [asked.finding for asked in self.store.of(StoreFinding)]

    @property
    def events(self) -> list[str]:
        """What was logged."""
        return [line["event"] for line in self.logs]


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_finding_is_stored_and_told_to_the_item(stage: Stage) -> None:
    await stage.check(SENT)

    ready, counted = "✅ Ready: @studio, token 43 days, 24 of 25 posts left", replace(KNOWN, quota=Quota(1, 25))
    assert stage.store.asked == [LookAhead(1), StoreFinding(SENT, ready, "w1", counted, Quota(1, 25))]
    assert stage.items.messages == [Changed(replace(SENT, preflight=ready), "preflight")]
    assert stage.outside.when("reach") == pytest.approx([1.0])


@pytest.mark.parametrize(
    "unasked",
    [replace(SENT, live=False), replace(SENT, state=State.PUBLISHING), replace(SENT, preflight="✅ Ready: @studio")],
    ids=["dry run", "decided", "found"],
)
async def test_only_a_live_card_in_review_without_a_finding_is_looked_at(stage: Stage, unasked: Item) -> None:
    await stage.check(unasked)

    assert stage.store.asked == []


async def test_quota_that_is_known_is_not_read_again(stage: Stage) -> None:
    stage.store.will("LookAhead", replace(KNOWN, quota=Quota(5, 25)))

    await stage.check(SENT)

    assert stage.outside.when("quota") == []
    assert stage.store.of(StoreFinding)[0].quota is None
    assert stage.found == ["✅ Ready: @studio, token 43 days, 20 of 25 posts left"]


async def test_chat_without_an_account_is_told_so_without_a_call(stage: Stage) -> None:
    stage.store.will("LookAhead", Outlook(None))

    await stage.check(SENT)

    assert stage.outside.times == []
    assert stage.found == ["⚠️ No Instagram account is connected: tell the operator."]


async def test_token_that_instagram_takes_no_more_is_found(stage: Stage) -> None:
    stage.outside.will("quota", TokenGone("Connect it again."))

    await stage.check(SENT)

    assert stage.found == ["⚠️ Instagram wants @studio to be connected again: tell the operator."]
    assert stage.outside.when("reach") == []


@pytest.mark.parametrize(
    ("call", "answer", "said"),
    [
        ("quota", Refused("Nothing was published: It is asleep."), "⚠️ It is asleep."),
        ("quota", Unreachable("Instagram asks us to slow down."), "⚠️ Instagram asks us to slow down."),
        ("quota", Never(), "⚠️ Instagram does not answer just now."),
        ("reach", Refused("There is no file."), "⚠️ There is no file."),
        ("reach", Never(), "⚠️ The story's file cannot be reached in time."),
    ],
)
async def test_trouble_is_said_in_words(stage: Stage, call: str, answer: object, said: str) -> None:
    stage.outside.will(call, answer)

    await stage.check(SENT)

    assert stage.found == [said]


async def test_item_that_was_decided_meanwhile_is_left_alone(stage: Stage) -> None:
    stage.store.will("StoreFinding", None)

    await stage.check(SENT)

    assert stage.items.told == []


@pytest.mark.parametrize("operation", ["LookAhead", "StoreFinding"])
async def test_card_stays_without_a_finding_while_the_database_is_away(stage: Stage, operation: str) -> None:
    stage.store.will(operation, AWAY)

    await stage.check(SENT)
    await stage.check(SENT)

    assert len(stage.items.told) == 1


async def test_items_that_have_stopped_are_not_told(stage: Stage) -> None:
    stage.items.closed = True

    await stage.check(SENT)

    assert stage.events == ["preflight.stopped"]


async def test_four_cards_are_looked_at_at_a_time(stage: Stage) -> None:
    stage.outside.always("reach", Never())

    await stage.check(*[SENT] * 9)

    assert stage.outside.when("reach") == pytest.approx([1.0] * 4 + [21.0] * 4 + [41.0])


async def test_cards_beyond_the_bound_stay_without_a_finding(stage: Stage) -> None:
    await stage.check(*[SENT] * (MOST_OPEN + 2))

    assert len(stage.found) == MOST_OPEN
    assert stage.events == ["preflight.dropped"] * 2


async def test_bound_holds_for_the_next_cards_too(stage: Stage) -> None:
    stage.outside.will("reach", *[None] * 5)
    stage.outside.always("reach", Never())

    async with living(stage.preflight.run):
        await anyio.sleep(1.0)
        for _ in range(5):
            stage.preflight.tell_nowait(SENT)
        await anyio.sleep(1.0)
        with capture_logs() as stage.logs:
            for _ in range(MOST_OPEN + 2):
                stage.preflight.tell_nowait(SENT)
                await anyio.sleep(0.01)

    assert stage.events == ["preflight.dropped"] * 2


async def test_stop_does_not_wait_for_a_call(stage: Stage) -> None:
    stage.outside.will("quota", Never())

    await stage.check(SENT, seconds=1.0)

    assert anyio.current_time() == pytest.approx(2.0)
