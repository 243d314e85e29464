"""A publish, on paper: what each end of each call leads to, and that no doubt is ever guessed away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import get_args

import pytest

from actors.bounds import (
    PUBLISH_CALL_SECONDS,
    PUBLISH_DOUBT_SECONDS,
    PUBLISH_LEASE_SECONDS,
    PUBLISH_RENEW_SECONDS,
    SEND_WITHIN_SECONDS,
    SETTLE_SECONDS,
)
from actors.domain.account import Account, Container, ContainerState, DoubtHints, Login
from actors.domain.publish_phase import Phase
from actors.errors import Answered
from actors.operations.publishes import PhaseChange, PublishRow
from actors.publish import texts
from actors.publish.decide import decide
from actors.publish.effects import (
    CreateContainer,
    FindLink,
    LookAtContainer,
    PublishContainer,
    PublishEffect,
    ReadHints,
    StoreStep,
    TakeLease,
    Wait,
)
from actors.publish.memory import CALLS_KEPT, Saga
from actors.publish.messages import (
    Begin,
    CallFailed,
    CameTooLate,
    Created,
    Failure,
    FencedOut,
    Hinted,
    InstagramCall,
    Looked,
    PublishMessage,
    StepStored,
    Waited,
    WentLive,
)
from actors.publish.times import CONTAINERS, CREATE_PAUSES, LOSSES, PATIENCE_SECONDS, UNREADABLE_SECONDS
from tests.stories import CHAT, NOON, SUNSET

ACCOUNT = Account(1, "1784", "studio", Login.FACEBOOK, b"sealed")
CREATING = PublishRow(1, CHAT, 7, 1, Phase.CREATING, SUNSET, "w1 1", 1, 1, ACCOUNT)
FETCHING = replace(CREATING, phase=Phase.CONTAINER, container_id="c1")
READY = replace(FETCHING, phase=Phase.READY)
SENT = replace(FETCHING, phase=Phase.PUBLISHING, attempt=1, publishing_at=NOON)
IN_DOUBT = replace(SENT, phase=Phase.IN_DOUBT, lost=True)
PHASES = (CREATING, FETCHING, READY, SENT, IN_DOUBT, *(replace(SENT, phase=phase) for phase in Phase))
AT = 1000.0
FAILURES = [CallFailed(call, failure, AT, "Why.") for call, failure in product(InstagramCall, Failure)]
LOOKS = [Looked(Container(state), AT) for state in ContainerState]
MESSAGES: list[PublishMessage] = [
    Begin(),
    StepStored(SENT, AT, AT),
    FencedOut(),
    Created("c2", AT),
    *LOOKS,
    WentLive("m1", AT),
    CameTooLate(AT),
    *FAILURES,
    Hinted(DoubtHints(), AT),
    Hinted(None, AT),
    Waited(AT),
]


def at_work(publish: PublishRow, since: float = AT) -> Saga:
    return Saga(busy=True, publish=publish, since=since, first_call=since, renewed=AT)


def looked(state: ContainerState, at: float = AT, sentence: str | None = None) -> Looked:
    return Looked(Container(state, sentence), at)


def stored(publish: PublishRow, message: PublishMessage, since: float = AT) -> PhaseChange:
    """What is written about a publish in answer to a message."""
    effect = decide(at_work(publish, since), message).effect
    assert isinstance(effect, StoreStep), effect
    assert effect.publish == publish
    return effect.move


def test_messages_of_this_file_are_all_that_a_saga_can_be_told() -> None:
    assert {type(message) for message in MESSAGES} == set(get_args(PublishMessage))


@pytest.mark.parametrize("publish", [None, *PHASES])
@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_has_an_answer_at_any_moment(publish: PublishRow | None, message: PublishMessage) -> None:
    for since, again in product((AT, AT - 100.0, AT - 1000.0), (False, True)):
        saga = Saga(busy=publish is not None, again=again, publish=publish, since=since, renewed=AT)

        decision = decide(saga, message)

        assert decision.effect is None or isinstance(decision.effect, get_args(PublishEffect))


@pytest.mark.parametrize("message", MESSAGES)
def test_no_answer_leads_to_a_publish_call_but_that_of_its_own_mark(message: PublishMessage) -> None:
    """F27, F28: after any end of a publish call it is looked at first."""
    for since in (AT, AT - 100.0, AT - 1000.0):
        assert not isinstance(decide(at_work(SENT, since), message).effect, PublishContainer)


def test_publish_begins_with_its_lease() -> None:
    assert decide(Saga(), Begin()).effect == TakeLease()


def test_publish_that_is_told_again_goes_on_once_it_is_done() -> None:
    told = decide(at_work(CREATING), Begin())

    assert told.effect is None
    assert decide(told.saga, FencedOut()).effect == TakeLease()
    assert decide(at_work(CREATING), FencedOut()).saga == Saga()


def test_each_phase_has_its_next_thing() -> None:
    saga = Saga(busy=True)

    assert decide(saga, StepStored(CREATING, AT, AT)).effect == CreateContainer(CREATING)
    assert decide(saga, StepStored(FETCHING, AT, AT)).effect == LookAtContainer(FETCHING)
    assert decide(saga, StepStored(IN_DOUBT, AT, AT)).effect == LookAtContainer(IN_DOUBT)
    assert decide(saga, StepStored(replace(SENT, phase=Phase.REFUSED), AT, AT)).effect is None
    assert stored(CREATING, Created("c2", AT)).phase is Phase.CONTAINER
    assert stored(FETCHING, looked(ContainerState.FINISHED)).phase is Phase.READY


def test_publish_call_is_marked_before_it_is_made() -> None:
    marked = decide(Saga(busy=True), StepStored(READY, AT, AT))
    assert isinstance(marked.effect, StoreStep)
    assert (marked.effect.move.phase, marked.effect.move.attempt) == (Phase.PUBLISHING, 1)

    sent = decide(marked.saga, StepStored(SENT, AT, AT + 2.0))

    assert sent.effect == PublishContainer(SENT, AT + SEND_WITHIN_SECONDS)
    assert sent.saga.marked == 0


def test_f30_publish_call_of_a_dead_worker_is_looked_at_once_its_effect_can_be_seen() -> None:
    taken = decide(Saga(busy=True), StepStored(replace(SENT, since_seconds=50.0), AT, AT))
    late = decide(Saga(busy=True), StepStored(replace(SENT, since_seconds=80.0), AT, AT))

    assert taken.effect == Wait(SETTLE_SECONDS - 50.0)
    assert isinstance(late.effect, LookAtContainer)


def test_publish_is_stored_with_its_story_and_then_its_address_is_found() -> None:
    live = decide(at_work(SENT), WentLive("m1", AT))
    assert isinstance(live.effect, StoreStep)
    assert (live.effect.move.phase, live.effect.move.media_id) == (Phase.PUBLISHED, "m1")

    published = replace(SENT, phase=Phase.PUBLISHED)

    assert decide(live.saga, StepStored(published, AT, AT)).effect == FindLink(published, "m1")


def test_f28_lost_answer_is_committed_and_waited_for() -> None:
    move = stored(SENT, CallFailed(InstagramCall.PUBLISH, Failure.LOST, AT))
    assert (move.phase, move.attempt, move.lost) == (Phase.PUBLISHING, 1, True)

    assert isinstance(decide(at_work(SENT), StepStored(replace(SENT, lost=True), AT, AT)).effect, Wait)


def test_f27_refusal_after_a_lost_answer_says_nothing_of_the_call_before() -> None:
    lost = replace(SENT, attempt=2, lost=True)

    assert decide(
        at_work(lost), CallFailed(InstagramCall.PUBLISH, Failure.REFUSED, AT, "Why.")
    ).effect == LookAtContainer(lost)
    move = stored(lost, CallFailed(InstagramCall.PUBLISH, Failure.TOKEN_GONE, AT))
    assert (move.phase, move.token_gone) == (Phase.IN_DOUBT, True)


def test_call_that_came_too_late_counts_as_lost() -> None:
    assert stored(SENT, CameTooLate(AT)).lost


def test_f27_what_is_live_after_all_is_published() -> None:
    move = stored(SENT, looked(ContainerState.PUBLISHED))

    assert (move.phase, move.sentence) == (Phase.PUBLISHED, texts.seen_live(None))
    assert stored(IN_DOUBT, looked(ContainerState.PUBLISHED)).phase is Phase.PUBLISHED
    assert stored(FETCHING, looked(ContainerState.PUBLISHED)).phase is Phase.PUBLISHED


def test_what_is_not_live_is_published_again_from_the_same_container() -> None:
    move = stored(SENT, looked(ContainerState.FINISHED))

    assert (move.phase, move.container_id, move.attempt) == (Phase.PUBLISHING, "c1", 2)


def test_only_what_expired_gets_another_container() -> None:
    move = stored(replace(SENT, lost=True), looked(ContainerState.EXPIRED))

    assert (move.phase, move.container_id, move.attempt, move.lost) == (Phase.CREATING, None, 0, False)


@pytest.mark.parametrize(
    "message",
    [
        looked(ContainerState.ERROR),
        CallFailed(InstagramCall.LOOK, Failure.REFUSED, AT + PUBLISH_DOUBT_SECONDS),
        looked(ContainerState.IN_PROGRESS, AT + PUBLISH_DOUBT_SECONDS),
        CallFailed(InstagramCall.LOOK, Failure.UNREACHABLE, AT + PUBLISH_DOUBT_SECONDS),
        CallFailed(InstagramCall.LOOK, Failure.LOST, AT + PUBLISH_DOUBT_SECONDS),
    ],
)
def test_doubt_that_looking_does_not_end_is_left_to_people(message: PublishMessage) -> None:
    assert decide(at_work(SENT), message).effect == ReadHints(SENT)


def test_doubt_after_the_last_loss_is_left_to_people() -> None:
    last = replace(SENT, losses=LOSSES)

    assert decide(at_work(last), looked(ContainerState.FINISHED)).effect == ReadHints(last)


def test_doubt_says_what_is_known_and_that_it_is_no_proof() -> None:
    move = stored(SENT, Hinted(DoubtHints(1, 2), AT))

    assert move.phase is Phase.IN_DOUBT
    assert move.sentence == (
        "Instagram's answer was lost. The account shows 1 published since, 2 stories today; that is no proof."
        " Look at Instagram, then say what you see."
    )
    assert stored(SENT, Hinted(DoubtHints(stories=1), AT)).sentence == texts.in_doubt(DoubtHints(stories=1))
    assert "proof" not in texts.in_doubt(DoubtHints())


@pytest.mark.parametrize(
    ("answered", "begins"),
    [
        (None, "Instagram did not answer in time. The account shows 1 published since, 12 stories today;"),
        (Answered(500, 2), "Instagram returned an error (HTTP 500, code 2). The account"),
        (Answered(403, 4, 2207051), "Instagram returned an error (HTTP 403, code 4/2207051). The account"),
        (Answered(502), "Instagram returned an error (HTTP 502). The account"),
    ],
)
def test_doubt_says_whether_anything_was_answered(answered: Answered | None, begins: str) -> None:
    failed = CallFailed(InstagramCall.PUBLISH, Failure.LOST, AT, "Instagram did not answer in time.", answered=answered)
    lost = decide(at_work(SENT), failed).saga

    told = decide(lost, Hinted(DoubtHints(1, 12), AT)).effect
    seen = decide(lost, looked(ContainerState.PUBLISHED)).effect

    assert isinstance(told, StoreStep)
    assert (told.move.sentence or "").startswith(begins)
    assert isinstance(seen, StoreStep)
    assert (seen.move.sentence or "").endswith(" Instagram says now that the story is live.")
    assert len(told.move.sentence or "") <= 180  # what a card has room for


def test_doubt_that_was_stored_is_not_looked_at_before_its_time() -> None:
    assert decide(at_work(SENT), StepStored(IN_DOUBT, AT, AT)).effect is None
    assert decide(Saga(busy=True), StepStored(IN_DOUBT, AT, AT)).effect == LookAtContainer(IN_DOUBT)


@pytest.mark.parametrize(
    "message",
    [
        looked(ContainerState.IN_PROGRESS),
        CallFailed(InstagramCall.LOOK, Failure.UNREACHABLE, AT),
        CallFailed(InstagramCall.LOOK, Failure.REFUSED, AT),
    ],
    ids=["unfinished", "unanswered", "unreadable"],
)
def test_call_whose_effect_could_be_seen_by_now_is_looked_at_every_five_seconds(message: PublishMessage) -> None:
    """Without the pause one look followed the other until the doubt was over."""
    decision = decide(at_work(SENT, AT - SETTLE_SECONDS), message)

    assert decision.effect == Wait(5.0)
    assert decide(decision.saga, Waited(AT + 4.0)).effect == Wait(1.0)
    assert decide(decision.saga, Waited(AT + 5.0)).effect == LookAtContainer(SENT)


def test_doubt_is_looked_at_for_150_s() -> None:
    unfinished = looked(ContainerState.IN_PROGRESS)

    assert decide(at_work(SENT, AT - 149.9), unfinished).effect == Wait(5.0)
    assert decide(at_work(SENT, AT - 150.0), unfinished).effect == ReadHints(SENT)


@pytest.mark.parametrize("message", [Hinted(None, AT), CallFailed(InstagramCall.LOOK, Failure.TOKEN_GONE, AT)])
def test_doubt_without_a_token_is_a_doubt_and_the_token_is_gone(message: PublishMessage) -> None:
    move = stored(SENT, message)

    assert (move.phase, move.sentence, move.token_gone) == (Phase.IN_DOUBT, texts.token_in_doubt(None), True)
    assert move.once_connected == f"{texts.LOST} {texts.ASK}"


@pytest.mark.parametrize("message", [*LOOKS[:2], *LOOKS[3:], *FAILURES[4:8]])
def test_doubt_stays_with_people_unless_the_story_is_seen(message: PublishMessage) -> None:
    assert decide(at_work(IN_DOUBT), message).effect is None


def test_container_is_looked_at_until_patience_ends() -> None:
    early, last, late = (
        CallFailed(InstagramCall.LOOK, Failure.UNREACHABLE, AT + at, "Why.") for at in (0.0, 299.0, 299.1)
    )
    patient = replace(at_work(FETCHING), renewed=AT + 299.0)

    assert PATIENCE_SECONDS == 300.0
    assert decide(at_work(FETCHING), early).effect == Wait(1.0)
    assert decide(patient, last).effect == Wait(1.0)  # which ends when patience does
    assert stored(FETCHING, late).sentence == "Nothing was published: Why. Tap Auto Post to try again later."


def tries(failed: CallFailed) -> tuple[list[str], list[float], Saga, PublishEffect | None]:
    """Have every creation fail: the links, the moments, and what it comes to."""
    saga, at, links, moments = replace(at_work(CREATING), renewed=AT), AT, [], []
    decision = decide(saga, Waited(at))
    while True:
        match decision.effect:
            case CreateContainer() as made:
                links.append(made.link_name)
                moments.append(at - AT)
                decision = decide(decision.saga, replace(failed, at=at))
            case Wait(seconds):
                at += seconds
                decision = decide(decision.saga, Waited(at))
            case StoreStep(publish, move) if move.phase is Phase.CREATING:
                publish = replace(publish, since_seconds=at - AT)
                decision = decide(decision.saga, StepStored(publish, at, at))
            case effect:
                return links, moments, decision.saga, effect


NOT_FETCHED = CallFailed(InstagramCall.CREATE, Failure.UNREACHABLE, AT, "Instagram could not fetch the file.")


def test_row_1_each_try_has_a_link_that_instagram_never_saw() -> None:
    """9004/2207052 is "remembered for that URL"; "a URL that Meta never saw is accepted at once"."""
    links, moments, _, effect = tries(NOT_FETCHED)

    assert len(set(links)) == len(links) == 10
    assert moments == [0.0, 2.0, 7.0, 17.0, 37.0, 67.0, 112.0, 172.0, 232.0, 292.0]
    assert isinstance(effect, StoreStep)
    assert effect.move.phase is Phase.REFUSED


def test_row_1_another_holder_of_the_lease_has_other_links() -> None:
    ours, theirs = (decide(at_work(replace(CREATING, token=token)), Waited(AT)).effect for token in (1, 2))

    assert isinstance(ours, CreateContainer)
    assert isinstance(theirs, CreateContainer)
    assert ours.link_name != theirs.link_name


@pytest.mark.parametrize("asked_seconds", [None, 0.1, 5.0, 30.0])
@pytest.mark.parametrize("failure", [Failure.UNREACHABLE, Failure.LOST])
def test_rows_12_and_13_containers_are_asked_for_ten_times_at_most(
    failure: Failure, asked_seconds: float | None
) -> None:
    """It was "55 creations in 5 min", and 57 after unreadable answers: Meta allows an account 400 a day."""
    links, *_ = tries(replace(NOT_FETCHED, failure=failure, retry_after_seconds=asked_seconds))

    assert 5 <= len(links) <= 10
    assert sum(CREATE_PAUSES.steps) <= PATIENCE_SECONDS


def test_row_1_card_says_once_what_is_waited_for_and_until_when() -> None:
    first = decide(at_work(CREATING), replace(NOT_FETCHED, at=AT + 1.0))
    again = decide(first.saga, replace(NOT_FETCHED, at=AT + 3.0))

    assert isinstance(first.effect, StoreStep)
    assert (first.effect.move.phase, first.effect.move.sentence) == (Phase.CREATING, NOT_FETCHED.sentence)
    assert first.effect.move.wait_seconds == PATIENCE_SECONDS - 1.0
    assert isinstance(again.effect, Wait)


def test_row_3_not_ready_though_finished_is_waited_for_as_long_as_the_promise_allows() -> None:
    """9007/2207027 "needed 99 s there; others wait 6 x 8 s and longer": each time the same container."""
    publish, at, moments = SENT, AT, []
    saga = at_work(SENT)
    while True:
        moments.append(at - AT)
        failed = CallFailed(InstagramCall.PUBLISH, Failure.UNREACHABLE, at, "Not done yet.", 5.0)
        decision = decide(replace(saga, renewed=at), failed)
        assert isinstance(decision.effect, StoreStep)
        if decision.effect.move.phase is Phase.REFUSED:
            break
        move = decision.effect.move
        assert (move.phase, move.container_id, move.sentence) == (Phase.READY, "c1", "Not done yet.")
        assert move.wait_seconds == PUBLISH_DOUBT_SECONDS - (at - AT)
        at = decision.saga.not_before
        publish = replace(publish, attempt=publish.attempt + 1)
        saga = replace(at_work(publish), first_call=AT)

    assert moments == [0.0, 5.0, 15.0, 30.0, 50.0, 80.0, 110.0, 140.0]
    assert decision.effect.move.sentence == "Nothing was published: Not done yet. Tap Auto Post to try again later."


def test_row_6_container_that_was_never_sent_is_published_though_it_cannot_be_read() -> None:
    """Page tokens get 100/33 "for fresh containers and media, for good, while POST media_publish works"."""
    unreadable = CallFailed(InstagramCall.LOOK, Failure.REFUSED, AT, "Why.")

    assert decide(at_work(FETCHING), unreadable).effect == Wait(1.0)
    move = stored(FETCHING, replace(unreadable, at=AT + UNREADABLE_SECONDS))
    assert (move.phase, move.container_id) == (Phase.READY, "c1")


INHERITED = replace(FETCHING, inherited=True)


@pytest.mark.parametrize(
    "message",
    [
        CallFailed(InstagramCall.LOOK, Failure.REFUSED, AT + UNREADABLE_SECONDS, "Not found."),
        CallFailed(InstagramCall.LOOK, Failure.UNREACHABLE, AT + PATIENCE_SECONDS, "Not reached."),
        CallFailed(InstagramCall.LOOK, Failure.TOKEN_GONE, AT, "No token."),
        looked(ContainerState.IN_PROGRESS, AT + PATIENCE_SECONDS),
    ],
)
def test_row_7_nothing_but_its_end_replaces_a_container_that_may_be_live(message: PublishMessage) -> None:
    """Four times 100/33 "lead to a new container and a second story if the old one is live"; "the objects exist"."""
    move = stored(INHERITED, message)

    assert (move.phase, move.container_id) == (Phase.IN_DOUBT, "c1")
    assert (move.sentence or "").startswith("Nothing was sent again: ")
    assert (move.sentence or "").endswith("If it is not live, post it by hand and tap It is live.")
    assert len(move.sentence or "") <= 180  # what a card has room for


def test_row_7_container_that_cannot_be_read_is_looked_at_again_first() -> None:
    """Simulation, seed 11121: they said that it was not live, one look was refused, and it was live."""
    unreadable = CallFailed(InstagramCall.LOOK, Failure.REFUSED, AT, "Not found.")

    assert isinstance(decide(at_work(INHERITED), unreadable).effect, Wait)
    assert stored(INHERITED, looked(ContainerState.FINISHED)).phase is Phase.READY


@pytest.mark.parametrize("state", ContainerState)
def test_row_8_plain_refusal_is_looked_at_once_named_and_not_repeated(state: ContainerState) -> None:
    """4/2207051 comes "also while the post is live"; it was published "twice more", "and never a word of the block"."""
    failed = CallFailed(InstagramCall.PUBLISH, Failure.REFUSED_PERHAPS, AT, "Instagram took this for spam.")
    lost = decide(at_work(SENT), failed).effect
    assert isinstance(lost, StoreStep)
    assert (lost.move.phase, lost.move.refusal) == (Phase.PUBLISHING, "Instagram took this for spam.")
    assert lost.move.sentence == "Instagram said: Instagram took this for spam."

    refused = replace(SENT, lost=True, losses=1, refusal=lost.move.refusal)
    effect = decide(at_work(refused), looked(state, AT + SETTLE_SECONDS)).effect

    if state is ContainerState.FINISHED:
        assert isinstance(effect, StoreStep)
        assert effect.move.phase is Phase.REFUSED
        assert effect.move.sentence == "Nothing was published: Instagram took this for spam."
    assert not isinstance(effect, PublishContainer)


def test_row_8_doubt_names_the_refusal_also_to_another_worker() -> None:
    refused = replace(SENT, lost=True, refusal="Instagram took this for spam.")

    move = stored(refused, Hinted(DoubtHints(), AT))

    assert (move.sentence or "").startswith("Instagram said: Instagram took this for spam. ")


def test_row_17_container_that_failed_is_replaced_twice_and_then_it_ends() -> None:
    """2207076 "often passes with a new container"; "Tap Auto Post to try again" was told "for ever"."""
    failed = Looked(Container(ContainerState.ERROR, "Why.", passes=True), AT)
    moves = [stored(replace(FETCHING, containers=made), failed) for made in range(1, CONTAINERS + 1)]

    assert [move.phase for move in moves] == [Phase.CREATING, Phase.CREATING, Phase.REFUSED]
    assert moves[0].container_id is None
    assert moves[-1].sentence == texts.UNPREPARED


@pytest.mark.parametrize("call", [InstagramCall.CREATE, InstagramCall.PUBLISH])
def test_row_34_people_are_told_until_when_instagram_wants_no_call(call: InstagramCall) -> None:
    """Minutes "longer than 5 min: refused at once as could not be reached"."""
    publish = CREATING if call is InstagramCall.CREATE else SENT

    move = stored(publish, CallFailed(call, Failure.UNREACHABLE, AT, "Slow down.", 1140.0))

    assert (move.phase, move.wait_seconds) == (Phase.REFUSED, 1140.0)


def test_row_34_throttled_publish_call_is_looked_at_and_then_people_are_told_until_when() -> None:
    lost = decide(at_work(SENT), CallFailed(InstagramCall.PUBLISH, Failure.LOST, AT, "Slow down.", 1140.0)).saga

    short = decide(replace(lost, retry_at=AT + 90.0), looked(ContainerState.FINISHED, AT + 60.0)).effect
    effect = decide(lost, looked(ContainerState.FINISHED, AT + 60.0)).effect

    assert isinstance(short, Wait | StoreStep)
    assert isinstance(effect, StoreStep)
    assert (effect.move.phase, effect.move.wait_seconds) == (Phase.REFUSED, 1080.0)


def test_row_45_what_instagram_said_goes_into_the_history_with_its_trace() -> None:
    answered = Answered(
        403, 4, 2207051, "AZtrace", "We restrict.", None, "OAuthException", False, (("call_count", 9.0),)
    )
    failed = CallFailed(InstagramCall.PUBLISH, Failure.LOST, AT, "Why.", None, answered)

    (answer,) = stored(SENT, failed).answers

    assert answer == {
        "call": "publish",
        "outcome": "answer lost",
        "status": 403,
        "code": 4,
        "subcode": 2207051,
        "trace_id": "AZtrace",
        "words": "We restrict.",
        "kind": "OAuthException",
        "is_transient": False,
        "usage": {"call_count": 9.0},
    }


def test_looks_come_at_growing_pauses() -> None:
    saga, pauses = at_work(FETCHING), []
    for _ in range(5):
        decision = decide(saga, looked(ContainerState.IN_PROGRESS))
        assert isinstance(decision.effect, Wait)
        pauses.append(decision.effect.seconds)
        saga = replace(decision.saga, not_before=0.0)

    assert pauses == [1.0, 2.0, 3.0, 5.0, 5.0]
    renewed = decide(saga, StepStored(FETCHING, AT, AT)).saga
    assert decide(renewed, looked(ContainerState.IN_PROGRESS)).effect == Wait(5.0)
    remade = decide(saga, StepStored(CREATING, AT, AT)).saga
    assert decide(remade, CallFailed(InstagramCall.CREATE, Failure.UNREACHABLE, AT)).effect == Wait(2.0)
    assert stored(FETCHING, looked(ContainerState.IN_PROGRESS, AT + PATIENCE_SECONDS)).sentence == texts.TOOK_TOO_LONG


def test_a_time_that_instagram_names_is_kept() -> None:
    named = CallFailed(InstagramCall.CREATE, Failure.UNREACHABLE, AT, retry_after_seconds=20.0)
    too_long = replace(named, retry_after_seconds=3600.0)

    assert decide(at_work(CREATING), named).effect == Wait(20.0)
    assert stored(CREATING, too_long).phase is Phase.REFUSED


def test_lease_is_renewed_in_long_waits() -> None:
    waiting = replace(at_work(FETCHING), not_before=AT + 100.0)

    assert decide(waiting, Waited(AT)).effect == Wait(PUBLISH_RENEW_SECONDS + 1.0)
    effect = decide(waiting, Waited(AT + PUBLISH_RENEW_SECONDS + 1.0)).effect
    assert isinstance(effect, StoreStep)
    assert effect.move == PhaseChange(Phase.CONTAINER, "c1", 0, lost=False)


@pytest.mark.parametrize(
    ("publish", "message", "sentence"),
    [
        (FETCHING, looked(ContainerState.ERROR, sentence="The video is too long."), "The video is too long."),
        (FETCHING, looked(ContainerState.ERROR), texts.FILE_REFUSED),
        (FETCHING, looked(ContainerState.EXPIRED), texts.CONTAINER_EXPIRED),
        (CREATING, CallFailed(InstagramCall.CREATE, Failure.REFUSED, AT, "Why."), "Why."),
        (SENT, CallFailed(InstagramCall.PUBLISH, Failure.REFUSED, AT, "Why."), "Why."),
        (replace(CREATING, account=None), Waited(AT), texts.NOT_CONNECTED),
        (replace(CREATING, token_gone=True), Waited(AT), texts.TOKEN_GONE),
    ],
)
def test_refusal_goes_back_to_people_with_its_sentence(
    publish: PublishRow, message: PublishMessage, sentence: str
) -> None:
    move = stored(publish, message)

    assert (move.phase, move.sentence, move.token_gone) == (Phase.REFUSED, texts.refused(sentence), False)
    assert texts.refused(sentence).startswith("Nothing was published")


@pytest.mark.parametrize(
    ("publish", "call"),
    [(CREATING, InstagramCall.CREATE), (FETCHING, InstagramCall.LOOK), (SENT, InstagramCall.PUBLISH)],
)
def test_f32_token_that_is_gone_is_a_refusal_that_says_so(publish: PublishRow, call: InstagramCall) -> None:
    move = stored(publish, CallFailed(call, Failure.TOKEN_GONE, AT))

    assert (move.phase, move.sentence, move.token_gone) == (Phase.REFUSED, texts.TOKEN_GONE, True)


@pytest.mark.parametrize(
    ("publish", "message"),
    [
        (replace(CREATING, account=None), Waited(AT)),
        (replace(CREATING, token_gone=True), Waited(AT)),
        (CREATING, CallFailed(InstagramCall.CREATE, Failure.TOKEN_GONE, AT, "Why.")),
        (CREATING, CallFailed(InstagramCall.CREATE, Failure.REFUSED, AT, f"Not allowed. {texts.RECONNECT}")),
    ],
    ids=["no account", "token gone before", "token gone", "not allowed"],
)
def test_refusal_that_asks_for_a_connection_has_what_follows_one(publish: PublishRow, message: PublishMessage) -> None:
    assert stored(publish, message).once_connected == texts.CONNECTED_SINCE


def test_other_refusal_stays_whatever_is_connected() -> None:
    assert stored(CREATING, CallFailed(InstagramCall.CREATE, Failure.REFUSED, AT, "Why.")).once_connected is None


@pytest.mark.parametrize(
    "message",
    [looked(ContainerState.ERROR), looked(ContainerState.EXPIRED)],
)
def test_container_of_which_people_said_that_it_is_not_live_may_be_given_up(message: PublishMessage) -> None:
    assert stored(replace(FETCHING, inherited=True), message).phase is Phase.CREATING


def test_publish_call_that_did_not_happen_is_repeated_after_a_rest() -> None:
    failed = CallFailed(InstagramCall.PUBLISH, Failure.UNREACHABLE, AT, retry_after_seconds=20.0)
    decision = decide(at_work(SENT), failed)
    assert isinstance(decision.effect, StoreStep)
    assert decision.effect.move.phase is Phase.READY

    assert decide(decision.saga, StepStored(replace(SENT, phase=Phase.READY), AT, AT)).effect == Wait(20.0)


def test_publish_call_that_did_not_happen_after_a_lost_one_is_looked_at_before_another() -> None:
    """Instagram calls a container not ready while a call that was lost takes effect: sending again would be blind."""
    failed = CallFailed(InstagramCall.PUBLISH, Failure.UNREACHABLE, AT)

    waiting = decide(at_work(replace(SENT, attempt=2, lost=True)), failed)

    assert isinstance(waiting.effect, Wait)
    after = decide(waiting.saga, Waited(AT + SETTLE_SECONDS))
    assert isinstance(after.effect, LookAtContainer | StoreStep)


def test_calls_are_told_with_the_next_step_and_repetitions_once() -> None:
    saga = at_work(FETCHING)
    for state in (ContainerState.IN_PROGRESS, ContainerState.IN_PROGRESS, ContainerState.FINISHED):
        saga = decide(saga, looked(state)).saga
    effect = decide(saga, looked(ContainerState.FINISHED)).effect

    assert isinstance(effect, StoreStep)
    assert effect.move.calls == ("read container: in_progress", "read container: finished")
    assert stored(CREATING, Created("c2", AT)).calls == ("create container: c2",)
    assert stored(SENT, WentLive("m1", AT)).calls == ("publish: m1",)
    assert stored(SENT, CallFailed(InstagramCall.PUBLISH, Failure.LOST, AT)).calls == ("publish: answer lost",)
    silent = CallFailed(InstagramCall.PUBLISH, Failure.LOST, AT, texts.SILENT)
    assert stored(SENT, silent).calls == ("publish: answer lost (Instagram did not answer in time.)",)
    throttled = CallFailed(InstagramCall.CREATE, Failure.UNREACHABLE, AT, "Slow down.", 60.0, Answered(429, 80002))
    assert stored(CREATING, replace(throttled, at=AT + PATIENCE_SECONDS)).calls == (
        "create container: unreachable (HTTP 429, code 80002)",
    )
    full = replace(at_work(SENT), calls=tuple(map(str, range(CALLS_KEPT))))
    told = decide(full, CameTooLate(AT)).effect
    assert isinstance(told, StoreStep)
    assert len(told.move.calls) == CALLS_KEPT


def test_f31_the_account_of_the_tap_is_the_one_that_is_called() -> None:
    assert decide(Saga(busy=True), StepStored(CREATING, AT, AT)).effect == CreateContainer(CREATING)
    assert CREATING.account == ACCOUNT


def test_all_times_fit_into_the_lease() -> None:
    """A publish call ends, and its effect can be seen, before anybody else may look."""
    assert (PUBLISH_LEASE_SECONDS, PUBLISH_CALL_SECONDS, SEND_WITHIN_SECONDS) == (75.0, 30.0, 40.0)  # 75 > 30 + 40
    assert timedelta(seconds=SETTLE_SECONDS) >= timedelta(seconds=30 + 30)
    assert PUBLISH_DOUBT_SECONDS <= 150.0
