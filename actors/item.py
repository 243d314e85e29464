"""The shell of one queue item: receive, decide, perform; every outcome comes back as a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeAlias, assert_never

import anyio

from actors.errors import AnswerLost, PortError, Refused, Unreachable
from actors.ports import Face
from actors.rules import effects as wanted
from actors.rules import words
from actors.rules.item import Row
from actors.rules.messages import (
    RECOVERED,
    AskExpired,
    CardNotSent,
    CardSent,
    Changed,
    Message,
    NotRecorded,
    OutcomeNotRecorded,
    Press,
    SendOriginal,
    StillRecording,
    Tap,
)
from actors.rules.operations import (
    CloseTap,
    Interaction,
    LoadRow,
    Operation,
    RecordTap,
    SaveCard,
    SendFailed,
    Shown,
    StoreOutcome,
)
from actors.rules.requests import Lane, NotStored, Ticket
from actors.rules.review import decide
from actors.rules.review_memory import Item
from actors.runtime.actor import Context
from actors.shell.answers import say_in_chat
from actors.shell.checks import Checks
from actors.shell.outside import MESSAGE_GONE, ItemKey, Outside
from actors.shell.trace import Traces

HOLD_SECONDS = 100.0  # Telegram keeps a tap for 150 s; within 100 s of our first sight it is stored or refused
INTERIM_SECONDS = 0.4
QUESTION_SECONDS = 60.0
SEND_SECONDS = 30.0
ANSWER_TRIES = 3

Drawings: TypeAlias = dict[int, Awaitable[int]]  # what was wished for, by message


class ItemActor:
    """One item with something to do."""

    def __init__(self, outside: Outside, context: Context[ItemKey, Message]) -> None:
        self._outside = outside
        self._context = context
        self._item = Item(context.key[1])
        self._traces = Traces(outside.explained)
        self._tickets: dict[str, Ticket] = {}
        self._checks = Checks(outside.store, outside.pause)

    @property
    def idle(self) -> bool:
        """Nothing is known: there is nothing to keep warm."""
        return self._item == Item(self._item.id)

    def receive(self, message: Message) -> None:
        """Decide, then start what was decided; nothing here waits."""
        decision = decide(self._item, message)
        self._item = decision.item
        for effect in decision.effects:
            self._perform(effect, message)

    def _perform(self, effect: wanted.Effect, about: Message) -> None:
        """Start what was decided about a row, and hand on what was decided about a press."""
        spawn = self._context.spawn
        match effect:
            case wanted.ShowCard(row, press, cause):
                drawings = self._draw(row)
                if press is None:
                    spawn(partial(self._drawn_again, drawings, row, cause), about)
                else:
                    self._spawn_for(press, partial(self._drawn, drawings, press), about)
            case wanted.SendCard(row):
                spawn(partial(self._send_card, row), about)
            case wanted.Publish(row):
                spawn(partial(self._outside.publish, row), about)
            case wanted.RecordOutcome():
                spawn(partial(self._record_outcome, effect), about)
            case wanted.Record(tap):
                spawn(partial(self._record, tap, self._open_ticket(tap)), about)
            case wanted.CloseTap(tap):
                spawn(partial(self._close, tap), about)
            case wanted.WatchRecording(tap):
                self._outside.remind(INTERIM_SECONDS, partial(self._interim, tap))
            case wanted.WatchQuestion(press):
                spawn(partial(self._later, QUESTION_SECONDS, AskExpired(press)), about)
            case _:
                self._perform_for_press(effect, about)

    def _perform_for_press(self, effect: wanted.PressEffect, about: Message) -> None:  # noqa: C901 - the table
        match effect:
            case wanted.AnswerTap(press, text):
                self._spawn_for(press, partial(self._answer, press, text), about)
            case wanted.ShowLine():
                self._add_line(effect, about)
            case wanted.ShowQuestion(press, row, asking):
                doubtful = asking is not None and asking.step in words.DOUBT_STEPS
                face = replace(_face(press, row), asking=asking, doubtful=doubtful)
                drawing = self._outside.cards.add_line(face, needed=True)
                self._spawn_for(press, partial(self._asked, press, drawing), about)
            case wanted.CheckCard(press):
                self._check_later(effect, about)
            case wanted.SendFile(press):
                self._spawn_for(press, partial(self._send_file, press), about)
            case wanted.AbandonRecording(press):
                if press.id in self._tickets:
                    self._tickets[press.id].expire()
            case wanted.LogInteraction(press, kind):
                self._outside.note(self._interaction(press, kind))
            case wanted.Conclude(press):
                self._traces.of(press).conclude(effect)
            case wanted.ConfirmUpdate(press, answered_first):
                confirm = partial(self._outside.confirm, press.update_id)
                self._traces.of(press).confirm(confirm, answered_first)
            case _:
                assert_never(effect)

    def _open_ticket(self, tap: Tap) -> Ticket:
        ticket = self._tickets[tap.press.id] = Ticket(tap.press.at + HOLD_SECONDS, Lane.TAPS)
        return ticket

    def _spawn_for(self, press: Press, effect: Callable[[], Awaitable[None]], about: Message) -> None:
        trace = self._traces.of(press)
        trace.begin()

        async def traced() -> None:
            try:
                await effect()
            finally:
                trace.end()

        self._context.spawn(traced, about)

    def _interim(self, tap: Tap) -> None:
        if tap.press.id in self._tickets:
            self._context.spawn(partial(self._context.tell, StillRecording(tap)), tap)

    async def _later(self, seconds: float, message: Message) -> None:
        if not await self._outside.pause(seconds):
            await self._context.tell(message)

    async def _answer(self, press: Press, text: str) -> None:
        """Toast, at once; a lost one is tried again, a refused one (too old) never stops the action."""
        for attempt in range(ANSWER_TRIES):
            try:
                await self._outside.chat.answer(press.id, text)
            except Refused:
                return
            except PortError:
                if await self._outside.pause(0.5 * (attempt + 1)):
                    return
            else:
                self._traces.of(press).toasted()
                return

    async def _record(self, tap: Tap, ticket: Ticket) -> None:
        trace = self._traces.of(tap.press)
        outcome: Message
        try:
            reply = await self._outside.store.ask(RecordTap(tap, self._outside.worker), ticket)
        except NotStored as lost:
            outcome = NotRecorded(tap, certain=lost.certain and not tap.press.redelivered)
            trace.recorded(lost.attempts, stored=False)
        else:
            outcome = reply.value
            trace.recorded(reply.attempts, stored=True)
        self._tickets.pop(tap.press.id, None)
        await self._context.tell(outcome)

    async def _close(self, tap: Tap) -> None:
        """Ask until answered: afterwards no late attempt can take effect unseen."""
        stopping = False
        while not stopping:
            ticket = Ticket(anyio.current_time() + HOLD_SECONDS, Lane.TAPS)
            try:
                reply = await self._outside.store.ask(CloseTap(tap, self._outside.worker), ticket)
            except NotStored:
                stopping = await self._outside.pause(1.0)
            else:
                await self._context.tell(reply.value)
                return

    def _draw(self, row: Row) -> Drawings:
        """Wish for every card now, not in a task: the wish of a later decision must come after."""
        return {face.message_id: self._outside.cards.draw(face, shown) for face, shown in _faces(row)}

    async def _drawn(self, drawings: Drawings, press: Press) -> None:
        if press.message_id in drawings:
            self._traces.of(press).shown(await drawings.pop(press.message_id))
        for drawing in drawings.values():
            await drawing

    async def _drawn_again(self, drawings: Drawings, row: Row, cause: str) -> None:
        for drawing in drawings.values():
            await drawing
        self._outside.look_ahead(row)
        if cause == RECOVERED:
            self._traces.recovered(row)

    def _add_line(self, effect: wanted.ShowLine, about: Message) -> None:
        doubtful = isinstance(about, StillRecording | NotRecorded) and about.tap.step in words.DOUBT_STEPS
        face = replace(_face(effect.press, effect.row), line=effect.line, buttons=effect.buttons, doubtful=doubtful)
        drawing = self._outside.cards.add_line(face, effect.needed)
        if effect.needed:
            self._spawn_for(effect.press, partial(self._refused, effect.press, drawing, effect.line), about)
        else:
            self._context.spawn(partial(self._added, drawing), about)

    async def _added(self, drawing: Awaitable[int]) -> None:
        await drawing

    async def _asked(self, press: Press, drawing: Awaitable[int]) -> None:
        self._traces.of(press).shown(await drawing)

    async def _refused(self, press: Press, drawing: Awaitable[int], line: str) -> None:
        """A refusal is never silent: where its message is gone, the chat hears it."""
        edits = await drawing
        if edits == MESSAGE_GONE:
            await say_in_chat(self._outside.chat, press, line)
        self._traces.of(press).shown(max(0, edits))

    def _check_later(self, check: wanted.CheckCard, about: Message) -> None:
        if self._checks.want(check):
            self._context.spawn(partial(self._check, check.press), about)

    async def _check(self, press: Press) -> None:
        checked = await self._checks.look(press)
        if checked is not None:
            await self._context.tell(checked)

    async def _send_file(self, press: Press) -> None:
        try:
            row = self._item.row or await self._load(press)
            if row is not None:
                await self._outside.chat.send_original(row, press.message_id)
                return
        except (PortError, NotStored):
            pass
        face = replace(_face(press, self._item.known_to(press)), line=words.FILE_NOT_SENT)
        await self._refused(press, self._outside.cards.add_line(face, needed=True), words.FILE_NOT_SENT)
        self._check_later(wanted.CheckCard(press, words.FILE_NOT_SENT), SendOriginal(press))

    async def _load(self, press: Press) -> Row | None:
        ticket = Ticket(anyio.current_time() + 10.0, Lane.REST)
        return (await self._outside.store.ask(LoadRow(press.chat_id, press.item_id), ticket)).value

    async def _send_card(self, row: Row) -> None:
        """Claimed before, saved after; a send of which nobody knows is told to the row as such."""
        try:
            with anyio.fail_after(SEND_SECONDS):
                sent = await self._outside.chat.send_card(row)
        except Unreachable as error:
            await self._card_not_sent(row, False, error.retry_after_seconds or 0.0)
        except Refused:
            await self._card_not_sent(row, False, 60.0)
        except (AnswerLost, TimeoutError):
            await self._card_not_sent(row, True, 0.0)
        else:
            save = SaveCard(row, sent.message_id, sent.file_id, self._outside.worker)
            await self._store(save, lambda saved: self._card_sent(saved, row.revision), CardNotSent(row, "not saved"))

    def _card_sent(self, saved: Row, shown: int) -> Message:
        self._outside.look_ahead(saved)
        return CardSent(saved, shown)

    async def _card_not_sent(self, row: Row, ambiguous: bool, pause_seconds: float) -> None:
        failed = SendFailed(row, self._outside.worker, ambiguous, pause_seconds)
        sentence = "nobody knows whether it was sent" if ambiguous else "not sent"
        await self._store(failed, lambda kept: CardNotSent(kept, sentence), CardNotSent(row, sentence))
        self._outside.wake_schedule()

    async def _record_outcome(self, effect: wanted.RecordOutcome) -> None:
        store = StoreOutcome(effect.row, effect.step, effect.sentence, self._outside.worker)
        await self._store(store, lambda row: Changed(row, effect.step.value), OutcomeNotRecorded(effect.row))

    async def _store(self, operation: Operation[Row], told: Callable[[Row], Message], lost: Message) -> None:
        ticket = Ticket(anyio.current_time() + HOLD_SECONDS, Lane.REST)
        try:
            reply = await self._outside.store.ask(operation, ticket)
        except NotStored:
            await self._context.tell(lost)
        else:
            await self._context.tell(told(reply.value))

    def _interaction(self, press: Press, kind: str) -> Interaction:
        at_ms = int(self._outside.clock.now().timestamp() * 1000)
        person = press.person
        return Interaction(press.chat_id, kind, person.id, person.name, press.item_id, press.id, at_ms)


def _face(press: Press, row: Row | None) -> Face:
    """What the tapped message shall show; drawn from the row if it is known, else from what the person saw."""
    version = row.version if row else press.version
    return Face(press.chat_id, press.message_id, press.item_id, version, row=row, seen=press.seen)


def _faces(row: Row) -> list[tuple[Face, Shown]]:
    return [
        (
            Face(card.chat_id, card.message_id, row.id, row.version, row, retired=card.retired),
            Shown(card, row.id, row.revision),
        )
        for card in row.cards
    ]
