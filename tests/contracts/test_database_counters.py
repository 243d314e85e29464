"""What a settled story means for its locks and for the counters of its people."""

from datetime import timedelta

import pytest

from actors.domain.item import Action, State
from tests.contracts.team import ANNA, BEN, Team

LOCKED_FOR = [(Action.POSTED, "posted", 30), (Action.SKIP, "skipped", 45)]


@pytest.mark.parametrize(("action", "kind", "days"), LOCKED_FOR, ids=[kind for _, kind, _ in LOCKED_FOR])
async def test_a_settled_story_is_locked_for_the_days_of_its_chat(
    team: Team, action: Action, kind: str, days: int
) -> None:
    shown = await team.present()

    await team.settle(shown, action)

    lock = await team.line("locks", media_id=shown.story.media_id)
    left = lock["until"] - await team.world.now()
    assert (lock["kind"], lock["item_id"]) == (kind, shown.id)
    assert timedelta(days=days) - timedelta(minutes=1) < left <= timedelta(days=days)


async def test_a_rejected_story_is_locked_for_ever(team: Team) -> None:
    shown = await team.present()

    await team.settle(shown, Action.REJECT)

    lock = await team.line("locks")
    assert lock["kind"] == "rejected"
    assert lock["until"].year == 9999


async def test_a_rejection_is_stored_whatever_other_lock_there_is(team: Team) -> None:
    """F35."""
    media_id = await team.add_story()
    await team.settle(await team.present(media_id=media_id), Action.POSTED)
    await team.settle(await team.present(media_id=media_id), Action.SKIP)

    await team.settle(await team.present(media_id=media_id), Action.REJECT)

    assert {lock["kind"] for lock in await team.lines("locks")} == {"posted", "rejected", "skipped"}


async def test_a_lock_is_never_shortened(team: Team) -> None:
    media_id = await team.add_story()
    await team.settle(await team.present(media_id=media_id), Action.SKIP)
    before = (await team.line("locks"))["until"]
    await team.set_chat(skip_days=1)

    second = await team.settle(await team.present(media_id=media_id), Action.SKIP)

    lock = await team.line("locks")
    assert (lock["until"], lock["item_id"]) == (before, second.id)


async def test_a_published_story_is_locked_and_counted(team: Team) -> None:
    shown = await team.present()
    publishing = await team.settle(shown, Action.AUTO_POST)
    assert await team.lines("locks") == []

    await team.finish(publishing, Action.PUBLISHED)

    assert (await team.line("locks"))["kind"] == "posted"
    assert (await team.line("media"))["posted"] == 1


async def test_a_rehearsal_locks_nothing_and_counts_nothing(team: Team) -> None:
    shown = await team.present()
    publishing = await team.settle(shown, Action.AUTO_POST)

    row = await team.finish(publishing, Action.REHEARSED)

    assert row.state is State.IN_REVIEW
    assert await team.lines("locks") == []
    assert (await team.line("media"))["posted"] == 0


async def test_each_person_is_counted_by_what_their_taps_came_to(team: Team) -> None:
    first, second, third = await team.present(), await team.present(), await team.present()
    await team.record(team.tap(first, Action.SKIP, ANNA))
    await team.record(team.tap(first, Action.SKIP, BEN))
    await team.record(team.tap(second, Action.POSTED, BEN))
    await team.record(team.tap(third, Action.REJECT, BEN))

    anna, ben = await team.lines("members")

    assert [anna[name] for name in ("name", "taps", "posted", "skipped", "rejected")] == ["Anna", 1, 0, 1, 0]
    assert [ben[name] for name in ("name", "taps", "posted", "skipped", "rejected")] == ["Ben", 3, 1, 0, 1]


async def test_a_member_keeps_the_role_and_takes_the_newest_name(team: Team) -> None:
    await team.world.insert(
        "members", {"chat_key": team.keys[-1001], "user_id": ANNA.id, "name": "Anna before", "role": "reviewer"}
    )

    await team.settle(await team.present(), Action.SKIP, ANNA)

    member = await team.line("members")
    assert (member["name"], member["role"], member["taps"]) == ("Anna", "reviewer", 1)
