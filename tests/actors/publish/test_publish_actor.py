"""A publish from its tap to its end, between a database and an Instagram in memory, in virtual time."""

from __future__ import annotations

from dataclasses import astuple
from datetime import timedelta

import anyio
import pytest

from actors.bounds import LATE_EDIT_SECONDS
from actors.domain.account import DoubtHints
from actors.domain.item import Action, State
from actors.domain.messages import Recorded, Stale
from actors.domain.publish_phase import Phase
from actors.errors import Answered, AnswerLost, DoubtfulRefusal, Refused, TokenGone, Unreachable
from actors.operations.publishes import TakePublish
from actors.publish import texts
from actors.publish.messages import Created
from actors.publish.registry import Ended
from tests.actors.publish.fakes import Kind, Sea, Trouble
from tests.fakes.faults import Effect, Fault
from tests.fakes.instagram import EXPIRES_SECONDS, FakeInstagram
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT

anyio_backend = virtual_time

LOST = AnswerLost("The connection to Instagram broke.")
UNREADABLE = [Fault(Refused("gone"))] * 19  # every look until people are asked


@pytest.fixture
async def sea() -> Sea:
    return Sea(instagram=FakeInstagram())


async def sail(sea: Sea, seconds: float = 400.0, *, connected: bool = True) -> None:
    async with sea.sailing(sea.auto_post(connected=connected)):
        await anyio.sleep(seconds)


def steps(sea: Sea) -> list[str]:
    return [event.state for event in sea.store.tables.publish_events.all()]


async def test_publish_is_committed_step_by_step_and_its_address_found(sea: Sea) -> None:
    await sail(sea, 10.0)

    row = sea.item()
    (publish,) = sea.store.tables.publishes.all()
    assert (row.state, sea.instagram.stories_of(3)) == (State.POSTED, 1)
    assert row.settled is not None
    assert (row.settled.action, row.settled.by) == (Action.PUBLISHED, ANNA)
    assert steps(sea) == ["creating", "creating", "container", "ready", "publishing", "published"]
    assert (publish.media_id, publish.permalink) == ("m1", "https://instagram.example/m1")
    assert [row.phase for row in sea.drawn] == [Phase.CONTAINER, Phase.PUBLISHING, None, None]
    assert [row.permalink for row in sea.drawn[2:]] == [None, "https://instagram.example/m1"]


async def test_f27_story_that_is_live_is_never_called_failed(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST, Effect.BEFORE), of="publish")

    await sail(sea, 90.0)

    assert (sea.item().state, sea.item().note) == (State.POSTED, texts.seen_live("The connection to Instagram broke."))
    assert sea.instagram.stories_of(3) == 1


async def test_f28_publish_call_that_says_nothing_is_looked_at_and_made_once(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST, Effect.BEFORE, silent=True), of="publish")

    await sail(sea, 90.0)

    assert (sea.item().state, sea.instagram.called.count("publish")) == (State.POSTED, 1)


async def test_f28_effect_that_comes_after_the_look_is_found_by_the_refusal_of_the_second_call(sea: Sea) -> None:
    """Later than an effect may come: only Instagram's own refusal can close this, and then it must be understood."""
    sea.instagram.accepts_again = False
    sea.instagram.faults.add(Fault(LOST, Effect.LATER, later_seconds=59.0), of="publish")
    sea.instagram.seconds = 3.0

    await sail(sea, 400.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)
    assert sea.instagram.called == ["create", "look", "publish", "look", "publish", "look"]


