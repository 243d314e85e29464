"""Keeps each card's message at its newest desired state: one edit in flight, newest wins, shown or tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.errors import AnswerLost, Refused, Unreachable
from actors.ports import Chat, Face
from actors.rules.item import FINAL, State
from actors.rules.operations import AcknowledgeCards, Shown
from actors.rules.pacing import Budget, Rank
from actors.rules.requests import Asks, Lane, NotStored, Ticket
from actors.runtime.child import Lifeline
from actors.shell.outside import Alarm

log = structlog.get_logger()

EDIT_SECONDS = 15.0
CONFIRM_SECONDS = 60.0  # an edit whose answer was lost may be applied this late, over a newer one
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
ACKNOWLEDGE_SECONDS = 0.5
MOST_ACKNOWLEDGED = 500
MOST_UNACKNOWLEDGED = 20_000  # beyond it the oldest is dropped: the reconciler finds that card and draws it again


@dataclass(slots=True, eq=False)
class _Waiter:
    """Somebody who wants to know when a wish, or a newer one, came true."""

    done: anyio.Event = field(default_factory=anyio.Event)
    edits: int = 0


@dataclass(slots=True, eq=False)
class _Wish:
    """One desired state of a message; a newer wish takes over its waiters."""

    face: Face
    rank: Rank
    shown: Shown | None
    waiters: list[_Waiter] = field(default_factory=list)
    edits: int = 0

    def came_true(self) -> None:
        for waiter in self.waiters:
            waiter.edits = self.edits
            waiter.done.set()


@dataclass(slots=True, eq=False)
class _Message:
    """A message with something to show, or one whose last edit is still doubtful."""

    newest: _Wish | None = None
    last: _Wish | None = None
    in_flight: bool = False
    failures: int = 0
    not_before: float = 0.0
    doubtful: int = 0


@dataclass(slots=True, eq=False)
class _Chat:
    budget: Budget
    messages: dict[int, _Message] = field(default_factory=dict)
    woken: anyio.Event = field(default_factory=anyio.Event)
    at_work: bool = False


class CardDrawer:
    """The actor that edits messages; everybody else only says what they shall show."""

    def __init__(self, chat: Chat, store: Asks, worker: str, on_lost_claim: Callable[[], None]) -> None:
        self._chat = chat
        self._store = store
        self._worker = worker
        self._on_lost_claim = on_lost_claim
        self._chats: dict[int, _Chat] = {}
        self._unacknowledged: list[Shown] = []
        self._acknowledge = Alarm()
        self._stopping = anyio.Event()
        self._tasks: TaskGroup | None = None

    async def draw(self, face: Face, shown: Shown) -> int:
        """Draw a card from its row; returns when it, or a newer one, is shown, or the message is gone for good."""
        return await self._wish(_Wish(face, _rank(face), shown))

    async def add_line(self, face: Face, needed: bool) -> int:
        """Draw a line that no row stores; one that is not needed is dropped when edits are short."""
        return await self._wish(_Wish(face, Rank.FINAL if needed else Rank.INTERIM, None))

    async def run(self, lifeline: Lifeline) -> None:
        """Draw until stopped; then draw what is wanted already, and have it acknowledged."""
        self._stopping = lifeline.stopping
        async with anyio.create_task_group() as acknowledging:
            acknowledging.start_soon(self._acknowledge_all)
            async with anyio.create_task_group() as tasks:
                self._tasks = tasks
                for chat_id in self._chats:
                    self._work(chat_id)
                lifeline.ready()
                await lifeline.stopping.wait()
            self._tasks = None
            self._acknowledge.ring()

    async def _wish(self, wish: _Wish) -> int:
        chat = self._chats.setdefault(wish.face.chat_id, _Chat(Budget(anyio.current_time())))
        if wish.rank.may_be_dropped and chat.budget.is_short(anyio.current_time()):
            return 0
        message = chat.messages.setdefault(wish.face.message_id, _Message())
        waiter = _Waiter()
        wish.waiters.append(waiter)
        _put(message, wish)
        self._work(wish.face.chat_id)
        await waiter.done.wait()
        return waiter.edits

    def _work(self, chat_id: int) -> None:
        chat = self._chats[chat_id]
        if not chat.at_work and self._tasks is not None:
            chat.at_work = True
            self._tasks.start_soon(self._serve, chat_id, chat)
        chat.woken.set()

    async def _serve(self, chat_id: int, chat: _Chat) -> None:
        """Edit this chat's messages, the most urgent first, as fast as the platform lets us."""
        try:
            while any(message.newest or message.in_flight for message in chat.messages.values()):
                chat.woken = anyio.Event()
                with anyio.move_on_after(self._start_edits(chat)):
                    await chat.woken.wait()
        finally:
            chat.at_work = False
            self._forget(chat_id, chat)

    def _start_edits(self, chat: _Chat) -> float:
        """Start every edit that may start now; returns how long the next one has to wait."""
        now = anyio.current_time()
        wait = 3600.0
        for message in sorted(chat.messages.values(), key=lambda one: one.newest.rank if one.newest else 99):
            if message.newest is None or message.in_flight:
                continue
            pause = max(chat.budget.seconds_until_allowed(now), message.not_before - now)
            if pause > 0:
                wait = min(wait, pause)
                continue
            wish, message.newest = message.newest, None
            message.in_flight = True
            chat.budget.spend(now)
            assert self._tasks is not None
            self._tasks.start_soon(self._edit, chat, message, wish)
        return wait

    async def _edit(self, chat: _Chat, message: _Message, wish: _Wish) -> None:
        wish.edits += 1
        try:
            with anyio.fail_after(EDIT_SECONDS):
                await self._chat.edit_card(wish.face)
        except Unreachable as error:
            self._try_again(chat, message, wish, error.retry_after_seconds)
        except (AnswerLost, TimeoutError):
            self._doubt(chat, message, wish)
            self._try_again(chat, message, wish, None)
        except Refused:
            log.warning("card.gone", chat_id=wish.face.chat_id, message_id=wish.face.message_id)
            self._shown(message, wish, gone=True)
        else:
            self._shown(message, wish, gone=False)
        finally:
            message.in_flight = False
            chat.woken.set()

    def _shown(self, message: _Message, wish: _Wish, gone: bool) -> None:
        message.failures, message.last = 0, wish
        if wish.shown is not None:
            del self._unacknowledged[: len(self._unacknowledged) - MOST_UNACKNOWLEDGED + 1]
            self._unacknowledged.append(replace(wish.shown, gone=gone))
            self._acknowledge.ring()
        wish.came_true()

    def _try_again(self, chat: _Chat, message: _Message, wish: _Wish, retry_after: float | None) -> None:
        now = anyio.current_time()
        if retry_after is not None:
            chat.budget.close(now + retry_after)
        else:
            message.not_before = now + RETRY_SECONDS[min(message.failures, len(RETRY_SECONDS) - 1)]
            message.failures += 1
        if wish.rank.may_be_dropped and wish.shown is None:
            wish.came_true()
        elif message.newest is None:
            message.newest = wish
        else:
            message.newest.waiters += wish.waiters

    def _doubt(self, chat: _Chat, message: _Message, wish: _Wish) -> None:
        """The lost edit may still be applied, over a newer one: show the newest once more when it no longer can."""
        message.doubtful += 1
        assert self._tasks is not None
        self._tasks.start_soon(self._confirm, chat, message, wish.face.chat_id)

    async def _confirm(self, chat: _Chat, message: _Message, chat_id: int) -> None:
        await Alarm().wait(CONFIRM_SECONDS, self._stopping)
        message.doubtful -= 1
        if message.newest is None and message.last is not None and not self._stopping.is_set():
            message.newest = _Wish(message.last.face, Rank.REFRESH, message.last.shown)
            self._work(chat_id)
        self._forget(chat_id, chat)

    def _forget(self, chat_id: int, chat: _Chat) -> None:
        for message_id in [key for key, one in chat.messages.items() if not one.doubtful and not one.in_flight]:
            if chat.messages[message_id].newest is None:
                del chat.messages[message_id]
        rested = chat.budget.seconds_until_allowed(anyio.current_time()) == 0 and chat.budget.left >= 1
        if not chat.messages and not chat.at_work and rested and len(self._chats) > MOST_UNACKNOWLEDGED:
            del self._chats[chat_id]

    async def _acknowledge_all(self) -> None:
        """Store what is shown, in batches; at most one statement under way."""
        while self._tasks is not None or not self._stopping.is_set():
            await self._acknowledge.wait(3600.0, self._stopping)
            await Alarm().wait(ACKNOWLEDGE_SECONDS, self._stopping)
            await self._acknowledge_some()
        await self._acknowledge_some()

    async def _acknowledge_some(self) -> None:
        while self._unacknowledged:
            batch = tuple(self._unacknowledged[:MOST_ACKNOWLEDGED])
            ticket = Ticket(anyio.current_time() + CONFIRM_SECONDS, Lane.REST)
            try:
                reply = await self._store.ask(AcknowledgeCards(batch, self._worker), ticket)
            except NotStored:
                return
            stored = set(map(id, batch))
            self._unacknowledged = [one for one in self._unacknowledged if id(one) not in stored]
            if reply.value:
                self._on_lost_claim()


def _rank(face: Face) -> Rank:
    """What a row's card is worth: settled first, then doubt; progress can be dropped, and is drawn by what follows."""
    assert face.row is not None
    if face.row.state in FINAL:
        return Rank.FINAL
    if face.row.state is State.IN_DOUBT:
        return Rank.IN_DOUBT
    return Rank.PROGRESS if face.row.state is State.PUBLISHING else Rank.REFRESH


def _put(message: _Message, wish: _Wish) -> None:
    """Put the wish in place of the waiting one, unless that one must not be lost to it."""
    waiting = message.newest
    if waiting is None:
        message.newest = wish
    elif _is_behind(wish, waiting):
        if wish.shown is None and not wish.rank.may_be_dropped:
            # A line does not replace a card that its row wants shown: it is drawn below it.
            waiting.face = replace(waiting.face, line=wish.face.line, asking=wish.face.asking)
            waiting.rank = min(waiting.rank, wish.rank)
        waiting.waiters += wish.waiters
    else:
        wish.waiters += waiting.waiters
        message.newest = wish


def _is_behind(wish: _Wish, waiting: _Wish) -> bool:
    if waiting.shown is None:
        return False
    return wish.shown is None or wish.shown.revision < waiting.shown.revision
