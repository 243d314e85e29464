"""Who may tap on what: the chat, the item and the person are checked against the rows."""

from collections import Counter
from dataclasses import replace

import pytest

from actors.domain.item import Action
from actors.domain.messages import Barred, Forbidden, Gone, NotRecorded, Recorded, Vouched
from actors.domain.taps import SendOriginal
from actors.operations.taps import LookAtButton
from tests.contracts.team import BEN, CHAT, EVE, OTHER_CHAT, Team


async def test_in_an_open_chat_anybody_may_tap(team: Team) -> None:
    shown = await team.present()

    assert isinstance(await team.record(team.tap(shown, Action.SKIP, EVE)), Recorded)


@pytest.mark.parametrize("role", ["reviewer", "admin"])
async def test_in_a_restricted_chat_a_member_with_a_role_may_tap(team: Team, role: str) -> None:
    await team.set_chat(restricted=True)
    await team.add_member(BEN, role)
    shown = await team.present()

    assert isinstance(await team.record(team.tap(shown, Action.SKIP, BEN)), Recorded)


async def test_in_a_restricted_chat_a_stranger_is_refused_and_changes_nothing_of_the_item(team: Team) -> None:
    await team.set_chat(restricted=True)
    shown = await team.present()
    cards = await team.lines("cards")
    tap = team.tap(shown, Action.SKIP, EVE)

    outcome = await team.record(tap)

    assert outcome == Forbidden(tap, shown)
    assert await team.load(shown) == shown
    assert await team.lines("cards") == cards
    assert (await team.line("taps", tap_id=tap.press.id))["outcome"] == "forbidden"


async def test_refusal_for_want_of_a_role_stands_though_none_is_asked_for_any_more(team: Team) -> None:
    await team.set_chat(restricted=True)
    shown = await team.present()
    tap = team.tap(shown, Action.SKIP, EVE)
    await team.record(tap)
    await team.set_chat(restricted=False)
    opened = await team.load(shown)

    assert await team.record(tap) == Forbidden(tap, opened)
    assert await team.close(tap) == Forbidden(tap, opened)


async def test_late_attempt_of_a_refused_tap_claims_no_card(team: Team) -> None:
    await team.set_chat(restricted=True)
    shown = await team.present()
    cards = await team.lines("cards")
    tap = team.tap(shown, Action.SKIP, EVE)
    await team.close(tap)

    assert await team.record(tap, worker="late") == NotRecorded(tap, certain=True)
    assert await team.lines("cards") == cards


async def test_tap_of_a_person_who_lost_the_role_since_keeps_its_outcome(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown, Action.SKIP, BEN)
    await team.record(tap)
    await team.set_chat(restricted=True)

    again = await team.record(tap)

    assert isinstance(again, Recorded)
    assert again.replayed


async def test_being_counted_does_not_give_a_stranger_the_right_to_tap(team: Team) -> None:
    await team.set_chat(restricted=True)
    shown = await team.present()
    await team.record(team.tap(shown, Action.SKIP, EVE))

    assert isinstance(await team.record(team.tap(shown, Action.SKIP, EVE)), Forbidden)


async def test_a_tap_in_an_unknown_chat_leads_nowhere_and_leaves_nothing(team: Team) -> None:
    shown = await team.present()
    stranger = replace(team.press(shown), chat_id=-9999)

    outcome = await team.record(replace(team.tap(shown), press=stranger))

    assert isinstance(outcome, Gone)
    assert await team.lines("taps") == []
    assert await team.lines("members") == []


async def test_a_tap_on_an_item_of_another_chat_leads_nowhere(team: Team) -> None:
    """F34: the item's number alone opens nothing."""
    await team.add_chat(OTHER_CHAT)
    shown = await team.present(chat_id=CHAT)
    tap = team.tap(shown)
    elsewhere = replace(tap, press=replace(tap.press, chat_id=OTHER_CHAT))

    outcome = await team.record(elsewhere)

    assert isinstance(outcome, Gone)
    assert await team.load(shown) == shown
    assert (await team.line("taps"))["outcome"] == "gone"
    assert await team.lines("members") == []


async def test_a_tap_on_an_item_that_is_not_there_leads_nowhere_each_time(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(replace(shown, id=4711))
    await team.record(tap)

    assert isinstance(await team.record(tap), Gone)
    assert isinstance(await team.close(tap), Gone)


async def test_taps_of_a_stranger_leave_ten_keys_whatever_they_are_on(team: Team) -> None:
    await team.set_chat(restricted=True)
    shown = await team.present()
    taps = [team.tap(replace(shown, id=shown.id + number % 2), Action.SKIP, EVE) for number in range(24)]

    outcomes = [await team.record(tap) for tap in taps]
    last = team.tap(shown, Action.SKIP, EVE)
    closed = await team.close(last)

    assert all(isinstance(outcome, Forbidden) for outcome in outcomes)
    assert closed == NotRecorded(last, certain=True)
    assert len(await team.lines("taps")) == 10
    assert await team.load(shown) == shown
    assert (await team.line("members"))["taps"] == 24


async def test_taps_on_items_that_are_not_there_leave_ten_keys_of_a_person(team: Team) -> None:
    shown = await team.present()
    taps = [team.tap(replace(shown, id=4711 + number), Action.SKIP, BEN) for number in range(25)]

    outcomes = [await team.record(tap) for tap in taps]
    await team.record(team.tap(shown, Action.SKIP, BEN))

    assert all(isinstance(outcome, Gone) for outcome in outcomes)
    assert Counter(line["outcome"] for line in await team.lines("taps")) == {"gone": 10, "recorded": 1}


async def test_who_may_not_tap_is_shown_nothing_and_makes_no_message_a_card(team: Team) -> None:
    await team.set_chat(restricted=True)
    await team.add_member(BEN, "reviewer")
    shown = await team.present()
    hers = SendOriginal(replace(team.press(shown, EVE), message_id=777))
    his = SendOriginal(replace(team.press(shown, BEN), message_id=778))

    assert await team.ask(LookAtButton(hers)) == Barred(hers, shown)
    assert shown.restricted
    looked = await team.ask(LookAtButton(his))
    assert isinstance(looked, Vouched)
    assert [card["message_id"] for card in await team.lines("cards")] == [501, 778]
