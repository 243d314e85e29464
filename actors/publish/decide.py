"""decide(saga, message): how a publish goes on. Pure and total; one effect at a time, each step committed before it.

Instagram has no idempotency key: a publish call that is made twice may publish twice. So each publish call is behind a
fence, of which the row has the first two parts (`infra/postgres/schema/publishes.sql`):

- The lease. `owner` is new at each taking, `token` grows with each change of owner, `seq` with each step. A step is
  stored only under the owner and token that it names, and after the step that it names; asked again it finds itself
  done. A worker that lost its lease stores nothing more (`FencedOut`), and sends only what it has just marked.
- The mark. `publishing` is committed before the call, under the item's row lock, where it meets a tap that would
  cancel: exactly one of the two comes first. A worker that takes over finds the mark, and looks before it sends.
- The clock. The lease is counted from before it was asked for, so the row's own ends later. A call leaves within
  SEND_WITHIN_SECONDS and takes PUBLISH_CALL_SECONDS at most, together less than PUBLISH_LEASE_SECONDS; the shell
  compares once more right before the request and tells `CameTooLate` instead of sending.

A call whose answer is lost is looked at SETTLE_SECONDS after its mark, when its effect can be seen: PUBLISHED is the
end, FINISHED sends the same container again, unless it was refused in plain words: then they are told. EXPIRED alone
allows a new container, since it expires unpublished. What looking cannot tell within PUBLISH_DOUBT_SECONDS is in doubt,
and people decide. Their word that nothing is live allows a new container only once the one in doubt was read as EXPIRED
or ERROR: that it cannot be read (100/33) proves nothing. Calls that publish nothing need no fence: a container that no
row names is harmless. The gap that remains is a freeze between the last look at the clock and the request.

Here is the table; doubts.py has what follows a publish call, fetching.py what precedes it, going_on.py the next thing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from actors.domain.account import Container, ContainerState
from actors.domain.publish_phase import Phase
from actors.operations.publishes import PublishRow
from actors.publish import doubts, fetching, texts
from actors.publish.effects import TakeLease
from actors.publish.going_on import go_on, learn, rest
from actors.publish.memory import PublishDecision, Saga, noted, store
from actors.publish.messages import (
    Begin,
    CallFailed,
    CameTooLate,
    Created,
    FencedOut,
    Hinted,
    InstagramCall,
    Looked,
    PublishMessage,
    StepStored,
    Waited,
    WentLive,
)


def decide(saga: Saga, message: PublishMessage) -> PublishDecision:  # noqa: C901 - the table: one clause a message
    """Answer any message at any moment."""
    if isinstance(message, Begin):
        return (
            PublishDecision(replace(saga, again=True)) if saga.busy else PublishDecision(Saga(busy=True), TakeLease())
        )
    if isinstance(message, FencedOut):
        return rest(saga)
    if isinstance(message, StepStored):
        given_up = saga.publish is not None and message.publish.phase is Phase.IN_DOUBT
        return rest(saga) if given_up else go_on(learn(saga, message), message.at)
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
            return store(saga, lost=True, losses=publish.losses + 1)
        case CallFailed():
            return _failed(saga, publish, message)
        case Hinted(hints):
            return doubts.hinted(saga, hints)
        case Waited(at):
            return go_on(saga, at)
        case _:
            assert_never(message)


def _looked(saga: Saga, publish: PublishRow, container: Container, at: float) -> PublishDecision:
    if container.state is ContainerState.PUBLISHED:
        return store(saga, phase=Phase.PUBLISHED, sentence=texts.seen_live(saga.lost_to))
    match publish.phase:
        case Phase.PUBLISHING:
            return doubts.looked(saga, publish, container.state, at)
        case Phase.IN_DOUBT:
            return rest(saga)  # people decide
        case _:
            return fetching.looked(saga, publish, container, at)


def _failed(saga: Saga, publish: PublishRow, failed: CallFailed) -> PublishDecision:
    if publish.phase is Phase.IN_DOUBT:
        return rest(saga)
    if failed.call is InstagramCall.PUBLISH:
        return doubts.not_published(saga, publish, failed)
    if publish.phase is Phase.PUBLISHING:
        return doubts.not_readable(saga, publish, failed)
    return fetching.failed(saga, publish, failed)
