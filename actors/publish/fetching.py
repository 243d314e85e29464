"""What becomes of a publish while Instagram has its container made, fetches the file and prepares it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from actors.domain.account import Container, ContainerState
from actors.domain.publish_phase import Phase
from actors.operations.publishes import PublishRow
from actors.publish import texts
from actors.publish.going_on import go_on
from actors.publish.memory import PublishDecision, Saga, refuse, start_over, still_in_doubt, store
from actors.publish.messages import CallFailed, Failure, InstagramCall
from actors.publish.times import (
    CONTAINERS,
    CREATE_PAUSES,
    LOOK_PAUSES,
    PATIENCE_SECONDS,
    UNREADABLE_SECONDS,
)


def looked(saga: Saga, publish: PublishRow, container: Container, at: float) -> PublishDecision:
    """Read the container of a story that is to be published, or that people say is not live."""
    match container.state:
        case ContainerState.FINISHED:
            return store(saga, phase=Phase.READY)
        case ContainerState.IN_PROGRESS:
            return _look_again(saga, at, texts.TOOK_TOO_LONG)
        case _ if publish.inherited:
            return start_over(saga)  # people said so, and the container says that it never went live
        case ContainerState.EXPIRED:
            return refuse(saga, texts.CONTAINER_EXPIRED)
        case _ if container.passes and publish.containers < CONTAINERS:
            return start_over(saga)
        case _ if container.passes:
            return refuse(saga, texts.UNPREPARED)
        case _:
            return refuse(saga, container.sentence or texts.FILE_REFUSED)


def failed(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    """A container could not be made, or not be read."""
    match failed.failure:
        case Failure.TOKEN_GONE:
            return refuse(saga, failed.sentence or texts.TOKEN_GONE, token_gone=True)
        case Failure.REFUSED | Failure.REFUSED_PERHAPS if failed.call is InstagramCall.LOOK:
            return _unreadable(saga, publish, failed)
        case Failure.REFUSED | Failure.REFUSED_PERHAPS:
            return refuse(saga, failed.sentence)
        case Failure.UNREACHABLE | Failure.LOST if failed.call is InstagramCall.LOOK:
            return _look_again(saga, failed.at, texts.later(failed.sentence), failed.retry_after_seconds)
        case Failure.UNREACHABLE | Failure.LOST:  # a container that no row names is harmless
            return _create_again(saga, failed)
        case _:
            assert_never(failed.failure)


def _unreadable(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    """That it cannot be read says nothing of it: one that was never sent is published unread, else people decide."""
    if failed.at - saga.since < UNREADABLE_SECONDS:
        return _look_again(saga, failed.at, failed.sentence)
    return still_in_doubt(saga, texts.UNSEEN) if publish.inherited else store(saga, phase=Phase.READY)


def _look_again(saga: Saga, at: float, sentence: str, asked_seconds: float | None = None) -> PublishDecision:
    seconds = max(asked_seconds or 0.0, LOOK_PAUSES.after(saga.looks + 1))
    if at + seconds - saga.since > PATIENCE_SECONDS:
        return refuse(saga, sentence, wait_seconds=_long(asked_seconds))
    return go_on(replace(saga, looks=saga.looks + 1, not_before=at + seconds), at)


def _create_again(saga: Saga, failed: CallFailed) -> PublishDecision:
    """Try again under another link, ever more seldom, and have the card say what is waited for."""
    seconds = max(failed.retry_after_seconds or 0.0, CREATE_PAUSES.after(saga.looks + 1))
    waited = failed.at - saga.since
    if waited + seconds > PATIENCE_SECONDS:
        return refuse(saga, texts.later(failed.sentence), wait_seconds=_long(failed.retry_after_seconds))
    told, saga = saga.told, replace(saga, looks=saga.looks + 1, not_before=failed.at + seconds, told=failed.sentence)
    if told == failed.sentence or not failed.sentence:
        return go_on(saga, failed.at)
    return store(saga, sentence=failed.sentence, wait_seconds=PATIENCE_SECONDS - waited)


def _long(asked_seconds: float | None) -> float | None:
    """A pause that Instagram asks for and that we do not make: people are told until when."""
    return asked_seconds if asked_seconds is not None and asked_seconds > CREATE_PAUSES.steps[-1] else None
