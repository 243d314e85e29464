"""How a publish ends: by compare-and-set on the version, so that either it or a person's tap wins."""

import pytest

from actors.domain.item import Action, State
from actors.domain.messages import Recorded, Stale
from tests.contracts.team import ANNA, BEN, Team

ENDS = [
    (Action.REHEARSED, State.IN_REVIEW),
    (Action.PUBLISHED, State.POSTED),
    (Action.PUBLISH_REFUSED, State.IN_REVIEW),
    (Action.ANSWER_LOST, State.IN_DOUBT),
]


@pytest.mark.parametrize(("action", "state"), ENDS, ids=[action.value for action, _ in ENDS])
async def test_an_outcome_is_stored_in_the_name_of_the_person_and_the_tap(
    team: Team, action: Action, state: State
) -> None:
    shown = await team.present()
    tap = team.tap(shown, Action.AUTO_POST)
    recorded = await team.record(tap)
    assert isinstance(recorded, Recorded)

    row = await team.finish(recorded.row, action, "What happened.")

    assert (row.state, row.version, row.revision, row.note) == (state, 2, 2, "What happened.")
    assert row.settled is not None
    assert (row.settled.action, row.settled.by, row.settled.tap_id) == (action, ANNA, tap.press.id)
    event = await team.line("item_events", version=2)
    assert (event["step"], event["note"], event["tap_id"]) == (action.value, "What happened.", None)


async def test_an_outcome_stored_twice_is_one_decision(team: Team) -> None:
    """F14."""
    publishing = await team.settle(await team.present(), Action.AUTO_POST)
    first = await team.finish(publishing, Action.PUBLISHED)

    second = await team.finish(publishing, Action.PUBLISHED)

    assert second == first
    assert len(await team.lines("item_events")) == 2
    assert (await team.line("media"))["posted"] == 1


async def test_a_skip_during_the_publish_wins_over_its_outcome(team: Team) -> None:
    publishing = await team.settle(await team.present(), Action.AUTO_POST, ANNA)
    await team.record(team.tap(publishing, Action.SKIP, BEN))

    row = await team.finish(publishing, Action.REHEARSED, worker="two")

    assert row.state is State.SKIPPED
    assert row.settled is not None
    assert row.settled.by == BEN
    assert (await team.card(row.cards[0]))["claimed_by"] == "two"


async def test_a_skip_after_the_outcome_is_late(team: Team) -> None:
    publishing = await team.settle(await team.present(), Action.AUTO_POST, ANNA)
    await team.finish(publishing, Action.PUBLISHED)

    outcome = await team.record(team.tap(publishing, Action.SKIP, BEN))

    assert isinstance(outcome, Stale)
    assert outcome.row.state is State.POSTED
    assert outcome.row.late[0].why == "late"


async def test_an_outcome_that_the_rule_book_does_not_know_changes_nothing(team: Team) -> None:
    shown = await team.present()

    row = await team.finish(shown, Action.PUBLISHED)

    assert row.state is State.IN_REVIEW
    assert await team.lines("item_events") == []


async def test_a_doubt_is_decided_by_people_and_posted_again_at_their_wish(team: Team) -> None:
    publishing = await team.settle(await team.present(), Action.AUTO_POST)
    doubtful = await team.finish(publishing, Action.ANSWER_LOST)

    again = await team.settle(doubtful, Action.IT_IS_NOT, BEN)

    assert again.state is State.PUBLISHING
    assert (await team.line("items"))["held_by"] == "one"


async def test_people_may_say_that_it_is_live(team: Team) -> None:
    publishing = await team.settle(await team.present(), Action.AUTO_POST)
    doubtful = await team.finish(publishing, Action.ANSWER_LOST)

    row = await team.settle(doubtful, Action.IT_IS_LIVE, BEN)

    assert row.state is State.POSTED
    assert (await team.line("locks"))["kind"] == "posted"
