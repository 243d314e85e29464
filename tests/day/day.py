"""A team's day: stories that people auto-post from morning to night, against the sandbox's Instagram.

Real: the sagas, the registry that holds them, the SQL in memory, the captions, the table of errors, the sandbox's
rules at the rates that were measured on live accounts. Virtual: the time. People do what the card says, and nothing
else: they tap again later, wait until when it says, and look at Instagram when they are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

import anyio

from actors.audit.lines import LoggedTaps
from actors.bounds import PUBLISH_CALL_SECONDS, SETTLE_SECONDS
from actors.database.request import Reply, RequestTerms
from actors.domain.item import Action, Item, State
from actors.domain.messages import Changed, Message
from actors.domain.publish_phase import Phase
from actors.domain.taps import Tap
from actors.operations.operation import Operation
from actors.operations.taps import LoadItem, RecordTap
from actors.peers import ItemKey
from actors.publish.actor import PublishDependencies, SagaActor
from actors.publish.registry import PublishRegistry, SagaKey, SagaMessage
from actors.runtime.actor import Context
from actors.runtime.child import ChildContext
from infra.telegram.caption_text import visible
from infra.telegram.cards import caption, first_face
from tests.day.platform import VirtualInstagram
from tests.fakes.clock import FakeClock
from tests.fakes.store import Store
from tests.stories import ANNA, press

T = TypeVar("T")

OPENS = datetime(2026, 9, 14, 6, 0, tzinfo=UTC)
HOURS = 14.0
BLOCKED = (4.0, 6.0)  # hours of the day, in which one account is taken for spam
DEAD = (5.0, 6.5)  # in which the token of another one is dead; then the operator connects it again
AGAIN_SECONDS = 1800.0  # until a person comes back to a card that asks to be tapped again
TAPS_MOST = 12
CHATS = ("oslo", "bergen", "spam", "dead", "page")


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a day."""

    auto_posts: int
    live: int
    doubles: int
    given_up: int
    untrue: tuple[str, ...]
    taps: int
    most_creations: int
    longest_seconds: float
    refused: dict[str, int]
    said: dict[str, int]


