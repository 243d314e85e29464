"""What changes an item without a worker that says so is told by one worker, once; the same on either database."""

from __future__ import annotations

from actors.domain.item import Action, State
from actors.operations.commands import CommandKey, CommandOutcome, MoveChat, RequeueItem
from actors.operations.schedule import ChangesTold, Due
from tests.contracts.team import BEN, CHAT, Team


def told(due: Due) -> list[tuple[int, str, str, State, int]]:
    return [(one.item_id, one.change, one.cause, one.state, one.version) for one in due.changes]


async def withdrawn(team: Team) -> int:
    row = await team.present()
    assert await team.world.remove(row.id) is None
    return row.id


async def test_what_the_operator_took_out_is_told_by_the_first_look(team: Team) -> None:
    item_id = await withdrawn(team)

    first, second = await team.claim("one", "1"), await team.claim("two", "2")

    assert told(first) == [(item_id, "withdrawn", "command line", State.WITHDRAWN, 1)]
    assert (first.changes[0].chat_key, first.changes[0].chat_id) == (team.keys[CHAT], CHAT)
    assert second.changes == ()


async def test_look_that_is_asked_again_finds_what_it_is_to_tell(team: Team) -> None:
    await withdrawn(team)

    first, again = await team.claim("one", "1"), await team.claim("one", "1")

    assert first.changes == again.changes


async def test_what_was_told_is_forgotten(team: Team) -> None:
    await withdrawn(team)
    await team.claim("one", "1")

    counts = [await team.ask(ChangesTold("one", "1")), await team.ask(ChangesTold("one", "1"))]

    assert counts == [1, 0]
    assert await team.lines("item_changes") == []


async def test_what_a_worker_died_over_is_told_by_another_one_as_recovered(team: Team) -> None:
    item_id = await withdrawn(team)
    asked = await team.claim("one", "1")
    await team.world.pass_time(65)

    due = await team.claim("two", "2")

    assert asked.next_seconds is not None
    assert asked.next_seconds <= 60
    assert told(due) == [(item_id, "withdrawn", "recovered", State.WITHDRAWN, 1)]
    assert await team.ask(ChangesTold("one", "1")) == 0


async def test_refused_wish_of_the_operator_changes_nothing_to_tell(team: Team) -> None:
    row = await team.settle(await team.present(), Action.SKIP)

    refusals = [await team.world.remove(row.id), await team.world.requeue(99)]

    assert refusals == ["cannot_withdraw", "unknown_item"]
    assert (await team.claim("one", "1")).changes == ()


async def test_what_the_operator_brought_back_is_told(team: Team) -> None:
    row = await team.settle(await team.present(), Action.SKIP)
    await team.world.requeue(row.id, force=True)

    due = await team.claim("one", "1")

    assert told(due) == [(row.id, "requeued", "command line", State.WAITING, 2)]


async def test_what_a_command_brought_back_is_told_once_though_the_command_is_brought_to_two_workers(
    team: Team,
) -> None:
    row = await team.settle(await team.present(), Action.SKIP)
    wish = CommandKey(CHAT, 900, BEN)
    await team.ask(RequeueItem(wish, row.id))

    first, again = await team.claim("one", "1"), await team.ask(RequeueItem(wish, row.id))

    assert again.verdict is CommandOutcome.DONE
    assert told(first) == [(row.id, "requeued", "/requeue", State.WAITING, 2)]
    assert (await team.claim("two", "2")).changes == ()


async def test_command_that_brought_nothing_back_has_nothing_to_tell(team: Team) -> None:
    row = await team.settle(await team.present(), Action.REJECT)
    await team.ask(RequeueItem(CommandKey(CHAT, 900, BEN), row.id))

    assert (await team.claim("one", "1")).changes == ()


async def test_what_expired_is_told_by_the_look_that_let_it(team: Team) -> None:
    row = await team.present()
    await team.world.pass_time(49 * 3600)

    due = await team.claim("one", "1")

    assert told(due) == [(row.id, "expired", "nobody tapped", State.EXPIRED, 1)]


async def test_each_item_of_a_group_that_moved_is_told(team: Team) -> None:
    rows = [await team.present(), await team.present()]
    settled = await team.settle(await team.present(), Action.SKIP)
    await team.shown(settled)
    await team.ask(MoveChat(CHAT, CHAT - 1))

    due = await team.claim("one", "1")

    cause = "the group became a supergroup"
    assert told(due) == [(row.id, "moved", cause, State.IN_REVIEW, 0) for row in rows]
    assert {change.chat_id for change in due.changes} == {CHAT - 1}