async def test_f30_killed_between_the_publish_and_its_record(sea: Sea) -> None:
    sea.troubles = (Trouble("after publish", Kind.KILL),)

    await sail(sea, 150.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


async def test_f33_what_instagram_says_is_told_in_its_sentence_alone(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(Unreachable("https://host/?access_token=secret")), of="create")
    sea.instagram.faults.add(Fault(Refused("Videos must be shorter than 60 s.")), of="create")

    await sail(sea, 20.0)

    assert (sea.item().state, sea.item().note) == (
        State.IN_REVIEW,
        "Nothing was published: Videos must be shorter than 60 s.",
    )
    assert "secret" not in str([event.calls for event in sea.store.tables.publish_events.all()])


THROTTLED = Answered(
    429,
    80002,
    None,
    "AZtrace",
    "There have been too many calls.",
    "https://host/v25.0/1784/media",
    "OAuthException",
    False,
    (("call_count", 101.0),),
)


async def test_what_instagram_said_is_logged_once_in_a_row_and_told_to_the_team(sea: Sea) -> None:
    throttled = Unreachable("Instagram asks us to slow down.", 120.0).having(THROTTLED)
    sea.instagram.faults.add(*[Fault(throttled)] * 3, of="create")

    await sail(sea, 400.0)

    warned = [line for line in sea.logs if line["event"] == "publish.step" and line["log_level"] == "warning"]
    assert [(line["call"], line["outcome"], line["reason"]) for line in warned] == [
        ("create container", "unreachable", "Instagram asks us to slow down.")
    ]
    named = ("http_status", "code", "subcode", "trace_id", "words", "url", "kind", "is_transient")
    assert tuple(warned[0][name] for name in named) == astuple(THROTTLED)[:-1]
    assert warned[0]["usage"] == {"call_count": 101.0}
    assert (warned[0]["chat_id"], warned[0]["item_id"], warned[0]["state"]) == (CHAT, 7, "creating")
    assert sea.item().note == "Nothing was published: Instagram asks us to slow down. Tap Auto Post to try again later."
    assert "create container: unreachable (HTTP 429, code 80002)" in last_calls(sea)


async def test_only_what_did_not_answer_could_not_be_reached(sea: Sea) -> None:
    sea.instagram.faults.add(*[Fault(LOST, silent=True)] * 20, of="create")

    await sail(sea, 400.0)

    assert (
        sea.item().note == "Nothing was published: Instagram did not answer in time. Tap Auto Post to try again later."
    )
    assert "create container: answer lost (Instagram did not answer in time.)" in last_calls(sea)


async def test_container_in_error_is_logged_in_instagrams_own_words(sea: Sea) -> None:
    sea.instagram.file_error = "Error: 2207026"

    await sail(sea, 60.0)

    (warned,) = [line for line in sea.logs if line["event"] == "publish.step" and line["log_level"] == "warning"]
    assert (warned["call"], warned["outcome"], warned["words"]) == ("read container", "error", "Error: 2207026")


def last_calls(sea: Sea) -> list[str]:
    return [call for event in sea.store.tables.publish_events.all() for call in event.calls]


async def test_chat_without_an_account_is_told_what_to_do(sea: Sea) -> None:
    await sail(sea, 5.0, connected=False)

    assert (sea.item().state, sea.item().note) == (State.IN_REVIEW, texts.NOT_CONNECTED)
    assert sea.instagram.called == []


async def test_f32_token_that_died_is_remembered_and_not_tried_again(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(TokenGone("Connect it again.")), of="create")
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(5.0)
        assert sea.item().note == "Nothing was published: Connect it again."
        await sea.go_on(sea.tap(Action.AUTO_POST))
        await anyio.sleep(5.0)

    assert (sea.item().state, sea.item().note) == (State.IN_REVIEW, texts.TOKEN_GONE)
    assert sea.instagram.called == ["create"]


async def test_story_that_instagram_never_fetches_goes_back_to_people(sea: Sea) -> None:
    sea.instagram.lag_seconds = 10_000.0

    await sail(sea, 310.0)

    assert (sea.item().state, sea.item().note) == (State.IN_REVIEW, texts.TOOK_TOO_LONG)


async def test_doubt_that_nobody_can_read_is_put_to_people_with_hints(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST, Effect.BEFORE), of="publish")
    sea.instagram.faults.add(None, *UNREADABLE, of="look")

    await sail(sea, 160.0)

    row = sea.item()
    assert (row.state, row.phase) == (State.IN_DOUBT, Phase.IN_DOUBT)
    assert row.note is not None
    assert "1 published since, 1 story today; that is no proof" in row.note


