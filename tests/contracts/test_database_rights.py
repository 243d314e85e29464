"""Who may tap on what: the chat, the item and the person are checked against the rows."""

from dataclasses import replace

import pytest

from actors.rules.item import State, Step
from actors.rules.messages import Forbidden, Gone, Recorded
from tests.contracts.team import BEN, CHAT, EVE, OTHER_CHAT, Team


async def test_in_an_open_chat_anybody_may_tap(team: Team) -> None:
    shown = await team.present()

    assert isinstance(await team.record(team.tap(shown, Step.SKIP, EVE)), Recorded)


@pytest.mark.parametrize("role", ["reviewer", "admin"])
async def test_in_a_restricted_chat_a_member_with_a_role_may_tap(team: Team, role: str) -> None:
    await team.set_chat(restricted=True)
    await team.add_member(BEN, role)
    shown = await team.present()

    assert isinstance(await team.record(team.tap(shown, Step.SKIP, BEN)), Recorded)


async def test_in_a_restricted_chat_a_stranger_is_refused_and_named_on_the_card(team: Team) -> None:
    await team.set_chat(restricted=True)
    shown = await team.present()
    tap = team.tap(shown, Step.SKIP, EVE)

    outcome = await team.record(tap)

    assert isinstance(outcome, Forbidden)
    assert [(line.name, line.why) for line in outcome.row.late] == [("Eve", "forbidden")]
    assert (outcome.row.state, outcome.row.version) == (State.IN_REVIEW, 0)
    assert (await team.line("taps", tap_id=tap.press.id))["outcome"] == "forbidden"


async def test_being_counted_does_not_give_a_stranger_the_right_to_tap(team: Team) -> None:
    await team.set_chat(restricted=True)
    shown = await team.present()
    await team.record(team.tap(shown, Step.SKIP, EVE))

    assert isinstance(await team.record(team.tap(shown, Step.SKIP, EVE)), Forbidden)


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
