"""The shell of a publishing saga: receive, decide, perform one thing; its end comes back as a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar, assert_never

import anyio
import structlog

from actors.audit.lines import LoggedTaps, write_item_line
from actors.bounds import PUBLISH_CALL_SECONDS, READ_CALL_SECONDS
from actors.database.asking import ask_until_answered, terms_for
from actors.database.request import Store
from actors.domain.account import Account, ContainerState, DoubtHints
from actors.domain.item import Item
from actors.domain.messages import Changed
from actors.domain.publish_phase import Phase
from actors.errors import AnswerLost, DoubtfulRefusal, MailboxClosed, PortError, Refused, TokenGone, Unreachable
from actors.operations.operation import Operation
from actors.operations.publishes import PublishRow, SavePermalink, StepPublish, StepResult, TakePublish
from actors.peers import Items
from actors.ports import Instagram
from actors.publish import effects
from actors.publish.decide import decide
from actors.publish.memory import Saga
from actors.publish.messages import (
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
from actors.publish.registry import Ended, SagaKey, SagaMessage
from actors.publish.texts import SILENT
from actors.runtime.actor import Context

log = structlog.get_logger()

T = TypeVar("T")

ENDS = frozenset({Phase.PUBLISHED, Phase.REFUSED, Phase.IN_DOUBT})
ASK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class PublishDependencies:
    """All that a saga reaches; `owner` is new at each call, `pause` answers True when it was cut short: we stop."""

    worker: str
    store: Store
    instagram: Instagram
    items: Items
    left_behind: Callable[[], None]
    owner: Callable[[], str]
    pause: Callable[[float], Awaitable[bool]]
    logged_taps: LoggedTaps


class SagaActor:
    """One publish under way."""

    def __init__(self, dependencies: PublishDependencies, context: Context[SagaKey, SagaMessage]) -> None:
        self._dependencies = dependencies
        self._context = context
        self._saga = Saga()
        self._trouble: str | None = None

    @property
    def idle(self) -> bool:
        """Nothing is under way."""
        return not self._saga.busy

    def receive(self, message: SagaMessage) -> None:
        """Decide, then start what was decided."""
        if isinstance(message, Ended) and message.saga is not self:
            return
        decision = decide(self._saga, message.outcome if isinstance(message, Ended) else message)
        self._saga = decision.saga
        if decision.effect is not None:
            self._context.spawn(partial(self._perform, decision.effect), message)

    async def _perform(self, effect: effects.PublishEffect) -> None:
        outcome = await self._outcome(effect)
        if isinstance(effect, effects.CreateContainer | effects.LookAtContainer | effects.PublishContainer):
            self._tell_trouble(effect.publish, outcome)
        if outcome is not None:
            await self._context.tell(Ended(self, outcome))

    def _tell_trouble(self, publish: PublishRow, outcome: PublishMessage | None) -> None:
        """Log what Instagram said, or that it said nothing; the same in a row is said once."""
        trouble, before = _trouble(outcome), self._trouble
        self._trouble = None if trouble is None else str(trouble | {"trace_id": None})
        if trouble is not None and self._trouble != before:
            log.warning("publish.step", **_about(publish), **trouble)

    async def _outcome(self, effect: effects.PublishEffect) -> PublishMessage | None:
        """Perform it; None: its end has no message, or we stop."""
        match effect:
            case effects.TakeLease():
                chat_key, item_id = self._context.key
                return await self._store(TakePublish(chat_key, item_id, self._dependencies.owner()))
            case effects.StoreStep(publish, move):
                return await self._store(StepPublish(publish, move, self._dependencies.worker))
            case effects.CreateContainer():
                return await self._create(effect)
            case effects.LookAtContainer(publish):
                return await self._look(publish)
            case effects.PublishContainer(publish, deadline):
                return await self._send(publish, deadline)
            case effects.ReadHints(publish):
                return await self._read_hints(publish)
            case effects.FindLink(publish, media_id):
                await self._find_link(publish, media_id)
                return None
            case effects.Wait(seconds):
                return None if await self._dependencies.pause(seconds) else Waited(anyio.current_time())
            case _:
                assert_never(effect)

    async def _store(self, operation: TakePublish | StepPublish) -> PublishMessage | None:
        asked_at = anyio.current_time()
        stepped: StepResult | None = await self._ask(operation)
        if stepped is None:
            return None
        if isinstance(operation, StepPublish):
            _log(operation, stepped)
        if stepped.row is not None:
            if isinstance(operation, StepPublish) and operation.move.phase in ENDS and stepped.publish is not None:
                change = operation.move.phase.value
                if self._dependencies.logged_taps.is_new(stepped.row, change):
                    write_item_line(stepped.row, change, operation.move.sentence or "Instagram said so")
            await self._tell_item(stepped.row)
        if isinstance(operation, StepPublish) and operation.move.token_gone:
            self._dependencies.left_behind()  # the chat's other cards may call this account ready
        if stepped.publish is not None:
            return StepStored(stepped.publish, asked_at, anyio.current_time())
        if stepped.held:
            self._dependencies.left_behind()
        return FencedOut()

    async def _ask(self, operation: Operation[T]) -> T | None:
        """Ask until answered; None: we stop first."""
        dependencies, terms = self._dependencies, partial(terms_for, ASK_SECONDS)
        reply = await ask_until_answered(dependencies.store, operation, terms, dependencies.pause)
        return None if reply is None else reply.value

    async def _tell_item(self, row: Item) -> None:
        cause = row.state.value if row.phase is None else row.phase.value
        try:
            await self._dependencies.items.tell((row.chat_id, row.id), Changed(row, cause))
        except MailboxClosed:
            log.info("publish.card_left", chat_id=row.chat_id, item_id=row.id)

    async def _create(self, asked: effects.CreateContainer) -> PublishMessage:
        create, publish = self._dependencies.instagram.create_container, asked.publish
        make = partial(create, _account(publish), publish.story, asked.link_name)
        made = await _called(InstagramCall.CREATE, READ_CALL_SECONDS, make)
        return made if isinstance(made, CallFailed) else Created(made, anyio.current_time())

    async def _look(self, publish: PublishRow) -> PublishMessage:
        look = partial(self._dependencies.instagram.container, _account(publish), _container(publish))
        seen = await _called(InstagramCall.LOOK, READ_CALL_SECONDS, look)
        return seen if isinstance(seen, CallFailed) else Looked(seen, anyio.current_time())

    async def _send(self, publish: PublishRow, deadline: float) -> PublishMessage:
        """Between this look at the clock and the request there is nothing of ours that could wait for long."""
        if anyio.current_time() > deadline:
            return CameTooLate(anyio.current_time())
        send = partial(self._dependencies.instagram.publish, _account(publish), _container(publish))
        sent = await _called(InstagramCall.PUBLISH, PUBLISH_CALL_SECONDS, send)
        if anyio.current_time() > deadline + PUBLISH_CALL_SECONDS + 1.0:
            log.error("publish.outlived_its_lease", chat_id=publish.chat_id, item_id=publish.item_id)
        return sent if isinstance(sent, CallFailed) else WentLive(sent, anyio.current_time())

    async def _read_hints(self, publish: PublishRow) -> PublishMessage:
        assert publish.publishing_at is not None, "only what was published can be in doubt"
        hints: DoubtHints | None = DoubtHints()
        try:
            with anyio.move_on_after(READ_CALL_SECONDS):
                hints = await self._dependencies.instagram.hints(_account(publish), publish.publishing_at)
        except TokenGone:
            hints = None
        except PortError:
            log.info("publish.no_hints", chat_id=publish.chat_id, item_id=publish.item_id)
        return Hinted(hints, anyio.current_time())

    async def _find_link(self, publish: PublishRow, media_id: str) -> None:
        try:
            with anyio.fail_after(READ_CALL_SECONDS):
                link = await self._dependencies.instagram.permalink(_account(publish), media_id)
        except (PortError, TimeoutError):
            return
        if link is None:
            return
        worker = self._dependencies.worker
        row = await self._ask(SavePermalink(publish.chat_key, publish.item_id, publish.version, link, worker))
        if row is not None:
            await self._tell_item(row)


async def _called(call: InstagramCall, seconds: float, make: Callable[[], Awaitable[T]]) -> T | CallFailed:
    """Call Instagram; what is known of a failure becomes a message."""
    try:
        with anyio.fail_after(seconds):
            return await make()
    except PortError as error:
        again = error.retry_after_seconds if isinstance(error, Unreachable | AnswerLost) else None
        return CallFailed(call, _failure(error), anyio.current_time(), _sentence(error), again, error.answered)
    except TimeoutError:
        return CallFailed(call, Failure.LOST, anyio.current_time(), SILENT)


def _failure(error: PortError) -> Failure:
    match error:
        case TokenGone():
            return Failure.TOKEN_GONE
        case Refused():
            return Failure.REFUSED
        case Unreachable():
            return Failure.UNREACHABLE
        case DoubtfulRefusal():
            return Failure.REFUSED_PERHAPS
        case _:
            return Failure.LOST


def _sentence(error: PortError) -> str:
    """The port promises a sentence for the team; no address is one."""
    return "" if "://" in str(error) else str(error)


def _account(publish: PublishRow) -> Account:
    assert publish.account is not None, "a publish without an account is refused before any call"
    return publish.account


def _container(publish: PublishRow) -> str:
    assert publish.container_id is not None, "the database lets no publish come so far without one"
    return publish.container_id


def _trouble(outcome: PublishMessage | None) -> dict[str, Any] | None:
    """What a call came to, if it is worth a warning."""
    match outcome:
        case CallFailed(call, failure, answered=answered):
            facts = {"call": call.value, "outcome": failure.value, "reason": outcome.sentence}
            if answered is None:
                return facts
            said = {name: value for name, value in asdict(answered).items() if name not in {"status", "usage"}}
            return facts | {"http_status": answered.status, "usage": dict(answered.usage)} | said
        case Looked(container) if container.state in {ContainerState.ERROR, ContainerState.EXPIRED}:
            seen = {"call": InstagramCall.LOOK.value, "outcome": container.state.value}
            return seen | {"reason": container.sentence, "words": container.words}
        case _:
            return None


def _about(publish: PublishRow) -> dict[str, Any]:
    return {
        "chat_id": publish.chat_id,
        "item_id": publish.item_id,
        "version": publish.version,
        "state": publish.phase.value,
        "attempt": publish.attempt,
        "container_id": publish.container_id,
    }


def _log(operation: StepPublish, stepped: StepResult) -> None:
    move = operation.move
    now = {"state": move.phase.value, "attempt": move.attempt, "container_id": move.container_id}
    outcome = "stored" if stepped.publish is not None else "fenced out"
    facts = _about(operation.publish) | now
    log.info("publish.step", **facts, calls=list(move.calls), sentence=move.sentence, outcome=outcome)
