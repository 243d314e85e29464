"""decide(saga, message): how a publish goes on. Pure and total; one effect at a time, each step committed before it.

Instagram has no idempotency key: a publish call that is made twice may publish twice. So each publish call is behind a
fence, of which the row has the first two parts (`infra/postgres/schema/publishes.sql`):

- The lease. `owner` is new at each taking, `token` grows with each change of owner, `seq` with each step. A step is
  stored only under the owner and token that it names, and after the step that it names; asked again it finds itself
  done. A worker that lost its lease stores nothing more (`FencedOut`), and sends only what it has just marked.
- The mark. `publishing` is committed before the call, under the item's row lock, where it meets a tap that would
  cancel: exactly one of the two comes first. A worker that takes over finds the mark, and looks before it sends.
- The clock. The lease is counted from before it was asked for, so the row's own ends later. A call leaves within
  SEND_WITHIN_SECONDS and takes CALL_SECONDS at most, which together are less than LEASE_SECONDS; the shell compares
  once more right before the request and tells `CameTooLate` instead of sending.

A call whose answer is lost is looked at SETTLE_SECONDS after its mark, when its effect can be seen: PUBLISHED is the
end, FINISHED sends the same container again, EXPIRED alone allows a new container, since it expires unpublished. What
looking cannot tell within DOUBT_SECONDS is in doubt, and people decide. Calls that publish nothing need no fence: a
container that no row names is harmless. The gap that remains is a freeze between the last look at the clock and the
request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from actors.domain.account import Container, ContainerState, DoubtHints
from actors.domain.publish_phase import RUNNING, Phase
from actors.operations.publishes import PublishRow
from actors.publish import texts
from actors.publish.effects import (
    CreateContainer,
    FindLink,
    LookAtContainer,
    PublishContainer,
    ReadHints,
    TakeLease,
    Wait,
)
from actors.publish.memory import PublishDecision, Saga, noted, store
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
from actors.runtime.backoff import Backoff

CALL_SECONDS = 30.0  # the longest that a publish call takes
LEASE_SECONDS = 75.0
SEND_WITHIN_SECONDS = LEASE_SECONDS - CALL_SECONDS - 5.0  # from asking for the lease to the call
RENEW_SECONDS = 25.0
SETTLE_SECONDS = 60.0  # of a publish call, after which its effect can be seen: the call, and 30 s
DOUBT_SECONDS = 150.0
PATIENCE_SECONDS = 300.0  # with a file that is fetched, and with an Instagram that cannot be reached
INHERITED_LOOKS = 4  # a container that cannot be read may be live: people said that it is not, and people err
RETRY = Backoff((1.0, 2.0, 3.0, 5.0))
ATTEMPTS = 3


def decide(saga: Saga, message: PublishMessage) -> PublishDecision:  # noqa: C901 - the table: one clause a message
    """Answer any message at any moment."""
    if isinstance(message, Begin):
        return (
            PublishDecision(replace(saga, again=True)) if saga.busy else PublishDecision(Saga(busy=True), TakeLease())
        )
    if isinstance(message, FencedOut):
        return _rest(saga)
    if isinstance(message, StepStored):
        given_up = saga.publish is not None and message.publish.phase is Phase.IN_DOUBT
        return _rest(saga) if given_up else _go_on(_learn(saga, message), message.at)
    publish = saga.publish
    if publish is None:
        return PublishDecision(saga)
    saga = noted(saga, message)
    match message:
        case Created(container_id):
            return store(saga, phase=Phase.CONTAINER, container_id=container_id)
        case Looked(container, at):
            return _looked(saga, publish, container, at)
        case WentLive(media_id):
            return store(replace(saga, media_id=media_id), phase=Phase.PUBLISHED, media_id=media_id)
        case CameTooLate():
            return store(saga, lost=True)
        case CallFailed():
            return _failed(saga, publish, message)
        case Hinted(hints):
            return _doubt(saga, hints)
        case Waited(at):
            return _go_on(saga, at)
        case _:
            assert_never(message)


def _rest(saga: Saga) -> PublishDecision:
    return PublishDecision(Saga(busy=True), TakeLease()) if saga.again else PublishDecision(Saga())


def _learn(saga: Saga, message: StepStored) -> Saga:
    before, publish = saga.publish, message.publish
    same = before is not None and (before.phase, before.attempt) == (publish.phase, publish.attempt)
    return replace(
        saga,
        publish=publish,
        since=message.at - publish.since_seconds,
        renewed=message.asked_at,
        looks=saga.looks if same else 0,
        calls=(),
    )


def _go_on(saga: Saga, at: float) -> PublishDecision:
    """Do what the phase asks for, unless the lease needs care or it is too early."""
    publish = saga.publish
    assert publish is not None, "a lease comes with its publish"
    if publish.phase is Phase.PUBLISHING and saga.marked == publish.attempt:
        return PublishDecision(replace(saga, marked=0), PublishContainer(publish, saga.renewed + SEND_WITHIN_SECONDS))
    if publish.phase in RUNNING and at - saga.renewed > RENEW_SECONDS:
        return store(saga)
    early = _not_before(saga, publish) - at
    if publish.phase in RUNNING and early > 0:
        return PublishDecision(saga, Wait(min(early, RENEW_SECONDS + 1.0)))
    match publish.phase:
        case Phase.CREATING:
            return _create(saga, publish)
        case Phase.CONTAINER | Phase.PUBLISHING | Phase.IN_DOUBT:
            return PublishDecision(saga, LookAtContainer(publish))
        case Phase.READY:
            attempt = publish.attempt + 1
            return store(replace(saga, marked=attempt), phase=Phase.PUBLISHING, attempt=attempt)
        case Phase.PUBLISHED if saga.media_id is not None:
            return PublishDecision(Saga(), FindLink(publish, saga.media_id))
        case Phase.PUBLISHED | Phase.REFUSED | Phase.CANCELLED:
            return _rest(saga)
        case _:
            assert_never(publish.phase)


def _not_before(saga: Saga, publish: PublishRow) -> float:
    """A publish call whose answer is not known is looked at once its effect can be seen."""
    settled = saga.since + SETTLE_SECONDS if publish.phase is Phase.PUBLISHING else 0.0
    return max(saga.not_before, settled)


def _create(saga: Saga, publish: PublishRow) -> PublishDecision:
    if publish.account is None:
        return _refuse(saga, texts.NOT_CONNECTED)
    if publish.token_gone:
        return _refuse(saga, texts.TOKEN_GONE)
    return PublishDecision(saga, CreateContainer(publish))


def _looked(saga: Saga, publish: PublishRow, container: Container, at: float) -> PublishDecision:
    if container.state is ContainerState.PUBLISHED:
        return store(saga, phase=Phase.PUBLISHED, sentence=texts.seen_live(saga.lost_to))
    match publish.phase:
        case Phase.PUBLISHING:
            return _looked_in_doubt(saga, publish, container.state, at)
        case Phase.IN_DOUBT:
            return _rest(saga)  # people decide
        case _:
            return _looked_while_fetching(saga, publish, container, at)


def _looked_while_fetching(saga: Saga, publish: PublishRow, container: Container, at: float) -> PublishDecision:
    match container.state:
        case ContainerState.FINISHED:
            return store(saga, phase=Phase.READY)
        case ContainerState.IN_PROGRESS:
            return _again(saga, at, texts.TOOK_TOO_LONG)
        case _ if publish.inherited:
            return _start_over(saga)
        case ContainerState.EXPIRED:
            return _refuse(saga, texts.CONTAINER_EXPIRED)
        case _:
            return _refuse(saga, container.sentence or texts.FILE_REFUSED)


def _looked_in_doubt(saga: Saga, publish: PublishRow, state: ContainerState, at: float) -> PublishDecision:
    match state:
        case ContainerState.FINISHED if publish.attempt < ATTEMPTS:
            attempt = publish.attempt + 1
            return store(replace(saga, marked=attempt), attempt=attempt)
        case ContainerState.EXPIRED:
            return _start_over(saga)  # it expires unpublished: the only proof that a new one doubles nothing
        case ContainerState.IN_PROGRESS:
            return _look_again(saga, publish, at)
        case _:
            return PublishDecision(saga, ReadHints(publish))


def _look_again(saga: Saga, publish: PublishRow, at: float) -> PublishDecision:
    if at - saga.since >= DOUBT_SECONDS:
        return PublishDecision(saga, ReadHints(publish))
    return _go_on(replace(saga, not_before=at + RETRY.steps[-1]), at)


def _failed(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    if publish.phase is Phase.IN_DOUBT:
        return _rest(saga)
    if failed.call is InstagramCall.PUBLISH:
        return _not_published(saga, publish, failed)
    if publish.phase is Phase.PUBLISHING:
        return _not_readable(saga, publish, failed)
    match failed.failure:
        case Failure.TOKEN_GONE:
            return _refuse(saga, failed.sentence or texts.TOKEN_GONE, token_gone=True)
        case Failure.REFUSED if publish.inherited and saga.looks < INHERITED_LOOKS - 1:
            return _again(saga, failed.at, failed.sentence)
        case Failure.REFUSED if publish.inherited:
            return _start_over(saga)
        case Failure.REFUSED:
            return _refuse(saga, failed.sentence)
        case Failure.UNREACHABLE | Failure.LOST:  # an unreferenced container is harmless
            return _again(saga, failed.at, texts.later(failed.sentence), failed.retry_after_seconds)
        case _:
            assert_never(failed.failure)


def _not_published(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    match failed.failure:
        case Failure.LOST:
            lost_to = texts.lost(failed.sentence, failed.answered)
            return store(replace(saga, lost_to=lost_to), lost=True)
        case Failure.REFUSED if publish.lost:
            return PublishDecision(
                saga, LookAtContainer(publish)
            )  # perhaps since the lost call had its effect meanwhile
        case Failure.UNREACHABLE if publish.lost:
            return _look_again(saga, publish, failed.at)  # "not ready" may mean that the lost call takes effect now
        case Failure.TOKEN_GONE if publish.lost:
            return _doubt_without_token(saga)
        case Failure.TOKEN_GONE:
            return _refuse(saga, failed.sentence or texts.TOKEN_GONE, token_gone=True)
        case Failure.REFUSED:
            return _refuse(saga, failed.sentence)
        case Failure.UNREACHABLE:
            return _rest_before_another_attempt(saga, publish, failed)
        case _:
            assert_never(failed.failure)


def _rest_before_another_attempt(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    """Nothing happened: it can be cancelled meanwhile."""
    pause = max(failed.retry_after_seconds or 0.0, RETRY.steps[-1])
    if publish.attempt < ATTEMPTS and pause <= PATIENCE_SECONDS:
        return store(replace(saga, not_before=failed.at + pause), phase=Phase.READY)
    return _refuse(saga, texts.later(failed.sentence))


def _not_readable(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    match failed.failure:
        case Failure.UNREACHABLE | Failure.LOST:
            return _look_again(saga, publish, failed.at)
        case Failure.TOKEN_GONE:
            return _doubt_without_token(saga)
        case Failure.REFUSED:
            return PublishDecision(saga, ReadHints(publish))
        case _:
            assert_never(failed.failure)


def _again(saga: Saga, at: float, sentence: str, asked_seconds: float | None = None) -> PublishDecision:
    pause = max(asked_seconds or 0.0, RETRY.after(saga.looks + 1))
    if at + pause - saga.since > PATIENCE_SECONDS:
        return _refuse(saga, sentence)
    return _go_on(replace(saga, looks=saga.looks + 1, not_before=at + pause), at)


def _start_over(saga: Saga) -> PublishDecision:
    return store(saga, phase=Phase.CREATING, container_id=None, attempt=0, lost=False)


def _refuse(saga: Saga, sentence: str, *, token_gone: bool = False) -> PublishDecision:
    sentence = texts.refused(sentence)
    once_connected = texts.once_connected(sentence, token_gone=token_gone)
    return store(saga, phase=Phase.REFUSED, sentence=sentence, token_gone=token_gone, once_connected=once_connected)


def _doubt(saga: Saga, hints: DoubtHints | None) -> PublishDecision:
    if hints is None:
        return _doubt_without_token(saga)
    return store(saga, phase=Phase.IN_DOUBT, sentence=texts.in_doubt(hints, saga.lost_to))


def _doubt_without_token(saga: Saga) -> PublishDecision:
    sentence, later = texts.token_in_doubt(saga.lost_to), texts.plainly_in_doubt(saga.lost_to)
    return store(saga, phase=Phase.IN_DOUBT, sentence=sentence, token_gone=True, once_connected=later)
