"""What the actor of one publish remembers, and how that becomes a step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from actors.operations.publishes import PhaseChange, PublishRow
from actors.publish.effects import PublishEffect, StoreStep
from actors.publish.messages import CallFailed, CameTooLate, Created, InstagramCall, Looked, PublishMessage, WentLive

CALLS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Saga:
    """What the actor of one publish remembers; the row is the truth.

    `since` (when the phase began), `renewed` (when the lease was last asked for) and `not_before` are on the loop's
    clock. `marked`: the attempt that is committed and not sent yet. `again`: told to go on while at work. `lost_to`:
    how the answer of the publish call was lost, as a sentence, unless an earlier worker lost it.
    """

    busy: bool = False
    again: bool = False
    publish: PublishRow | None = None
    since: float = 0.0
    renewed: float = 0.0
    not_before: float = 0.0
    looks: int = 0
    marked: int = 0
    media_id: str | None = None
    calls: tuple[str, ...] = ()
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
    stays = PhaseChange(publish.phase, publish.container_id, publish.attempt, publish.lost, calls=saga.calls)
    return PublishDecision(saga, StoreStep(publish, replace(stays, **changes)))  # type: ignore[arg-type]


def noted(saga: Saga, message: PublishMessage) -> Saga:
    """Keep what a call came to, once for any number of times in a row."""
    said = _said(message)
    if said is None or saga.calls[-1:] == (said,):
        return saga
    return replace(saga, calls=(*saga.calls, said)[-CALLS_KEPT:])


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