async def test_doubt_ends_by_itself_once_the_story_can_be_seen(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST, Effect.BEFORE), of="publish")
    sea.instagram.faults.add(None, *UNREADABLE, of="look")

    await sail(sea, 2000.0)

    assert (sea.item().state, sea.item().note) == (State.POSTED, texts.seen_live(None))


async def test_people_say_that_it_is_not_live_and_it_is_posted_again_from_the_same_container(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST), of="publish")
    sea.instagram.faults.add(None, *UNREADABLE, of="look")
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(160.0)
        assert sea.item().state is State.IN_DOUBT
        await sea.go_on(sea.tap(Action.IT_IS_NOT, BEN))
        await anyio.sleep(20.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)
    assert list(sea.instagram.containers) == ["c1"]


async def test_people_say_that_it_is_not_live_although_it_is(sea: Sea) -> None:
    """The container is looked at first: they cannot make a second story by mistake."""
    sea.instagram.faults.add(Fault(LOST, Effect.BEFORE), of="publish")
    sea.instagram.faults.add(None, *UNREADABLE, of="look")
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(160.0)
        await sea.go_on(sea.tap(Action.IT_IS_NOT, BEN))
        await anyio.sleep(20.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


async def test_row_1_good_file_is_published_though_its_first_links_are_refused(sea: Sea) -> None:
    sea.instagram.refused_links = 3

    await sail(sea, 60.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)
    assert len(set(sea.instagram.links)) == len(sea.instagram.links) == 4
    waited = [row.waiting.sentence for row in sea.drawn if row.waiting is not None]
    assert waited == ["Instagram could not fetch the file."]


async def test_row_3_story_that_is_not_ready_for_99_s_is_published(sea: Sea) -> None:
    sea.instagram.unready_seconds = 99.0

    await sail(sea, 150.0)

    assert (sea.item().state, dict(sea.instagram.stories)) == (State.POSTED, {"c1": 1})


async def test_row_6_story_is_published_with_a_token_that_can_read_nothing(sea: Sea) -> None:
    sea.instagram.hides_containers = True

    await sail(sea, 90.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


@pytest.mark.parametrize("is_live", [False, True])
async def test_row_7_people_s_word_makes_no_second_story_though_nothing_can_be_read(sea: Sea, is_live: bool) -> None:
    """Four times 100/33 after "It is not: post again" led to a new container, whatever the first one was."""
    sea.instagram.faults.add(Fault(LOST, Effect.BEFORE if is_live else Effect.NEVER), of="publish")
    sea.instagram.faults.add(*[Fault(Refused("gone"))] * 400, of="look")
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(260.0)
        assert sea.item().state is State.IN_DOUBT
        for _ in range(2):
            await sea.go_on(sea.tap(Action.IT_IS_NOT, BEN))
            await anyio.sleep(100.0)
            assert (sea.item().state, sea.item().note) == (State.IN_DOUBT, texts.still_in_doubt(texts.UNSEEN))

    assert list(sea.instagram.containers) == ["c1"]
    assert sea.instagram.stories_of(3) == int(is_live)


async def test_row_7_story_that_was_in_doubt_keeps_its_container_over_a_cancelled_publish(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST), of="publish")
    sea.instagram.faults.add(None, *UNREADABLE, *UNREADABLE, of="look")
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(160.0)
        await sea.go_on(sea.tap(Action.IT_IS_NOT, BEN))
        await anyio.sleep(1.0)
        sea.tap(Action.SKIP, BEN)
        await anyio.sleep(30.0)

    (inherited,) = [one for one in sea.store.tables.publishes.all() if one.state == "cancelled"]
    assert (inherited.container_id, inherited.inherited) == ("c1", True)


async def test_row_8_spam_block_is_named_and_the_next_tap_looks_at_the_same_container(sea: Sea) -> None:
    block = DoubtfulRefusal("Instagram took this for spam.")
    sea.instagram.faults.add(Fault(block), of="publish")
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(90.0)
        assert (sea.item().state, sea.item().note) == (
            State.IN_REVIEW,
            "Nothing was published: Instagram took this for spam.",
        )
        assert sea.instagram.called.count("publish") == 1
        await sea.go_on(sea.tap(Action.AUTO_POST))
        await anyio.sleep(20.0)

    assert (sea.item().state, dict(sea.instagram.stories)) == (State.POSTED, {"c1": 1})


async def test_row_34_card_says_until_when_instagram_wants_no_call(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(Unreachable("Instagram asks us to slow down.", 1140.0)), of="create")

    await sail(sea, 20.0)

    row = sea.item()
    assert row.state is State.IN_REVIEW
    assert row.waiting is not None
    assert row.waiting.until - sea.store.clock.now() >= timedelta(seconds=1100)
    assert row.waiting.sentence is None


async def test_only_a_container_that_expired_is_replaced(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST), of="publish")
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(10.0)
        name, container = next(iter(sea.instagram.containers.items()))
        sea.instagram.containers[name] = container.aged(EXPIRES_SECONDS)
        await anyio.sleep(100.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)
    assert dict(sea.instagram.stories) == {"c2": 1}


