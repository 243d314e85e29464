"""A sea of trouble for publishes: workers between a shared database and Instagram, interfered with at any point.

A point is one side of one request: before it takes effect, or after, when only its answer is on the way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

import anyio
from anyio.abc import TaskGroup
from structlog.testing import capture_logs

from actors.audit.lines import LoggedTaps
from actors.database.request import Cause, NotStored, Reply, RequestTerms
from actors.domain.account import Account, Container, DoubtHints, FreshToken, Quota, StoryInsights
from actors.domain.item import Action, Item, Person, Story
from actors.domain.messages import Changed, Message, Resume, TapOutcome
from actors.domain.publish_phase import RUNNING, Phase
from actors.domain.taps import Tap
from actors.errors import AnswerLost, MailboxClosed, Refused
from actors.operations.cards import AcknowledgeCards, SaveCard, Shown
from actors.operations.operation import Operation
from actors.operations.publishes import StepPublish, TakePublish
from actors.operations.schedule import ClaimDue
from actors.operations.taps import LoadItem, RecordTap
from actors.peers import ItemKey
from actors.ports import Instagram
from actors.publish.actor import PublishDependencies, SagaActor
from actors.publish.registry import PublishRegistry
from actors.runtime.child import ChildContext
from actors.schedule.reconciler import Reconciler
from tests.fakes.clock import FakeClock
from tests.fakes.instagram import FakeInstagram
from tests.fakes.store import Store
from tests.stories import ANNA, BEN, CHAT, press

T = TypeVar("T")

FROZEN_SECONDS = 120.0
SLOW_SECONDS = 50.0
RESTART_SECONDS = 2.0


class Kind(Enum):
    """What may happen at a point."""

    KILL = "the worker is killed; another one starts"
    LOSE = "the answer is lost"
    REFUSE = "it is refused"
    TAKE_OVER = "the worker hangs until a second one has taken over"
    CANCEL = "somebody taps Skip"
    SLOW = "it takes long, and nobody takes over"


@dataclass(frozen=True, slots=True)
class Trouble:
    """At which point, by its number or when it is first met by its name, what happens."""

    point: int | str
    kind: Kind


@dataclass
class Sea:
    """The database, Instagram, the chat, and the workers between them; `met` are the points that were passed."""

    troubles: tuple[Trouble, ...] = ()
    instagram: FakeInstagram = field(default_factory=lambda: FakeInstagram(lag_seconds=2.0))
    met: list[str] = field(default_factory=list)
    shown: dict[int, Item] = field(default_factory=dict)
    drawn: list[Item] = field(default_factory=list)
    away: bool = False
    closed: bool = False
    logs: list[Any] = field(default_factory=list)
    outcomes: list[TapOutcome] = field(default_factory=list)
    crew: list[Worker] = field(default_factory=list)
    _tasks: TaskGroup | None = None

    def __post_init__(self) -> None:
        self.store = Store(FakeClock())

    def item(self) -> Item:
        """The item as stored."""
        row = self.store.apply(LoadItem(CHAT, 7))
        assert row is not None
        return row

    @property
    def running(self) -> list[str]:
        """The publishes that are not over."""
        return [one.state for one in self.store.tables.publishes.all() if Phase(one.state) in RUNNING]

    def auto_post(self, *, connected: bool = True) -> Item:
        """Set a team up, present a story, and have Auto Post recorded."""
        tables = self.store.tables
        now = self.store.clock.now()
        tables.chats.make(chat_key=1, chat_id=CHAT, created_at=now, live=True, account_id=1 if connected else None)
        tables.accounts.make(chat_key=1, account_id=1, created_at=now, ig_user_id="1784", username="studio")
        tables.media.make(chat_key=1, media_id=3, created_at=now, sha256="x")
        tables.items.make(chat_key=1, item_id=7, media_id=3, due_at=now, created_at=now)
        (row,) = self.store.apply(ClaimDue("w0")).present
        self.store.apply(SaveCard(row, 501, None, "w0"))
        return self.tap(Action.AUTO_POST)

    def tap(self, action: Action, person: Person = ANNA) -> Item:
        """Have a tap on the newest card recorded."""
        row = self.item()
        pressed = replace(press(f"tap-{action.value}-{row.version}", person, row.version), mark=row.mark)
        tapped = Tap(pressed, action)
        self.outcomes.append(self.store.apply(RecordTap(tapped, "w0")))
        return self.item()

    @asynccontextmanager
    async def sailing(self, row: Item | None = None) -> AsyncIterator[None]:
        """Let a first worker work, and go on with this item."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            with capture_logs() as self.logs:
                tasks.start_soon(self._work, row)
                yield
                tasks.cancel_scope.cancel()

    async def go_on(self, row: Item) -> None:
        """Let the newest worker go on with this item, as its item does after a tap."""
        await self.crew[-1].publishes.go_on(row)

    async def replace_worker(self) -> None:
        """Stop the worker, then start another one, as a deploy does."""
        self.crew[-1].context.stopping.set()
        self._start(1.0)

    async def pass_point(self, name: str, worker: Worker) -> Kind | None:
        """Go past a point, unless there is trouble; answers what is left to happen to the request itself."""
        here = {len(self.met)} if name in self.met else {len(self.met), name}
        self.met.append(name)
        kind = next((trouble.kind for trouble in self.troubles if trouble.point in here), None)
        if kind is Kind.CANCEL:
            self.tap(Action.SKIP, BEN)
        elif kind is Kind.KILL:
            self._start(RESTART_SECONDS)
            worker.scope.cancel()
            await anyio.sleep_forever()
        elif kind is Kind.TAKE_OVER:
            self._start(0.0)
            await anyio.sleep(FROZEN_SECONDS)
        elif kind is Kind.SLOW:
            await anyio.sleep(SLOW_SECONDS)
        return kind

    def _start(self, seconds: float) -> None:
        assert self._tasks is not None

        async def later() -> None:
            await anyio.sleep(seconds)
            await self._work(None)

        self._tasks.start_soon(later)

    async def _work(self, row: Item | None) -> None:
        worker = Worker(self, f"w{len(self.crew) + 1}")
        self.crew.append(worker)
        await worker.run(row)


