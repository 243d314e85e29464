"""The publishing saga in the database: one worker, each step once, and a tap that cancels or comes too late."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from actors.domain.account import Account, Login
from actors.domain.item import Action, Item, State
from actors.domain.messages import Recorded, Stale
from actors.domain.publish_phase import Phase
from actors.operations.publishes import PublishRow, SavePermalink
from tests.contracts.team import ANNA, BEN, CHAT, Team

CANCELS = [(Action.SKIP, State.SKIPPED), (Action.POSTED, State.POSTED), (Action.REJECT, State.REJECTED)]
ENDS = [
    (Phase.PUBLISHED, State.POSTED, Action.PUBLISHED),
    (Phase.REFUSED, State.IN_REVIEW, Action.PUBLISH_REFUSED),
    (Phase.IN_DOUBT, State.IN_DOUBT, Action.ANSWER_LOST),
]


async def auto_posted(team: Team) -> Item:
    """A live item for which Auto Post was accepted."""
    await team.connect()
    return await team.settle(await team.present(), Action.AUTO_POST)


async def taken(team: Team, row: Item, owner: str = "saga 1") -> PublishRow:
    publish = (await team.take(row, owner)).publish
    assert publish is not None
    return publish


async def moved(team: Team, publish: PublishRow, phase: Phase, **changes: Any) -> PublishRow:
    stepped = (await team.step(publish, phase, **changes)).publish
    assert stepped is not None
    return stepped


async def marked(team: Team, row: Item) -> PublishRow:
    """The publish call is about to be made."""
    fetched = await moved(team, await taken(team, row), Phase.CONTAINER, container_id="c1")
    return await moved(team, await moved(team, fetched, Phase.READY), Phase.PUBLISHING, attempt=1)


async def in_doubt(team: Team) -> Item:
    row = await auto_posted(team)
    await team.step(await marked(team, row), Phase.IN_DOUBT, lost=True, sentence="Nobody knows.")
    return await team.load(row)


async def test_auto_post_in_a_live_chat_starts_a_publish_in_the_same_commit(team: Team) -> None:
    row = await auto_posted(team)

    publish = await taken(team, row)

    assert row.phase is Phase.CREATING
    assert (publish.version, publish.phase, publish.story) == (row.version, Phase.CREATING, row.story)
    assert publish.account == Account(1, "id of studio", "studio", Login.FACEBOOK, b"sealed")


async def test_auto_post_in_a_dry_run_starts_none(team: Team) -> None:
    row = await team.settle(await team.present(), Action.AUTO_POST)

    assert row.phase is None
    assert await team.lines("publishes") == []
    assert (await team.take(row)).publish is None


async def test_f31_the_account_is_fixed_when_the_tap_is_accepted(team: Team) -> None:
    row = await auto_posted(team)
    await team.connect("another")

    publish = await taken(team, row)

    assert publish.account is not None
    assert publish.account.username == "studio"
    assert (await team.load(row)).account == "studio"


async def test_a_publish_without_an_account_has_none_later(team: Team) -> None:
    await team.set_chat(live=True)
    row = await team.settle(await team.present(), Action.AUTO_POST)
    await team.connect()

    assert (await taken(team, row)).account is None


async def test_f29_a_publish_has_one_worker(team: Team) -> None:
    row = await auto_posted(team)
    await taken(team, row)

    second = await team.take(row, "saga 2")

    assert (second.publish, second.held) == (None, True)


async def test_the_same_wish_for_the_lease_is_answered_the_same(team: Team) -> None:
    row = await auto_posted(team)

    first, second = await taken(team, row), await taken(team, row)

    assert (first.token, first.seq) == (second.token, second.seq)
    assert len(await team.lines("publish_events")) == 2


async def test_f29_a_worker_that_was_taken_over_is_fenced_out(team: Team) -> None:
    row = await auto_posted(team)
    old = await taken(team, row)
    await team.world.pass_time(80)
    new = await taken(team, row, "saga 2")

    stepped = await team.step(old, Phase.CONTAINER, container_id="c1")

    assert (stepped.publish, stepped.held) == (None, True)
    assert new.token > old.token
    assert (await team.line("publishes"))["container_id"] is None


async def test_a_step_asked_again_is_one_step(team: Team) -> None:
    """F14."""
    row = await auto_posted(team)
    publish = await taken(team, row)
    first = await team.step(publish, Phase.CONTAINER, container_id="c1")

    again = await team.step(publish, Phase.CONTAINER, container_id="c1")

    assert again.publish is not None
    assert first.publish is not None
    assert (again.publish.seq, again.row) == (first.publish.seq, first.row)
    assert len(await team.lines("publish_events")) == 3


async def test_progress_is_a_change_of_the_card_and_no_decision(team: Team) -> None:
    row = await auto_posted(team)

    stepped = await team.step(await taken(team, row), Phase.CONTAINER, container_id="c1")

    assert stepped.row is not None
    assert (stepped.row.phase, stepped.row.version) == (Phase.CONTAINER, row.version)
    assert stepped.row.revision == row.revision + 1
    assert (await team.card(stepped.row.cards[0]))["want"] == stepped.row.revision


@pytest.mark.parametrize(("phase", "state", "action"), ENDS, ids=[phase.value for phase, _, _ in ENDS])
async def test_the_end_moves_the_item_in_the_same_commit(
    team: Team, phase: Phase, state: State, action: Action
) -> None:
    row = await auto_posted(team)

    stepped = await team.step(await marked(team, row), phase, sentence="What happened.", media_id="m1")

    assert stepped.row is not None
    assert (stepped.row.state, stepped.row.note) == (state, "What happened.")
    assert stepped.row.settled is not None
    assert (stepped.row.settled.action, stepped.row.settled.by) == (action, ANNA)
    assert (await team.line("publishes"))["media_id"] == "m1"


async def test_f30_published_is_locked_and_counted_in_the_same_commit(team: Team) -> None:
    row = await auto_posted(team)
    publish = await marked(team, row)
    await team.step(publish, Phase.PUBLISHED)
    await team.step(publish, Phase.PUBLISHED)

    assert (await team.line("locks"))["kind"] == "posted"
    assert (await team.line("media"))["posted"] == 1
    assert len(await team.lines("item_events", step="published")) == 1


async def test_a_token_that_is_gone_is_remembered_with_the_refusal(team: Team) -> None:
    row = await auto_posted(team)
    await team.step(await taken(team, row), Phase.REFUSED, token_gone=True, sentence="Connect it again.")
    again = await team.settle(await team.load(row), Action.AUTO_POST)

    assert (await team.line("accounts"))["token_gone"] is True
    assert (await taken(team, again)).token_gone


@pytest.mark.parametrize(("action", "state"), CANCELS, ids=[action.value for action, _ in CANCELS])
async def test_f10_a_tap_before_the_publish_call_cancels_it(team: Team, action: Action, state: State) -> None:
    row = await auto_posted(team)
    ready = await moved(team, await taken(team, row), Phase.CONTAINER, container_id="c1")

    outcome = await team.record(team.tap(row, action, BEN))
    late = await team.step(ready, Phase.PUBLISHING, attempt=1)

    assert isinstance(outcome, Recorded)
    assert outcome.row.state is state
    assert (late.publish, late.held) == (None, False)
    assert (await team.line("publishes"))["state"] == "cancelled"


@pytest.mark.parametrize("action", [action for action, _ in CANCELS], ids=[action.value for action, _ in CANCELS])
async def test_f10_a_tap_after_the_publish_call_was_marked_is_too_late(team: Team, action: Action) -> None:
    row = await auto_posted(team)
    publish = await marked(team, row)

    outcome = await team.record(team.tap(row, action, BEN))
    done = await team.step(publish, Phase.PUBLISHED)

    assert isinstance(outcome, Stale)
    assert [(late.name, late.why) for late in outcome.row.late] == [("Ben", "publishing")]
    assert done.row is not None
    assert done.row.state is State.POSTED


@pytest.mark.parametrize("_", range(4))
async def test_f10_of_a_skip_and_the_mark_of_the_call_exactly_one_wins(team: Team, _: int) -> None:
    row = await auto_posted(team)
    ready = await moved(team, await taken(team, row), Phase.CONTAINER, container_id="c1")
    won: dict[str, bool] = {}

    async def mark() -> None:
        won["mark"] = (await team.step(ready, Phase.PUBLISHING, attempt=1)).publish is not None

    async def skip() -> None:
        won["skip"] = isinstance(await team.record(team.tap(row, Action.SKIP, BEN)), Recorded)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(mark)
        tasks.start_soon(skip)

    assert sorted(won.values()) == [False, True]
    state = State.SKIPPED if won["skip"] else State.PUBLISHING
    assert (await team.load(row)).state is state


async def test_f30_a_publish_whose_worker_is_gone_is_found_and_taken_over(team: Team) -> None:
    row = await auto_posted(team)
    old = await marked(team, row)
    early = await team.recover("two")
    await team.world.pass_time(80)

    found = await team.recover("two")
    stepped = await team.step(old, Phase.PUBLISHED)
    new = await taken(team, row, "saga 2")

    assert early.unpublished == ()
    assert early.next_seconds is not None
    assert [(one.id, one.phase) for one in found.unpublished] == [(row.id, Phase.PUBLISHING)]
    assert stepped.publish is None
    assert (new.phase, new.attempt, new.lost) == (Phase.PUBLISHING, 1, True)
    assert new.since_seconds >= 80


async def test_what_is_found_is_held_for_whoever_found_it(team: Team) -> None:
    await auto_posted(team)
    await team.world.pass_time(80)
    await team.recover("two")

    assert (await team.recover("three")).unpublished == ()


async def test_a_doubt_is_looked_at_again_in_the_bursts_only(team: Team) -> None:
    row = await in_doubt(team)
    early = await team.recover()
    await team.world.pass_time(301)
    found = await team.recover()
    publish = await taken(team, row, "saga 2")
    await team.world.pass_time(80)
    soon = await team.recover()

    assert early.unpublished == soon.unpublished == ()
    assert [(one.state, one.phase) for one in found.unpublished] == [(State.IN_DOUBT, Phase.IN_DOUBT)]
    posted = await team.step(publish, Phase.PUBLISHED)
    assert posted.row is not None
    assert posted.row.state is State.POSTED


async def test_a_doubt_that_people_have_ended_is_not_looked_at(team: Team) -> None:
    row = await in_doubt(team)
    publish = await taken(team, row, "saga 1")
    live = await team.settle(row, Action.IT_IS_LIVE, BEN)
    await team.world.pass_time(26 * 60)

    stepped = await team.step(publish, Phase.PUBLISHED)

    assert live.state is State.POSTED
    assert stepped.publish is None
    assert (await team.recover()).unpublished == ()


async def test_posting_again_begins_with_the_container_of_the_doubt(team: Team) -> None:
    row = await in_doubt(team)
    await team.connect("another")

    again = await team.settle(row, Action.IT_IS_NOT, BEN)
    publish = await taken(team, again, "saga 2")

    assert again.state is State.PUBLISHING
    assert (publish.phase, publish.container_id, publish.inherited) == (Phase.CONTAINER, "c1", True)
    assert publish.account is not None
    assert (publish.account.username, publish.attempt) == ("studio", 0)
    fresh = await moved(team, publish, Phase.CREATING, container_id=None)
    assert not fresh.inherited


async def test_f35_a_rejection_is_recorded_whatever_other_lock_there_is(team: Team) -> None:
    await team.connect()
    shown = await team.present()
    media_id = shown.story.media_id
    await team.world.insert("locks", await _lock(team, media_id, shown.id))
    row = await team.settle(shown, Action.AUTO_POST)

    await team.record(team.tap(row, Action.REJECT, BEN))

    assert {lock["kind"] for lock in await team.lines("locks", media_id=media_id)} == {"posted", "rejected"}


async def _lock(team: Team, media_id: int, item_id: int) -> dict[str, Any]:
    now = await team.world.now()
    key = {"chat_key": team.keys[CHAT], "media_id": media_id, "item_id": item_id}
    return {**key, "kind": "posted", "until": now, "at": now}


async def test_a_permalink_is_kept_and_shown_on_the_card_of_a_published_story(team: Team) -> None:
    row = await auto_posted(team)
    here = SavePermalink(row.chat_key, row.id, row.version, "https://example.org/s", "w2")
    early = await team.ask(here)
    await team.step(await marked(team, row), Phase.PUBLISHED, media_id="m1")
    posted = await team.load(row)

    saved = await team.ask(SavePermalink(row.chat_key, row.id, row.version, "https://example.org/t", "w2"))
    again = await team.ask(SavePermalink(row.chat_key, row.id, row.version, "https://example.org/t", "w2"))
    unknown = await team.ask(SavePermalink(row.chat_key, row.id, 99, "https://example.org/s", "w2"))

    assert (early, unknown) == (None, None)
    assert saved is not None
    assert saved == again
    assert (saved.permalink, saved.revision) == ("https://example.org/t", posted.revision + 1)
    assert (await team.line("publishes"))["permalink"] == "https://example.org/t"
    assert (await team.line("cards"))["claimed_by"] == "w2"


async def test_every_step_is_told_with_its_calls(team: Team) -> None:
    row = await auto_posted(team)
    publish = await taken(team, row)
    await team.step(publish, Phase.CONTAINER, container_id="c1", calls=("create container: c1",))

    events = await team.lines("publish_events")

    assert [(event["state"], event["calls"]) for event in events] == [
        ("creating", ()),
        ("creating", ("taken over",)),
        ("container", ("create container: c1",)),
    ]


async def test_row_1_card_is_told_what_a_publish_waits_for_and_a_renewal_leaves_it(team: Team) -> None:
    row = await auto_posted(team)
    publish = await taken(team, row)

    told = await team.step(publish, Phase.CREATING, sentence="Instagram could not fetch the file.", wait_seconds=300.0)
    waits = await team.load(row)
    assert told.publish is not None
    renewed = await team.step(told.publish, Phase.CREATING)
    still = await team.load(row)
    assert renewed.publish is not None
    over = await team.step(renewed.publish, Phase.CONTAINER, container_id="c1")

    assert told.row is not None
    assert waits.waiting is not None
    assert (waits.waiting.sentence, waits.state) == ("Instagram could not fetch the file.", State.PUBLISHING)
    assert waits.revision == row.revision + 1
    assert (renewed.row, still.waiting) == (None, waits.waiting)
    assert over.row is not None
    assert over.row.waiting is None


async def test_row_34_refusal_that_people_had_better_wait_after_says_until_when(team: Team) -> None:
    row = await auto_posted(team)

    ended = await team.step(await taken(team, row), Phase.REFUSED, sentence="Slow down.", wait_seconds=1140.0)

    assert ended.row is not None
    assert ended.row.waiting is not None
    assert (ended.row.note, ended.row.waiting.sentence) == ("Slow down.", None)


async def test_containers_losses_and_what_a_call_was_refused_with_are_kept_for_whoever_goes_on(team: Team) -> None:
    row = await auto_posted(team)
    sent = await marked(team, row)

    lost = await moved(team, sent, Phase.PUBLISHING, lost=True, losses=1, refusal="Spam.")

    assert (sent.containers, sent.losses, sent.refusal) == (1, 0, None)
    assert (lost.containers, lost.losses, lost.refusal) == (1, 1, "Spam.")


async def test_row_7_container_that_people_s_word_was_about_is_looked_at_by_the_next_publish_too(team: Team) -> None:
    """Is 100/33 proof that a container is gone? "No: the objects exist"."""
    row = await team.settle(await in_doubt(team), Action.IT_IS_NOT)
    await team.step(await taken(team, row, "saga 2"), Phase.REFUSED, sentence="Not today.")

    again = await team.settle(await team.load(row), Action.AUTO_POST)
    publish = await taken(team, again, "saga 3")

    assert (publish.phase, publish.container_id, publish.inherited) == (Phase.CONTAINER, "c1", True)


async def test_row_8_container_of_a_call_that_was_refused_in_words_is_looked_at_by_the_next_publish(team: Team) -> None:
    row = await auto_posted(team)
    lost = await moved(team, await marked(team, row), Phase.PUBLISHING, lost=True, losses=1, refusal="Spam.")
    await team.step(lost, Phase.REFUSED, lost=True, losses=1, sentence="Spam.")

    again = await team.settle(await team.load(row), Action.AUTO_POST)
    publish = await taken(team, again, "saga 2")

    assert (publish.phase, publish.container_id) == (Phase.CONTAINER, "c1")


async def test_container_that_was_never_sent_is_left_behind_by_the_next_publish(team: Team) -> None:
    row = await auto_posted(team)
    fetched = await moved(team, await taken(team, row), Phase.CONTAINER, container_id="c1")
    await team.step(fetched, Phase.REFUSED, sentence="Not today.")

    again = await team.settle(await team.load(row), Action.AUTO_POST)
    publish = await taken(team, again, "saga 2")

    assert (publish.phase, publish.container_id) == (Phase.CREATING, None)