async def test_f10_skip_before_the_publish_call_cancels_it(sea: Sea) -> None:
    sea.instagram.lag_seconds = 20.0
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(10.0)
        sea.tap(Action.SKIP, BEN)
        await anyio.sleep(60.0)

    assert isinstance(sea.outcomes[-1], Recorded)
    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.SKIPPED, 0)


async def test_f10_skip_during_the_publish_call_is_too_late(sea: Sea) -> None:
    sea.instagram.publish_seconds = 20.0
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(10.0)
        sea.tap(Action.SKIP, BEN)
        assert [late.why for late in sea.item().late] == ["publishing"]
        await anyio.sleep(60.0)

    assert isinstance(sea.outcomes[-1], Stale)
    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


async def test_story_that_is_live_is_kept_in_memory_while_the_database_is_away(sea: Sea) -> None:
    sea.instagram.publish_seconds = 5.0
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(2.0)
        sea.away = True
        await anyio.sleep(60.0)
        sea.away = False
        await anyio.sleep(5.0)

    (publish,) = sea.store.tables.publishes.all()
    assert (publish.state, publish.media_id) == ("published", "m1")
    assert sea.instagram.called.count("look") == 1


async def test_f29_stopped_worker_leaves_its_publish_to_the_next_one(sea: Sea) -> None:
    sea.instagram.lag_seconds = 200.0
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(20.0)
        await sea.replace_worker()
        await anyio.sleep(300.0)

    owners = {event.worker for event in sea.store.tables.publish_events.all()}
    assert {"w1", "w2"} <= owners
    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


