"""What the actor of one publish remembers, and how that becomes a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from actors.domain.account import ContainerState
from actors.domain.publish_phase import Phase
from actors.errors import Answered
from actors.operations.publishes import PhaseChange, PublishRow
from actors.publish import texts
from actors.publish.effects import PublishEffect, StoreStep
from actors.publish.messages import CallFailed, CameTooLate, Created, InstagramCall, Looked, PublishMessage, WentLive

CALLS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Saga:
    """What the actor of one publish remembers; the row is the truth.

    `since` (when the phase began), `renewed` (when the lease was last asked for), `not_before`, `first_call` (of this
    container, to publish) and `retry_at` (Instagram wants no other call before) are on the loop's clock. `marked`: the
    attempt that is committed and not sent yet. `again`: told to go on while at work. `creations`: how often a container
    was asked for. `told`: what the card says of the wait. `lost_to`: how the answer of the publish call was lost, as a
    sentence, unless an earlier worker lost it.
    """

    busy: bool = False
    again: bool = False
    publish: PublishRow | None = None
    since: float = 0.0
    renewed: float = 0.0
    not_before: float = 0.0
    first_call: float = 0.0
    retry_at: float = 0.0
    looks: int = 0
    creations: int = 0
    marked: int = 0
    media_id: str | None = None
    calls: tuple[str, ...] = ()
    answers: tuple[Mapping[str, Any], ...] = ()
    told: str | None = None
    lost_to: str | None = None


@dataclass(frozen=True, slots=True)
class PublishDecision:
    """What the saga becomes, and the one thing to do about it; None: it rests."""

    saga: Saga
    effect: PublishEffect | None = None


def store(saga: Saga, **changes: object) -> PublishDecision:
    """Commit a step; what is not named stays as it is."""
    publish = saga.publish
    assert publish is not None, "only what was taken can be moved"
    stays = PhaseChange(
        publish.phase,
        publish.container_id,
        publish.attempt,
        publish.lost,
        calls=saga.calls,
        losses=publish.losses,
        refusal=publish.refusal,
        answers=saga.answers,
    )
    return PublishDecision(saga, StoreStep(publish, replace(stays, **changes)))  # type: ignore[arg-type]


def refuse(
    saga: Saga, sentence: str, *, token_gone: bool = False, wait_seconds: float | None = None
) -> PublishDecision:
    """Give it back to people; what may be live all the same stays with those who said that it is not."""
    publish = saga.publish
    assert publish is not None, "only what was taken can be refused"
    if publish.inherited and publish.phase is Phase.CONTAINER:
        return still_in_doubt(saga, sentence, token_gone=token_gone)
    sentence = texts.refused(sentence)
    return store(
        saga,
        phase=Phase.REFUSED,
        sentence=sentence,
        token_gone=token_gone,
        once_connected=texts.once_connected(sentence, token_gone=token_gone),
        wait_seconds=wait_seconds,
    )


def still_in_doubt(saga: Saga, why: str, *, token_gone: bool = False) -> PublishDecision:
    """What became of the container could not be seen, so none may take its place: say what people can do."""
    later = texts.still_in_doubt(texts.UNSEEN) if token_gone else None
    sentence = texts.still_in_doubt(why)
    return store(saga, phase=Phase.IN_DOUBT, sentence=sentence, token_gone=token_gone, once_connected=later)


def start_over(saga: Saga) -> PublishDecision:
    """Have another container made: this one expired, or failed, and was read as that."""
    return store(
        replace(saga, lost_to=None),
        phase=Phase.CREATING,
        container_id=None,
        attempt=0,
        lost=False,
        losses=0,
        refusal=None,
    )


def noted(saga: Saga, message: PublishMessage) -> Saga:
    """Keep what a call came to, once for any number of times in a row, and each answer with its trace."""
    said, answer = _said(message), _answer(message)
    if answer is not None:
        saga = replace(saga, answers=(*saga.answers, answer)[-CALLS_KEPT:])
    if said is None or saga.calls[-1:] == (said,):
        return saga
    return replace(saga, calls=(*saga.calls, said)[-CALLS_KEPT:])


def _answer(message: PublishMessage) -> Mapping[str, Any] | None:
    """What Instagram said to a call that failed, as the item's history keeps it."""
    match message:
        case CallFailed(call, failure, answered=Answered() as answered):
            facts = {name: value for name, value in asdict(answered).items() if value not in (None, ())}
            usage = {"usage": dict(answered.usage)} if answered.usage else {}
            return {"call": call.value, "outcome": failure.value} | facts | usage
        case Looked(container) if container.words is not None and container.state is ContainerState.ERROR:
            return {"call": InstagramCall.LOOK.value, "outcome": container.state.value, "words": container.words}
        case _:
            return None


def _said(message: PublishMessage) -> str | None:
    match message:
        case Created(container_id):
            return f"{InstagramCall.CREATE.value}: {container_id}"
        case Looked(container):
            return f"{InstagramCall.LOOK.value}: {container.state.value}"
        case WentLive(media_id):
            return f"{InstagramCall.PUBLISH.value}: {media_id}"
        case CameTooLate():
            return f"{InstagramCall.PUBLISH.value}: not sent, the lease is too old"
        case CallFailed(call, failure):
            return f"{call.value}: {failure.value}" + (f" ({message.reason})" if message.reason else "")
        case _:
            return None
