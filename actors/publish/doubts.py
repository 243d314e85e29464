"""What follows a publish call that did not simply succeed: another one, a refusal, or a doubt for people. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from actors.bounds import PUBLISH_DOUBT_SECONDS
from actors.domain.account import ContainerState, DoubtHints
from actors.domain.publish_phase import Phase
from actors.operations.publishes import PublishRow
from actors.publish import texts
from actors.publish.effects import LookAtContainer, ReadHints
from actors.publish.going_on import go_on
from actors.publish.memory import PublishDecision, Saga, refuse, start_over, store
from actors.publish.messages import CallFailed, Failure
from actors.publish.times import LOOK_PAUSES, LOSSES, READY_PAUSES


def looked(saga: Saga, publish: PublishRow, state: ContainerState, at: float) -> PublishDecision:
    """Read the container after a publish call of unknown end; it is not PUBLISHED."""
    match state:
        case ContainerState.FINISHED if publish.refusal is not None:
            return refuse(saga, texts.named(publish.refusal, seen=True), wait_seconds=_asked(saga, at))
        case ContainerState.FINISHED if saga.retry_at - at > PUBLISH_DOUBT_SECONDS:
            return refuse(saga, texts.later(saga.lost_to or ""), wait_seconds=_asked(saga, at))
        case ContainerState.FINISHED if saga.retry_at > at:
            return go_on(replace(saga, not_before=saga.retry_at), at)
        case ContainerState.FINISHED if publish.losses < LOSSES:
            attempt = publish.attempt + 1
            return store(replace(saga, marked=attempt), attempt=attempt)
        case ContainerState.EXPIRED:
            return start_over(saga)  # it expires unpublished: the only proof that a new one doubles nothing
        case ContainerState.IN_PROGRESS:
            return _look_again(saga, publish, at)
        case _:
            return PublishDecision(saga, ReadHints(publish))


def not_published(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    """The publish call failed."""
    match failed.failure:
        case Failure.LOST | Failure.REFUSED_PERHAPS:
            return _lost(saga, publish, failed)
        case Failure.REFUSED if publish.lost:
            return PublishDecision(
                saga, LookAtContainer(publish)
            )  # perhaps since the lost call had its effect meanwhile
        case Failure.UNREACHABLE if publish.lost:
            return _look_again(saga, publish, failed.at)  # "not ready" may mean that the lost call takes effect now
        case Failure.TOKEN_GONE if publish.lost:
            return _without_token(saga)
        case Failure.TOKEN_GONE:
            return refuse(saga, failed.sentence or texts.TOKEN_GONE, token_gone=True)
        case Failure.REFUSED:
            return refuse(saga, failed.sentence)
        case Failure.UNREACHABLE:
            return _rest_before_another_attempt(saga, publish, failed)
        case _:
            assert_never(failed.failure)


def not_readable(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    """The container could not be read after a publish call of unknown end: that it is not found proves nothing."""
    match failed.failure:
        case Failure.UNREACHABLE | Failure.LOST | Failure.REFUSED | Failure.REFUSED_PERHAPS:
            return _look_again(saga, publish, failed.at)
        case Failure.TOKEN_GONE:
            return _without_token(saga)
        case _:
            assert_never(failed.failure)


def hinted(saga: Saga, hints: DoubtHints | None) -> PublishDecision:
    """Leave it to people, with what is known beside the question."""
    if hints is None:
        return _without_token(saga)
    return store(saga, phase=Phase.IN_DOUBT, sentence=texts.in_doubt(hints, _lost_to(saga)))


def _lost(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    lost_to = texts.lost(failed.sentence, failed.answered)
    saga = replace(saga, lost_to=lost_to, retry_at=failed.at + (failed.retry_after_seconds or 0.0))
    refusal = failed.sentence if failed.failure is Failure.REFUSED_PERHAPS else publish.refusal
    told = lost_to if refusal is None else texts.named(refusal, seen=False)
    left = PUBLISH_DOUBT_SECONDS - (failed.at - saga.since)
    return store(saga, lost=True, losses=publish.losses + 1, refusal=refusal, sentence=told, wait_seconds=left)


def _rest_before_another_attempt(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    """Nothing happened: it can be cancelled meanwhile, and the same container is sent again."""
    seconds = max(failed.retry_after_seconds or 0.0, READY_PAUSES.after(publish.attempt))
    waited = failed.at - saga.first_call
    if waited + seconds <= PUBLISH_DOUBT_SECONDS:
        saga, left = replace(saga, not_before=failed.at + seconds), PUBLISH_DOUBT_SECONDS - waited
        return store(saga, phase=Phase.READY, sentence=failed.sentence or texts.UNTOLD, wait_seconds=left)
    wait_seconds = failed.retry_after_seconds if (failed.retry_after_seconds or 0.0) > PUBLISH_DOUBT_SECONDS else None
    return refuse(saga, texts.later(failed.sentence), wait_seconds=wait_seconds)


def _look_again(saga: Saga, publish: PublishRow, at: float) -> PublishDecision:
    if at - saga.since >= PUBLISH_DOUBT_SECONDS:
        return PublishDecision(saga, ReadHints(publish))
    return go_on(replace(saga, not_before=at + LOOK_PAUSES.steps[-1]), at)


def _without_token(saga: Saga) -> PublishDecision:
    sentence, later = texts.token_in_doubt(_lost_to(saga)), texts.plainly_in_doubt(_lost_to(saga))
    return store(saga, phase=Phase.IN_DOUBT, sentence=sentence, token_gone=True, once_connected=later)


def _lost_to(saga: Saga) -> str | None:
    """How the answer was lost, also if an earlier worker lost it to a refusal."""
    refusal = None if saga.publish is None else saga.publish.refusal
    return saga.lost_to or (None if refusal is None else texts.named(refusal, seen=False))


def _asked(saga: Saga, at: float) -> float | None:
    return saga.retry_at - at if saga.retry_at > at else None