async def test_f29_publish_that_another_worker_holds_is_looked_at_when_its_lease_has_ended(sea: Sea) -> None:
    async with sea.sailing():
        await anyio.sleep(LATE_EDIT_SECONDS + 1.0)  # until then it looks at everything anyway
        row = sea.auto_post()
        assert sea.store.apply(TakePublish(1, 7, "w9 1")).publish is not None
        await sea.go_on(row)
        await anyio.sleep(120.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


async def test_crash_of_a_saga_is_found_and_its_publish_looked_at(sea: Sea) -> None:
    sea.troubles = (Trouble("before store published", Kind.REFUSE),)

    await sail(sea, 150.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


async def test_answers_that_never_come_have_their_bounds(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST, silent=True), of="create")
    sea.instagram.faults.add(Fault(LOST, silent=True), of="look")
    sea.instagram.faults.add(Fault(LOST, silent=True), of="permalink")

    await sail(sea, 100.0)

    (publish,) = sea.store.tables.publishes.all()
    assert (publish.state, publish.permalink) == ("published", None)


@pytest.mark.parametrize("fault", [Fault(LOST, silent=True), Fault(Unreachable("no network"))])
async def test_hints_that_cannot_be_had_leave_a_doubt_all_the_same(sea: Sea, fault: Fault) -> None:
    sea.instagram.faults.add(Fault(LOST), of="publish")
    sea.instagram.faults.add(None, *UNREADABLE, of="look")
    sea.instagram.faults.add(fault, of="hints")

    await sail(sea, 180.0)

    assert sea.item().note == texts.in_doubt(DoubtHints(), str(LOST))


async def test_token_that_dies_in_a_doubt_is_remembered(sea: Sea) -> None:
    sea.instagram.faults.add(Fault(LOST), of="publish")
    sea.instagram.faults.add(None, *UNREADABLE, of="look")
    sea.instagram.faults.add(Fault(TokenGone("gone")), of="hints")

    await sail(sea, 160.0)

    assert (sea.item().state, sea.item().note) == (State.IN_DOUBT, texts.token_in_doubt(str(LOST)))
    assert [account.token_gone for account in sea.store.tables.accounts.all()] == [True]


async def test_mark_that_was_answered_late_is_not_followed_by_a_call(sea: Sea) -> None:
    """The lease might end before the call does: it is looked at first, and made under another mark."""
    sea.troubles = (Trouble("after store publishing", Kind.SLOW),)

    await sail(sea, 200.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)
    (publish,) = sea.store.tables.publishes.all()
    assert publish.attempt == 2
    assert sea.instagram.called.count("publish") == 1


async def test_end_of_a_call_of_an_incarnation_that_crashed_changes_nothing(sea: Sea) -> None:
    sea.instagram.lag_seconds = 10.0
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(5.0)
        await sea.crew[0].publishes.registry.tell((1, 7), Ended(object(), Created("c9", 0.0)))
        await anyio.sleep(20.0)

    assert [event.container_id for event in sea.store.tables.publish_events.all()][-1] == "c1"


async def test_stop_while_the_database_is_away_leaves_the_publish_to_the_next_worker(sea: Sea) -> None:
    sea.instagram.publish_seconds = 5.0
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(2.0)
        sea.away = True
        await anyio.sleep(10.0)
        await sea.replace_worker()
        await anyio.sleep(5.0)
        sea.away = False
        await anyio.sleep(150.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


async def test_items_that_have_stopped_do_not_stop_a_publish(sea: Sea) -> None:
    sea.closed = True

    await sail(sea, 10.0)

    assert (sea.item().state, sea.drawn) == (State.POSTED, [])
    assert {"event": "publish.card_left", "log_level": "info", "chat_id": CHAT, "item_id": 7} in sea.logs


async def test_publish_that_comes_while_we_stop_is_left_to_the_next_worker(sea: Sea) -> None:
    sea.instagram.lag_seconds = 20.0
    async with sea.sailing(sea.auto_post()):
        await anyio.sleep(5.0)
        await sea.replace_worker()
        await anyio.sleep(0.1)
        await sea.go_on(sea.item())
        await anyio.sleep(200.0)

    assert (sea.item().state, sea.instagram.stories_of(3)) == (State.POSTED, 1)


async def test_story_without_an_address_is_a_story(sea: Sea) -> None:
    sea.instagram.knows_links = False

    await sail(sea, 10.0)

    (publish,) = sea.store.tables.publishes.all()
    assert (publish.state, publish.permalink) == ("published", None)


async def test_item_is_told_under_its_chat(sea: Sea) -> None:
    await sail(sea, 10.0)

    assert {row.chat_id for row in sea.drawn} == {CHAT}
