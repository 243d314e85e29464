"""The canonical line of each change of an item that no tap made: which, why, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from actors.audit.lines import LoggedTaps
from actors.database.request import Reply
from actors.domain.item import Action, Item, State
from actors.domain.messages import RECOVERED, Changed, Present
from actors.item.tap_log import OpenTaps
from actors.operations.commands import CommandOutcome, Told
from actors.operations.schedule import ChangesTold, Due, ItemChange
from actors.ports import SentCard
from actors.schedule.scheduler import Scheduler
from tests.actors.commands.fakes import CommandStage
from tests.actors.fakes import After, FakeStore
from tests.actors.item.fakes import ItemStage, playing
from tests.actors.publish.fakes import Sea
from tests.actors.schedule.test_scheduler import Items
from tests.actors.updates.fakes import said
from tests.fakes.instagram import FakeInstagram
from tests.kit.clock import virtual_time
from tests.kit.lives import living
from tests.stories import ANNA, CHAT, row, settled

anyio_backend = virtual_time

CLAIMED = row(State.PRESENTING)
EXPIRED = settled(row(State.EXPIRED, 1), Action.EXPIRE, None)
EXPIRY = ItemChange(1, 3, CHAT, 7, "expired", "nobody tapped", State.EXPIRED, 1)
PUBLISHED = settled(row(State.POSTED, 2), Action.PUBLISHED, ANNA)


def changes(logs: list[Any]) -> list[tuple[str, str]]:
    return [(line["change"], line["cause"]) for line in logs if line["event"] == "item"]


def by_machine(row: Item) -> Item:
    assert row.settled is not None
    return replace(row, settled=replace(row.settled, tap_id=None))


async def test_claim_and_expiry_have_their_lines_and_what_is_found_again_has_no_second_one() -> None:
    store = FakeStore()
    behind = replace(row(State.IN_REVIEW), id=8)
    store.always("Prune", 0)
    store.always("ClaimDue", After(0.01, Due((), (), None)))
    store.always("ChangesTold", 1)
    store.will("ClaimDue", Reply(Due((CLAIMED, behind), (EXPIRED,), 0.1, changes=(EXPIRY,)), 2, 0.5))
    store.will("ClaimDue", Due((), (), None, changes=(replace(EXPIRY, cause="recovered"),)))
    scheduler = Scheduler(store, Items(), "w1", lambda: None)

    with capture_logs() as logs:
        async with living(scheduler.run):
            await anyio.sleep(1.0)

    assert changes(logs) == [("expired", "nobody tapped"), ("presented", "slot"), ("presented", "left behind")]
    assert store.of(ChangesTold) == [ChangesTold("w1", "w1/1"), ChangesTold("w1", "w1/2")]
    named = ("item_id", "chat_id", "state", "version")
    assert [logs[1][name] for name in named] == [7, CHAT, "presenting", 0]


async def test_card_that_is_in_the_chat_and_known_to_its_row_has_its_line() -> None:
    stage = ItemStage()
    stage.chat.will("send_card", SentCard(501, None))
    stage.store.will("SaveCard", row(State.IN_REVIEW))
    stage.store.always("KeepClaim", True)

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    (line,) = [line for line in stage.logs if line["event"] == "item"]
    assert (line["change"], line["message_id"]) == ("card_sent", 501)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (PUBLISHED, [("published", "recovered")]),
        (settled(row(State.IN_REVIEW, 2), Action.PUBLISH_REFUSED, ANNA), [("refused", "recovered")]),
        (settled(row(State.IN_DOUBT, 2), Action.ANSWER_LOST, ANNA), [("in_doubt", "recovered")]),
        (settled(row(State.POSTED, 2), Action.REHEARSED, ANNA), [("rehearsed", "recovered")]),
        (by_machine(EXPIRED), []),
        (settled(row(State.SKIPPED, 1), Action.SKIP, ANNA), []),
        (row(State.IN_REVIEW), []),
    ],
)
async def test_end_of_a_publish_whose_worker_died_over_it_is_told_once_by_the_one_that_draws_it(
    changed: Item, told: list[tuple[str, str]]
) -> None:
    stage = ItemStage()

    async with playing(stage):
        stage.tell(Changed(changed, RECOVERED))
        await anyio.sleep(1.0)
        stage.tell(Changed(changed, RECOVERED))

    assert changes(stage.logs) == told


def test_end_that_its_worker_told_is_not_told_again_by_who_draws_it() -> None:
    logged_taps = LoggedTaps()
    assert logged_taps.is_new(by_machine(PUBLISHED), "published")

    with capture_logs() as logs:
        OpenTaps(logged_taps).recovered(by_machine(PUBLISHED))

    assert logs == []


@pytest.mark.parametrize(
    ("operation", "text", "outcome", "told"),
    [
        ("PresentNext", "/next", Told(CommandOutcome.DONE, CLAIMED, claimed=True), [("presented", "/next")]),
        ("PresentNext", "/next", Told(CommandOutcome.DONE, CLAIMED), []),
        ("PresentNext", "/next", Told(CommandOutcome.BEING_SENT, CLAIMED), []),
        ("RequeueItem", "/requeue 7", Told(CommandOutcome.DONE, row(State.WAITING, 2)), []),
        ("RequeueItem", "/requeue 7", Told(CommandOutcome.LOCKED, row(State.SKIPPED, 1)), []),
    ],
)
async def test_what_a_command_does_to_an_item_has_one_line_though_it_is_brought_twice(
    operation: str, text: str, outcome: Told, told: list[tuple[str, str]]
) -> None:
    stage = CommandStage()
    stage.store.always(operation, outcome)

    async with stage.playing():
        stage.commands.tell_nowait(said(10, text))
        await stage.confirmed.until("10")
        stage.commands.tell_nowait(said(10, text))
        await anyio.sleep(1.0)

    assert changes(stage.logs) == told


async def test_end_of_a_publish_has_its_line_with_what_the_team_reads() -> None:
    sea = Sea(instagram=FakeInstagram())
    sea.instagram.file_error = "Instagram could not use the file."

    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(60.0)

    assert changes(sea.logs) == [("refused", "Nothing was published: Instagram could not use the file.")]


async def test_publish_that_went_live_has_its_line() -> None:
    sea = Sea(instagram=FakeInstagram())

    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(60.0)

    assert changes(sea.logs) == [("published", "Instagram said so")]
