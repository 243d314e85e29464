"""Whose button a press is of: the statement compares the mark, the message and the version, whatever was sent."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from actors.domain.item import Action, Card, Item, State
from actors.domain.messages import Foreign, NotOurs, NotRecorded, Recorded, Stale, Vouched
from actors.domain.taps import Press, SendOriginal, Tap
from actors.operations.commands import MoveChat
from actors.operations.taps import LookAtButton
from tests.contracts.team import ANNA, BEN, CHAT, OTHER_CHAT, Team

FORGERIES: dict[str, tuple[dict[str, Any], Foreign]] = {
    "of another queue": ({"mark": "others"}, Foreign.EARLIER_QUEUE),
    "of another queue, on a message that nobody knows": (
        {"mark": "others", "message_id": 4711},
        Foreign.EARLIER_QUEUE,
    ),
    "on a message that nobody knows and that does not show it": (
        {"shown": False, "message_id": 4711},
        Foreign.UNKNOWN_MESSAGE,
    ),
    "without a mark, on a message that nobody knows": ({"mark": None, "message_id": 4711}, Foreign.UNKNOWN_MESSAGE),
}


async def rows_of(team: Team) -> list[Any]:
    """All that a tap may change."""
    tables = ("items", "item_events", "cards", "taps", "members", "locks", "publishes")
    return [await team.world.lines(table) for table in tables]


def forged(team: Team, row: Item, changes: dict[str, Any]) -> Press:
    return replace(team.press(row), **changes)


async def test_each_item_gets_a_mark_of_its_own_at_birth(team: Team) -> None:
    for _ in range(3):
        await team.queue()

    marks = [item["mark"] for item in await team.world.lines("items")]

    assert len(set(marks)) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{6}", mark) for mark in marks)


async def test_row_tells_the_mark_and_keeps_it_for_ever(team: Team) -> None:
    shown = await team.present()

    skipped = await team.settle(shown, Action.SKIP)
    await team.world.requeue(shown.id)

    assert shown.mark == (await team.line("items"))["mark"]
    assert skipped.mark == (await team.load(shown)).mark == shown.mark


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_press_that_is_none_of_the_item_changes_nothing_and_is_told_why(team: Team, forgery: str) -> None:
    shown = await team.present()
    changes, why = FORGERIES[forgery]
    tap = Tap(forged(team, shown, changes), Action.SKIP)
    before = await rows_of(team)

    outcome = await team.record(tap)
    again = await team.record(tap)
    looked = await team.ask(LookAtButton(SendOriginal(tap.press)))

    assert outcome == again == NotOurs(tap, why, shown)
    assert looked == NotOurs(SendOriginal(tap.press), why, shown)
    assert await rows_of(team) == before


@pytest.mark.parametrize("mark", ["right", None])
async def test_data_of_one_item_pressed_on_the_card_of_another_change_neither(team: Team, mark: str | None) -> None:
    first, second = await team.present(), await team.present()
    press = replace(team.press(first), message_id=second.cards[0].message_id, mark=first.mark if mark else None)
    before = await rows_of(team)

    outcome = await team.record(Tap(press, Action.POSTED))
    looked = await team.ask(LookAtButton(SendOriginal(press)))

    assert outcome == NotOurs(Tap(press, Action.POSTED), Foreign.ANOTHER_ITEM, first)
    assert looked == NotOurs(SendOriginal(press), Foreign.ANOTHER_ITEM, first)
    assert await rows_of(team) == before


async def test_button_without_a_mark_is_good_on_a_card_that_the_row_knows(team: Team) -> None:
    """A card of the release before: its item got a mark when the database was brought up to date."""
    shown = await team.present()
    press = forged(team, shown, {"mark": None, "shown": False})

    looked = await team.ask(LookAtButton(SendOriginal(press)))
    outcome = await team.record(Tap(press, Action.SKIP))

    assert looked == Vouched(SendOriginal(press), shown)
    assert isinstance(outcome, Recorded)


async def test_late_tap_on_a_card_that_shows_no_button_any_more_learns_who_was_first(team: Team) -> None:
    shown = await team.present()
    await team.settle(shown, Action.SKIP)

    outcome = await team.record(Tap(replace(team.press(shown, BEN), shown=False), Action.POSTED))

    assert isinstance(outcome, Stale)
    assert outcome.row.late[0].name == BEN.name


async def test_card_of_a_time_that_the_database_has_lost_is_told_so(team: Team) -> None:
    shown = await team.present()

    outcome = await team.record(Tap(replace(team.press(shown), version=3), Action.SKIP))

    assert isinstance(outcome, Stale)
    assert (outcome.row.state, outcome.row.version, outcome.row.late[0].why) == (State.IN_REVIEW, 0, "lost")


async def test_look_at_a_message_that_shows_the_mark_makes_it_a_card(team: Team) -> None:
    shown = await team.present()
    press = replace(team.press(shown), message_id=777)

    looked = await team.ask(LookAtButton(SendOriginal(press)))
    again = await team.ask(LookAtButton(SendOriginal(press)))

    assert isinstance(looked, Vouched)
    assert looked == again
    assert looked.row.cards == (*shown.cards, Card(shown.chat_key, CHAT, 777))


async def test_look_at_a_card_that_was_taken_for_gone_brings_it_back(team: Team) -> None:
    shown = await team.present()
    await team.shown(shown, gone=True)

    looked = await team.ask(LookAtButton(SendOriginal(replace(team.press(shown), message_id=501))))

    assert isinstance(looked, Vouched)
    assert [card.message_id for card in looked.row.cards] == [501]


async def test_look_at_a_button_of_no_item_or_of_another_chat_tells_nothing(team: Team) -> None:
    await team.add_chat(OTHER_CHAT)
    shown = await team.present()
    for changes in ({"item_id": 99}, {"chat_id": OTHER_CHAT}, {"chat_id": -9999}):
        pressed = SendOriginal(forged(team, shown, changes))

        assert await team.ask(LookAtButton(pressed)) == NotOurs(pressed, Foreign.NO_SUCH_ITEM)


async def test_forged_tap_that_nobody_knows_the_end_of_is_closed_as_that(team: Team) -> None:
    shown = await team.present()
    tap = Tap(forged(team, shown, {"mark": "others"}), Action.SKIP)

    assert await team.close(tap) == NotOurs(tap, Foreign.EARLIER_QUEUE, shown)
    assert (await team.load(shown)) == shown


async def test_honest_tap_is_closed_as_refused(team: Team) -> None:
    shown = await team.present()

    assert isinstance(await team.close(team.tap(shown)), NotRecorded)


async def test_tap_of_the_group_that_was_counts_by_its_mark_and_not_by_its_message(team: Team) -> None:
    """Message ids start anew in a supergroup: the card of another item may have the number there."""
    first, second = await team.present(), await team.present()
    await team.ask(MoveChat(CHAT, -2001))
    resent = (await team.claim()).present[0]
    await team.sent(resent)
    press = replace(team.press(second, ANNA), message_id=503)

    unmarked = await team.record(Tap(replace(press, mark=None), Action.SKIP))
    marked = await team.record(Tap(replace(press, id="again"), Action.SKIP))

    assert resent.id == first.id
    assert isinstance(unmarked, NotOurs)
    assert isinstance(marked, Recorded)
    assert marked.row.id == second.id
