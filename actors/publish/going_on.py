"""What a publish does next, once a step is committed or a pause is over. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from actors.bounds import PUBLISH_RENEW_SECONDS, SEND_WITHIN_SECONDS, SETTLE_SECONDS
from actors.domain.publish_phase import RUNNING, Phase
from actors.operations.publishes import PublishRow
from actors.publish import texts
from actors.publish.effects import CreateContainer, FindLink, LookAtContainer, PublishContainer, TakeLease, Wait
from actors.publish.memory import PublishDecision, Saga, refuse, store
from actors.publish.messages import StepStored


def rest(saga: Saga) -> PublishDecision:
    """There is nothing to do, unless it was told to go on meanwhile."""
    return PublishDecision(Saga(busy=True), TakeLease()) if saga.again else PublishDecision(Saga())


def learn(saga: Saga, message: StepStored) -> Saga:
    """Take in what was committed."""
    before, publish = saga.publish, message.publish
    same = before is not None and (before.phase, before.attempt) == (publish.phase, publish.attempt)
    return replace(
        saga,
        publish=publish,
        since=message.at - publish.since_seconds,
        first_call=message.at - publish.first_call_seconds,
        renewed=message.asked_at,
        looks=saga.looks if same else 0,
        told=saga.told if same else None,
        calls=(),
        answers=(),
    )


def go_on(saga: Saga, at: float) -> PublishDecision:
    """Do what the phase asks for, unless the lease needs care or it is too early."""
    publish = saga.publish
    assert publish is not None, "a lease comes with its publish"
    if publish.phase is Phase.PUBLISHING and saga.marked == publish.attempt:
        return PublishDecision(replace(saga, marked=0), PublishContainer(publish, saga.renewed + SEND_WITHIN_SECONDS))
    if publish.phase in RUNNING and at - saga.renewed > PUBLISH_RENEW_SECONDS:
        return store(saga)
    early = _not_before(saga, publish) - at
    if publish.phase in RUNNING and early > 0:
        return PublishDecision(saga, Wait(min(early, PUBLISH_RENEW_SECONDS + 1.0)))
    match publish.phase:
        case Phase.CREATING:
            return _create(saga, publish)
        case Phase.CONTAINER | Phase.PUBLISHING | Phase.IN_DOUBT:
            return PublishDecision(saga, LookAtContainer(publish))
        case Phase.READY:
            return mark(saga, publish)
        case Phase.PUBLISHED if saga.media_id is not None:
            return PublishDecision(Saga(), FindLink(publish, saga.media_id))
        case Phase.PUBLISHED | Phase.REFUSED | Phase.CANCELLED:
            return rest(saga)
        case _:
            assert_never(publish.phase)


def mark(saga: Saga, publish: PublishRow) -> PublishDecision:
    """Commit that the publish call is made, before it is."""
    attempt = publish.attempt + 1
    return store(replace(saga, marked=attempt), phase=Phase.PUBLISHING, attempt=attempt)


def _not_before(saga: Saga, publish: PublishRow) -> float:
    """A publish call whose answer is not known is looked at once its effect can be seen."""
    settled = saga.since + SETTLE_SECONDS if publish.phase is Phase.PUBLISHING else 0.0
    return max(saga.not_before, settled)


def _create(saga: Saga, publish: PublishRow) -> PublishDecision:
    if publish.account is None:
        return refuse(saga, texts.NOT_CONNECTED)
    if publish.token_gone:
        return refuse(saga, texts.TOKEN_GONE)
    number = saga.creations + 1
    return PublishDecision(replace(saga, creations=number), CreateContainer(publish, number))