class Worker:
    """One worker: its sagas, its reconciler, and items that draw whatever they are told."""

    def __init__(self, sea: Sea, name: str) -> None:
        self.sea = sea
        self.name = name
        self.scope = anyio.CancelScope()
        self.context = ChildContext()
        self.publishes = PublishRegistry(self._saga, name, self._wake)
        self.reconciler = Reconciler(self, self, name)

    async def run(self, row: Item | None) -> None:
        """Work until killed."""
        with self.scope:
            ready = anyio.Event()
            self.context = ChildContext(ready.set)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.publishes.run, self.context)
                await ready.wait()
                tasks.start_soon(self.reconciler.run, self.context)
                if row is not None:
                    await self.publishes.go_on(row)

    async def ask(self, operation: Operation[T], terms: RequestTerms) -> Reply[T]:
        """Fills Asks; the saga's own requests have points."""
        if self.sea.away:
            raise NotStored(Cause.EXPIRED, certain=True)
        if not isinstance(operation, TakePublish | StepPublish):
            return Reply(self.sea.store.apply(operation), 1, 0.0)
        assert terms.deadline > anyio.current_time()
        name = "take" if isinstance(operation, TakePublish) else f"store {operation.move.phase.value}"
        before = await self.sea.pass_point(f"before {name}", self)
        if before is Kind.REFUSE:
            raise NotStored(Cause.REFUSED, certain=True)
        if before is Kind.LOSE:
            raise NotStored(Cause.EXPIRED, certain=False)
        value: Any = self.sea.store.apply(operation)
        if await self.sea.pass_point(f"after {name}", self) in {Kind.LOSE, Kind.REFUSE}:
            raise NotStored(Cause.EXPIRED, certain=False)
        return Reply(value, 1, 0.0)

    async def tell(self, key: ItemKey, message: Message) -> None:
        """Fills Items: draw the card, or go on with a publish."""
        if self.sea.closed:
            raise MailboxClosed(message)
        match message:
            case Changed(row):
                await self._draw(row)
            case Resume(row):
                await self.publishes.go_on(row)
            case _:
                raise AssertionError(message)
        assert key == (CHAT, 7)

    def tell_nowait(self, key: ItemKey, message: Message) -> None:
        """Nobody does here."""
        raise AssertionError((key, message))

    async def _draw(self, row: Item) -> None:
        self.sea.drawn.append(row)
        newest = self.sea.shown.get(row.id, row)
        if newest.revision <= row.revision:
            self.sea.shown[row.id] = row
        shown = tuple(Shown(card, row.id, row.revision) for card in row.cards)
        self.sea.store.apply(AcknowledgeCards(shown, self.name))

    def _wake(self) -> None:
        self.reconciler.wake()

    def _saga(self, context: Any) -> SagaActor:
        around = PublishDependencies(
            worker=self.name,
            store=self,
            instagram=Shore(self.sea, self),
            items=self,
            left_behind=self.reconciler.wake,
            owner=self.publishes.owner,
            pause=self.publishes.pause,
            logged_taps=LoggedTaps(),
        )
        return SagaActor(around, context)


@dataclass(frozen=True, slots=True)
class Shore:
    """Fills ports.Instagram: the fake, with points around each call."""

    sea: Sea
    worker: Worker

    @property
    def real(self) -> Instagram:
        """The fake behind."""
        return self.sea.instagram

    async def create_container(self, account: Account, story: Story, link_name: str) -> str:
        """With points."""
        return await self._around("create", lambda: self.real.create_container(account, story, link_name))

    async def container(self, account: Account, container_id: str) -> Container:
        """With points."""
        return await self._around("look", lambda: self.real.container(account, container_id))

    async def publish(self, account: Account, container_id: str) -> str:
        """With points."""
        return await self._around("publish", lambda: self.real.publish(account, container_id))

    async def permalink(self, account: Account, media_id: str) -> str | None:
        """Without: nothing waits for it."""
        return await self.real.permalink(account, media_id)

    async def insights(self, account: Account, media_id: str) -> StoryInsights:
        """Without."""
        return await self.real.insights(account, media_id)

    async def quota(self, account: Account) -> Quota:
        """Without."""
        return await self.real.quota(account)

    async def hints(self, account: Account, since: Any) -> DoubtHints:
        """Without."""
        return await self.real.hints(account, since)

    async def renew(self, account: Account) -> FreshToken:
        """Without."""
        return await self.real.renew(account)

    async def _around(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        before = await self.sea.pass_point(f"before {name}", self.worker)
        if before is Kind.REFUSE:
            raise Refused("Instagram does not like it.")
        if before is Kind.LOSE:
            raise AnswerLost("before")
        value = await call()
        if await self.sea.pass_point(f"after {name}", self.worker) in {Kind.LOSE, Kind.REFUSE}:
            raise AnswerLost("after")
        return value
