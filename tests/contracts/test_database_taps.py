"""What a tap does to the rows: once, or not at all, and always with an answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actors.domain.item import Action, Card, Person, Settlement, State
from actors.domain.messages import Recorded, Stale
from actors.operations.taps import LoadItem
from tests.contracts.team import ANNA, BEN, CHAT, Team

SETTLED_AS = [
    (Action.SKIP, State.SKIPPED),
    (Action.POSTED, State.POSTED),
    (Action.REJECT, State.REJECTED),
    (Action.AUTO_POST, State.PUBLISHING),
]


@pytest.mark.parametrize(("action", "state"), SETTLED_AS, ids=[action.value for action, _ in SETTLED_AS])
async def test_a_tap_moves_its_item_and_says_who_when_and_by_which_tap(
    team: Team, action: Action, state: State
) -> None:
    shown = await team.present()
    tap = team.tap(shown, action)

    outcome = await team.record(tap)

    assert isinstance(outcome, Recorded)
    assert not outcome.replayed
    row, settled = outcome.row, outcome.row.settled
    assert (row.state, row.version, row.revision) == (state, 1, 1)
    assert settled is not None
    assert settled == Settlement(action, ANNA, settled.at, tap.press.id)
    assert abs(settled.at - await team.world.now()) < timedelta(seconds=10)


async def test_a_tap_leaves_one_event_and_one_key(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown)

    await team.record(tap)

    event = await team.line("item_events", item_id=shown.id)
    known = await team.line("taps", tap_id=tap.press.id)
    assert (event["version"], event["step"], event["from_state"], event["to_state"]) == (
        1,
        "skip",
        "in_review",
        "skipped",
    )
    assert (event["user_id"], event["user_name"], event["tap_id"]) == (11, "Anna", tap.press.id)
    assert (known["outcome"], known["step"], known["version"], known["message_id"]) == ("recorded", "skip", 0, 501)


async def test_a_tap_claims_the_next_edit_of_its_card(team: Team) -> None:
    shown = await team.present()

    await team.record(team.tap(shown), worker="two")

    card = await team.card(shown.cards[0])
    assert (card["want"], card["shown"], card["claimed_by"]) == (1, 0, "two")
    assert card["claimed_until"] > await team.world.now()


async def test_the_same_tap_again_replays_its_outcome_and_changes_nothing_more(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown, Action.POSTED)
    await team.record(tap)

    again = await team.record(tap)

    assert isinstance(again, Recorded)
    assert again.replayed
    assert again.row.version == 1
    assert len(await team.lines("item_events")) == 1
    assert (await team.line("members", user_id=11))["posted"] == 1
    assert (await team.line("media"))["posted"] == 1


async def test_a_replayed_tap_takes_over_the_card_of_whoever_worked_on_it(team: Team) -> None:
    shown = await team.present()
    tap = team.tap(shown)
    await team.record(tap, worker="dead")

    await team.record(tap, worker="alive")

    assert (await team.card(shown.cards[0]))["claimed_by"] == "alive"


async def test_a_tap_that_lost_replays_as_lost_and_is_named_once(team: Team) -> None:
    shown = await team.present()
    late = team.tap(shown, Action.POSTED, BEN)
    await team.record(team.tap(shown))
    await team.record(late)

    again = await team.record(late)

    assert isinstance(again, Stale)
    assert [line.name for line in again.row.late] == ["Ben"]


async def test_the_second_of_two_taps_is_stale_and_its_name_comes_onto_the_card(team: Team) -> None:
    shown = await team.present()
    await team.record(team.tap(shown, Action.SKIP, ANNA))

    outcome = await team.record(team.tap(shown, Action.POSTED, BEN))

    assert isinstance(outcome, Stale)
    (line,) = outcome.row.late
    assert (line.action, line.name, line.why) == (Action.POSTED, "Ben", "late")
    assert (outcome.row.state, outcome.row.version, outcome.row.revision) == (State.SKIPPED, 1, 2)
    assert outcome.row.settled is not None
    assert outcome.row.settled.by == ANNA


async def test_a_tap_on_an_older_version_of_a_live_item_is_told_that_its_card_was_old(team: Team) -> None:
    shown = await team.present()
    publishing = await team.settle(shown, Action.AUTO_POST)
    await team.finish(publishing, Action.REHEARSED)

    outcome = await team.record(team.tap(shown, Action.SKIP, BEN))

    assert isinstance(outcome, Stale)
    assert (outcome.row.state, outcome.row.late[0].why) == (State.IN_REVIEW, "old")


async def test_a_tap_on_an_older_version_of_a_publishing_item_is_late(team: Team) -> None:
    shown = await team.present()
    await team.settle(shown, Action.AUTO_POST)

    outcome = await team.record(team.tap(shown, Action.SKIP, BEN))

    assert isinstance(outcome, Stale)
    assert outcome.row.late[0].why == "late"


async def test_a_card_names_the_newest_ten_late_taps(team: Team) -> None:
    shown = await team.present()
    await team.record(team.tap(shown))
    people = [Person(20 + number, f"Late {number}") for number in range(12)]

    for person in people:
        await team.record(team.tap(shown, Action.POSTED, person))

    row = await team.load(shown)
    assert [line.name for line in row.late] == [f"Late {number}" for number in range(2, 12)]
    assert row.revision == 13


async def test_a_decision_takes_the_late_lines_off_the_card(team: Team) -> None:
    shown = await team.present()
    publishing = await team.settle(shown, Action.AUTO_POST)
    await team.record(team.tap(shown, Action.SKIP, BEN))

    row = await team.finish(publishing, Action.REHEARSED)

    assert row.late == ()


async def test_the_first_tap_on_an_unknown_message_adopts_it_as_a_card(team: Team) -> None:
    """An ambiguous send may have left a second card: it is as good as the first one."""
    shown = await team.present()
    tap = team.tap(shown)
    extra = replace(tap, press=replace(tap.press, message_id=777))

    outcome = await team.record(extra)

    assert isinstance(outcome, Recorded)
    assert outcome.row.cards == (*shown.cards, Card(shown.chat_key, CHAT, 777))
    card = await team.line("cards", message_id=777)
    assert (card["want"], card["shown"], card["claimed_by"]) == (1, -1, "one")


async def test_a_tap_during_the_sending_counts_and_adopts_the_message(team: Team) -> None:
    await team.queue()
    (row,) = (await team.claim()).present

    outcome = await team.record(team.tap(row))

    assert isinstance(outcome, Recorded)
    assert outcome.row.state is State.SKIPPED
    assert [card.message_id for card in outcome.row.cards] == [500]


async def test_a_tap_on_an_item_that_waits_is_late(team: Team) -> None:
    item_id = await team.queue(due_in=3600)
    row = await team.ask(LoadItem(CHAT, item_id))
    assert row is not None

    outcome = await team.record(team.tap(row))

    assert isinstance(outcome, Stale)
    assert outcome.row.state is State.WAITING


async def test_auto_post_fixes_the_account_of_the_moment(team: Team) -> None:
    """F31: who switches the account later does not move what was tapped before."""
    await team.set_chat(account="@studio")
    shown = await team.present()
    publishing = await team.settle(shown, Action.AUTO_POST)

    await team.set_chat(account="@holiday")

    assert publishing.account == "@studio"
    assert (await team.load(shown)).account == "@studio"


async def test_an_item_shows_the_account_of_its_chat_until_it_is_fixed(team: Team) -> None:
    await team.set_chat(account="@studio")
    shown = await team.present()

    await team.set_chat(account="@holiday")

    assert (await team.load(shown)).account == "@holiday"


async def test_a_publish_is_held_by_the_worker_of_the_tap(team: Team) -> None:
    shown = await team.present()

    await team.record(team.tap(shown, Action.AUTO_POST), worker="two")

    item = await team.line("items", item_id=shown.id)
    assert item["held_by"] == "two"
    assert timedelta(seconds=60) < item["hold_until"] - await team.world.now() < timedelta(seconds=76)


async def test_a_row_of_nothing_is_none(team: Team) -> None:
    shown = await team.present()

    assert await team.ask(LoadItem(-9999, shown.id)) is None
    assert await team.ask(LoadItem(CHAT, 4711)) is None
