"""Keeps each card's message at its newest desired state: one edit in flight, newest wins, shown or tried again.

An edit may be refused, take long, get lost, or be applied after its answer was lost, over a newer one; and a group
takes about twenty a minute. So this actor alone edits messages, and its callers say what a message shall show. For
each message (`pending_edits.py`) there are at most:

- one edit in flight: two could arrive in the wrong order;
- one that waits. A newer one takes its place and its waiters, because a card is drawn whole from its row. A card of an
  older row never takes it, and a refusal, which no row stores, is never lost: it is drawn below the newer card;
- the last one that was shown. A lost edit may be applied up to CONFIRM_SECONDS late, so the card is then drawn again.

What may start now is the most urgent of what the group's token bucket allows (`rate_limit.py`): decisions go first, and
progress is dropped when edits are short.

The row learns in batches what its cards show: `AcknowledgeCards`. A change claims its cards for the worker that made
it, in the same commit, and an acknowledgement is believed under that claim only; without it another worker may have
drawn something newer meanwhile. So a lost claim, and an edit of unknown effect, mean one thing: the card counts as
unknown and is drawn from its row again, here or elsewhere. That costs an edit and is never wrong. A refusal that is not
Telegram's word that the message is gone passes: the row keeps when its card is to be drawn again. An acknowledgement
waits for the log line of the tap whose card it is (`acknowledgements.py`). A crash puts the edit in flight back; a stop
draws what is wanted already, and has it acknowledged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.bounds import CONFIRM_SECONDS, EDIT_SECONDS
from actors.cards.acknowledgements import AcknowledgementQueue, IsLogged
from actors.cards.chat_limits import ChatLimits, forget_rested
from actors.cards.pending_edits import EditCompletion, MessageEdits, PendingEdit, rank_of, unknown, urgency
from actors.cards.rate_limit import Rank
from actors.database.asking import terms_for
from actors.database.request import NotStored, Store
from actors.errors import AnswerLost, MessageGone, Refused, Unreachable
from actors.operations.cards import REFUSED, AcknowledgeCards, Shown
from actors.peers import Drawn
from actors.ports import Chat, Face
from actors.runtime.backoff import Backoff
from actors.runtime.child import ChildContext
from actors.runtime.waiting import WakeUp

log = structlog.get_logger()

RETRY = Backoff.doubling(0.5, 8.0)
SHORTEST_SECONDS = 0.001  # a pause too short to move a clock of floating point is no pause, and would spin
ACKNOWLEDGE_SECONDS = 0.5


@dataclass(slots=True, eq=False)
class _Chat:
    chat_id: int
    messages: dict[int, MessageEdits] = field(default_factory=dict)
    woken: anyio.Event = field(default_factory=anyio.Event)
    at_work: bool = False


class CardDrawer:
    """The actor that edits messages; other actors only say what they shall show."""

    def __init__(self, chat: Chat, store: Store, worker: str, on_lost_claim: Callable[[], None]) -> None:
        self._chat = chat
        self._store = store
        self._worker = worker
        self._on_lost_claim = on_lost_claim
        self.paces = ChatLimits()
        self._chats: dict[int, _Chat] = {}
        self._unacknowledged = AcknowledgementQueue()
        self._acknowledge = WakeUp()
        self._stopping = anyio.Event()
        self._tasks: TaskGroup | None = None

    def draw(self, face: Face, shown: Shown, logged: IsLogged | None = None, *, late: bool = False) -> Awaitable[Drawn]:
        """Draw a card from its row; true once it, or a newer one, is shown, or the message is gone for good.

        `late`: nothing is new on it but a tap that came too late.
        """
        return self._request_edit(PendingEdit(face, Rank.COURTESY if late else rank_of(face), shown), logged)

    def add_line(self, face: Face, needed: bool) -> Awaitable[Drawn]:
        """Draw a line that no row stores; one that is not needed is dropped when edits are short."""
        return self._request_edit(PendingEdit(face, Rank.FINAL if needed else Rank.INTERIM, None))

    def show_view(self, face: Face, admitted: bool) -> Awaitable[Drawn]:
        """Draw what decides nothing after what does; one too many waits until there is room for more than that."""
        return self._request_edit(PendingEdit(face, Rank.VIEW if admitted else Rank.COURTESY, None))

    async def run(self, context: ChildContext) -> None:
        """Draw until stopped; then draw what is wanted already, and have it acknowledged."""
        self._stopping = context.stopping
        async with anyio.create_task_group() as acknowledging:
            acknowledging.start_soon(self._acknowledge_all)
            try:
                async with anyio.create_task_group() as tasks:
                    self._tasks = tasks
                    for chat in self._chats.values():
                        self._work(chat)
                    context.ready()
                    await context.stopping.wait()
                    for chat in self._chats.values():
                        chat.woken.set()
            finally:
                self._tasks = None
        await self._acknowledge_some()

    @property
    def chats(self) -> int:
        """How many chats are remembered, for their budgets or for what they shall show."""
        return len(self._chats)

    def _request_edit(self, edit: PendingEdit, logged: IsLogged | None = None) -> EditCompletion:
        chat, waiter = self._chat_of(edit.face.chat_id), EditCompletion(logged)
        known = chat.messages.get(edit.face.message_id)
        # A card that stands for an edit that waits costs none, and that edit may be of an older row.
        waits = known is not None and known.newest is not None and edit.shown is not None
        if edit.rank.may_be_dropped and not waits and self.paces.of(chat.chat_id).is_short(anyio.current_time()):
            waiter.done.set()
            return waiter
        message = chat.messages.setdefault(edit.face.message_id, MessageEdits())
        edit.waiters.append(waiter)
        message.put(edit)
        self._work(chat)
        return waiter

    def _chat_of(self, chat_id: int) -> _Chat:
        now = anyio.current_time()
        if chat_id not in self._chats:
            forget_rested(self._chats, lambda other_id, other: self._has_rested(other_id, other, now))
            self._chats[chat_id] = _Chat(chat_id)
        return self._chats[chat_id]

    def _has_rested(self, chat_id: int, chat: _Chat, now: float) -> bool:
        return not chat.messages and not chat.at_work and self.paces.of(chat_id).is_full(now)

    def _work(self, chat: _Chat) -> None:
        """Start what may start now; what has to wait for its moment is waited for beside."""
        if chat.at_work:
            chat.woken.set()
        elif self._tasks is not None and self._start_edits(chat) is not None:
            chat.at_work = True
            self._tasks.start_soon(self._wait_to_edit, chat)

    async def _wait_to_edit(self, chat: _Chat) -> None:
        try:
            while (pause := self._start_edits(chat)) is not None:
                chat.woken = anyio.Event()
                with anyio.move_on_after(max(pause, SHORTEST_SECONDS)):
                    await chat.woken.wait()
        finally:
            chat.at_work = False

    def _start_edits(self, chat: _Chat) -> float | None:
        """Start every edit that may start now, the most urgent first; returns how long the next one has to wait."""
        now = anyio.current_time()
        waits: list[float] = []
        for message in sorted(chat.messages.values(), key=urgency):
            if message.newest is None or message.in_flight:
                continue
            limit = self._rest(chat, message.newest, now)
            pause = max(limit, message.not_before - now)
            if pause > 0:
                message.newest.waits(limited=limit > 0)
                waits.append(pause)
                continue
            edit, message.newest = message.newest, None
            message.in_flight = edit
            self._spend(chat, message, now)
            assert self._tasks is not None
            self._tasks.start_soon(self._edit, chat, message, edit)
        return min(waits, default=None)

    def _rest(self, chat: _Chat, edit: PendingEdit, now: float) -> float:
        """How long this edit has to wait; what is mere courtesy waits no longer once we stop."""
        budget = self.paces.of(chat.chat_id)
        if edit.rank is Rank.COURTESY and not self._stopping.is_set():
            return budget.seconds_until_spare(now)
        return budget.seconds_until_allowed(now)

    def _spend(self, chat: _Chat, message: MessageEdits, now: float) -> None:
        self.paces.of(chat.chat_id).spend(now)
        # Of those that are equally urgent this one is the last now: none is drawn again and again before others.
        for message_id in [known for known, one in chat.messages.items() if one is message]:
            chat.messages[message_id] = chat.messages.pop(message_id)

    async def _edit(self, chat: _Chat, message: MessageEdits, edit: PendingEdit) -> None:
        edit.edits += 1
        try:
            with anyio.move_on_after(EDIT_SECONDS) as patience:
                await self._chat.edit_card(edit.face)
            if patience.cancelled_caught:
                raise AnswerLost("no answer in time")
        except Unreachable as error:
            self._try_again(chat, message, edit, error.retry_after_seconds)
        except AnswerLost:
            self._confirm_later(chat, message)
            self._try_again(chat, message, edit, None)
        except MessageGone:
            log.warning("card.gone", chat_id=edit.face.chat_id, message_id=edit.face.message_id)
            self._shown(message, edit, gone=True)
        except Refused as error:
            self._refused(message, edit, str(error))
        except anyio.get_cancelled_exc_class():
            # Something else crashed this actor: its next life draws what this one could not.
            message.put_back(edit)
            raise
        else:
            self._shown(message, edit, gone=False)
        finally:
            message.in_flight = None
            if message.newest is not edit:
                edit.completed()
        self._work(chat)
        _forget(chat)

    def _shown(self, message: MessageEdits, edit: PendingEdit, gone: bool) -> None:
        message.failures, message.last = 0, edit
        edit.gone = gone
        if edit.shown is not None:
            self._unacknowledged.add(replace(edit.shown, gone=gone), edit.logged)
            self._acknowledge.ring()

    def _refused(self, message: MessageEdits, edit: PendingEdit, reason: str) -> None:
        """Nothing changed, and will not before people or time change the chat: the row keeps that it is to be drawn."""
        place = {"chat_id": edit.face.chat_id, "message_id": edit.face.message_id, "item_id": edit.face.item_id}
        log.warning("card.refused", reason=reason, **place)
        message.failures, edit.refused = 0, True
        if edit.shown is not None:
            self._unacknowledged.add(replace(edit.shown, revision=REFUSED), edit.logged)
            self._acknowledge.ring()

    def _try_again(self, chat: _Chat, message: MessageEdits, edit: PendingEdit, retry_after: float | None) -> None:
        now = anyio.current_time()
        if retry_after is not None:
            self.paces.of(chat.chat_id).close(now + retry_after)
        else:
            edit.was_in_trouble()
            message.failures += 1
            message.not_before = now + RETRY.after(message.failures)
        if not edit.is_mere_progress:
            message.put_back(edit)

    def _confirm_later(self, chat: _Chat, message: MessageEdits) -> None:
        """The lost edit may still be applied, over a newer one: show the newest once more when it no longer can."""
        message.unconfirmed += 1
        assert self._tasks is not None
        self._tasks.start_soon(self._confirm, chat, message)

    async def _confirm(self, chat: _Chat, message: MessageEdits) -> None:
        try:
            stopping = await WakeUp().wait(CONFIRM_SECONDS, self._stopping)
        finally:
            message.unconfirmed -= 1
        at_rest = message.newest is None and message.in_flight is None
        if at_rest and message.last is not None and not stopping:
            self._show_again(chat, message, message.last)
        _forget(chat)

    def _show_again(self, chat: _Chat, message: MessageEdits, last: PendingEdit) -> None:
        """Have it drawn from its row: others may have shown something newer. Without a row, show it again."""
        not_known = unknown(last.face)
        if not_known is not None:
            self._unacknowledged.add(not_known)
            self._acknowledge.ring()
        else:
            message.put(PendingEdit(last.face, Rank.REFRESH, last.shown))
            self._work(chat)

    async def _acknowledge_all(self) -> None:
        """Store what is shown, in batches, until we stop; at most one statement under way."""
        stopping = False
        while not stopping:
            await self._acknowledge.wait(3600.0, self._stopping)
            stopping = await WakeUp().wait(ACKNOWLEDGE_SECONDS, self._stopping)
            await self._acknowledge_some()
            if self._unacknowledged.give_up():
                self._on_lost_claim()
            if self._unacknowledged.waits:
                self._acknowledge.ring()

    async def _acknowledge_some(self) -> None:
        while batch := self._unacknowledged.batch():
            terms = terms_for(CONFIRM_SECONDS)
            try:
                reply = await self._store.ask(AcknowledgeCards(batch, self._worker), terms)
            except NotStored:
                return
            self._unacknowledged.stored(batch)
            if reply.value:
                self._on_lost_claim()


def _forget(chat: _Chat) -> None:
    chat.messages = {message_id: message for message_id, message in chat.messages.items() if not message.is_done}