@dataclass
class Day:
    """The team, its queue, and the worker."""

    posts: int = 300
    seed: int = 1
    untrue: list[str] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)
    given_up: int = 0
    taps: int = 0
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = FakeClock(OPENS)
        self.store = Store(self.clock)
        self.instagram = VirtualInstagram(self.seed, self.clock.now)
        self._dice = Random(self.seed)
        self._changed: dict[int, anyio.Event] = {}
        self.publishes = PublishRegistry(self._saga, "w1", lambda: None)

    async def run(self) -> Figures:
        """Live through it, and look back."""
        self._furnish()
        context = ChildContext()
        async with anyio.create_task_group() as worker:
            worker.start_soon(self.publishes.run, context)
            async with anyio.create_task_group() as people:
                people.start_soon(self._trouble)
                for item_id in range(1, self.posts + 1):
                    people.start_soon(self._post, item_id, self._dice.uniform(0.0, HOURS * 3600.0))
            worker.cancel_scope.cancel()
        return self._figures()

    async def ask(self, operation: Operation[T], _: RequestTerms) -> Reply[T]:
        """Fills Store, the request's port."""
        return Reply(self.store.apply(operation), 1, 0.0)

    async def tell(self, key: ItemKey, message: Message) -> None:
        """Fills Items: look at what the card says now."""
        assert isinstance(message, Changed)
        self._look_at(message.row)
        self._changed.setdefault(key[1], anyio.Event()).set()

    def tell_nowait(self, key: ItemKey, message: Message) -> None:
        """Nobody does here."""
        raise AssertionError((key, message))

    def _furnish(self) -> None:
        tables, now = self.store.tables, self.clock.now()
        for key, name in enumerate(CHATS, 1):
            owner = self.instagram.world.create_account(name, now.timestamp())
            token = self.instagram.world.accounts[owner.id].token
            if name == "page":
                token = owner.add_login(owner.expires_at, is_of_page=True).token
            tables.chats.make(
                chat_key=key, chat_id=-key, created_at=now, live=True, account_id=key, timezone="Europe/Oslo"
            )
            tables.accounts.make(
                chat_key=key,
                account_id=key,
                created_at=now,
                ig_user_id=owner.id,
                username=name,
                sealed_token=token.encode(),
            )
        for item_id in range(1, self.posts + 1):
            self._queue(item_id)

    def _queue(self, item_id: int) -> None:
        tables, now = self.store.tables, self.clock.now()
        key, came = 1 + item_id % len(CHATS), {"came_from": "presenting", "came_by": "sent"}
        path = f"{item_id:02x}/{item_id:04d}.story.jpg"
        tables.media.make(chat_key=key, media_id=item_id, created_at=now, sha256=str(item_id), path=path, title="Story")
        columns = {"chat_key": key, "item_id": item_id, "media_id": item_id, "due_at": now, "created_at": now}
        tables.items.make(**columns, state="in_review", presented_at=now, **came)
        tables.cards.make(chat_key=key, message_id=item_id, item_id=item_id, sent_at=now, want=0, shown=0)

    async def _trouble(self) -> None:
        """One spam block, and one dead token."""
        world = self.instagram.world
        by_name = {account.username: account for account in world.accounts.values()}
        moments: list[tuple[float, Callable[[], None]]] = [
            (BLOCKED[0], lambda: setattr(by_name["spam"], "is_blocked", True)),
            (DEAD[0], lambda: world.expire_tokens(by_name["dead"].id, 0.0, self._seconds())),
            (BLOCKED[1], lambda: setattr(by_name["spam"], "is_blocked", False)),
            (DEAD[1], lambda: self._connect(by_name["dead"].id)),
        ]
        for hour, act in moments:
            await anyio.sleep_until(self._began + hour * 3600.0)
            act()

    @property
    def _began(self) -> float:
        return anyio.current_time() - (self.clock.now() - OPENS).total_seconds()

    def _seconds(self) -> float:
        return self.clock.now().timestamp()

    def _connect(self, account_id: str) -> None:
        """The operator gives the account a new token."""
        login = self.instagram.world.renew(self.instagram.world.accounts[account_id], self._seconds())
        (known,) = [one for one in self.store.tables.accounts.all() if one.ig_user_id == account_id]
        self.store.tables.accounts.put(replace(known, token_gone=False, sealed_token=login.token.encode()))

    async def _post(self, item_id: int, after_seconds: float) -> None:
        """One story: Auto Post, and then what the card says."""
        await anyio.sleep(after_seconds)
        began = anyio.current_time()
        row = await self._press(self._row(item_id), Action.AUTO_POST)
        for _ in range(TAPS_MOST):
            if row.state is State.POSTED:
                break
            row = await self._do_what_it_says(row)
        else:
            self.given_up += 1
        self.waits.append(anyio.current_time() - began)

    async def _do_what_it_says(self, row: Item) -> Item:
        if row.state is State.IN_DOUBT:
            live = self.instagram.stories_of(_media(row)) > 0
            return await self._press(row, Action.IT_IS_LIVE if live else Action.IT_IS_NOT)
        assert row.state is State.IN_REVIEW, row
        self._look_at_refusal(row)
        if row.waiting is not None:
            await anyio.sleep(max(0.0, (row.waiting.until - self.clock.now()).total_seconds()))
        else:
            await anyio.sleep(AGAIN_SECONDS)
        return await self._press(row, Action.AUTO_POST)

    def _look_at_refusal(self, row: Item) -> None:
        """The platform would have taken it, unless the account was blocked at the call, or its token is dead."""
        account = self.instagram.world.accounts[self._account_of(row)]
        seconds_after_block = self._seconds() - OPENS.timestamp() - BLOCKED[1] * 3600.0
        was_blocked = account.username == "spam" and 0.0 <= seconds_after_block < SETTLE_SECONDS + PUBLISH_CALL_SECONDS
        refusable = (
            account.is_blocked or was_blocked or all(login.expires_at <= self._seconds() for login in account.logins)
        )
        known = self.store.tables.accounts.get(row.chat_key, row.chat_key)
        assert known is not None
        if not refusable and not known.token_gone:
            self.given_up += 1
            self.said[f"given up: {row.id}: {row.note}"] += 1

    async def _press(self, row: Item, step: Action) -> Item:
        self.taps += 1
        at = f"tap {row.id} {step.value} {row.version}"
        pressed = replace(
            press(at, ANNA, row.version), chat_id=row.chat_id, message_id=row.id, item_id=row.id, mark=row.mark
        )
        self.store.apply(RecordTap(Tap(pressed, step), "w1"))
        row = self._row(row.id)
        if row.state is State.PUBLISHING:
            await self.publishes.go_on(row)
        while row.state is State.PUBLISHING:
            changed = self._changed[row.id] = anyio.Event()
            await changed.wait()
            row = self._row(row.id)
        return row

    def _look_at(self, row: Item) -> None:
        """Compare what the card says with what is so."""
        live, note = self.instagram.stories_of(_media(row)), row.note or ""
        words = visible(caption(first_face(row)))
        account = self.instagram.world.accounts[self._account_of(row)]
        last = self.instagram.last_of.get(account.id)
        waiting = row.waiting
        rules = {
            "two stories": live > 1,
            "posted, and nothing is live": row.state is State.POSTED and live != 1,
            "nothing was published, and it is live": note.startswith("Nothing was published") and live > 0,
            "could not be reached, and it answered": "could not be reached" in words or "did not answer" in words,
            "an address or a secret": "://" in words or "EAA" in words,
            "asked to connect again, and the token is good": "connect" in note
            and any(login.expires_at > self._seconds() for login in account.logins),
            "spam, and there is no block": "spam" in note and last != (4, 2207051),
            "waits for a moment that has passed": waiting is not None and waiting.until <= self.clock.now(),
            "waits without saying what for": row.state is State.PUBLISHING
            and waiting is not None
            and not waiting.sentence,
            "marked, and says that it waits to be fetched": row.phase is Phase.PUBLISHING
            and "could not fetch" in words,
        }
        self.untrue += [f"item {row.id}: {rule}: {words!r}" for rule, broken in rules.items() if broken]
        if waiting is not None and waiting.sentence:
            self.said[f"⏳ {waiting.sentence}"] += 1
        if note:
            self.said[note] += 1

    def _account_of(self, row: Item) -> str:
        known = self.store.tables.accounts.get(row.chat_key, row.chat_key)
        assert known is not None
        return known.ig_user_id

    def _row(self, item_id: int) -> Item:
        row = self.store.apply(LoadItem(-(1 + item_id % len(CHATS)), item_id))
        assert row is not None
        return row

    def _saga(self, context: Context[SagaKey, SagaMessage]) -> SagaActor:
        around = PublishDependencies(
            worker="w1",
            store=self,
            instagram=self.instagram,
            items=self,
            left_behind=lambda: None,
            owner=self.publishes.owner,
            pause=self.publishes.pause,
            logged_taps=LoggedTaps(),
        )
        return SagaActor(around, context)

    def _figures(self) -> Figures:
        files = Counter(story.media for story in self.instagram.world.stories.values())
        return Figures(
            auto_posts=self.posts,
            live=len(files),
            doubles=sum(count - 1 for count in files.values()),
            given_up=self.given_up,
            untrue=tuple(self.untrue),
            taps=self.taps,
            most_creations=max(self._creations_a_publish().values(), default=0),
            longest_seconds=max(self.waits, default=0.0),
            refused=dict(Counter("/".join(str(part) for part in code if part) for code in self.instagram.refused)),
            said=dict(self.said.most_common()),
        )

    def _creations_a_publish(self) -> Counter[tuple[int, int]]:
        """How often each publish asked for a container."""
        events = self.store.tables.publish_events.all()
        found: Counter[tuple[int, int]] = Counter()
        for event in events:
            answers = [one for one in event.answers if one["call"] == "create container"]
            found[event.item_id, event.version] += len(answers) + any(
                call.startswith("create container: 17") for call in event.calls
            )
        return found


def _media(row: Item) -> str:
    return f"{row.id:04d}"


async def lived(posts: int, seed: int) -> Figures:
    """Live through one day."""
    return await Day(posts, seed).run()
