"""The shell of one queue item: receive, decide, perform; every outcome comes back as a message."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import assert_never

from actors.audit.lines import write_item_line
from actors.bounds import LOOK_AT_BUTTON_SECONDS, TAP_HOLD_SECONDS
from actors.database.asking import AGAIN_SECONDS, ask_until_answered, terms_for
from actors.database.request import NotStored, Priority
from actors.domain.item import Item
from actors.domain.messages import (
    AskExpired,
    Changed,
    Message,
    OriginalNotSent,
    OutcomeNotRecorded,
    StillRecording,
    Unvouched,
)
from actors.domain.taps import Press, Pressed, Tap
from actors.item import effects, texts
from actors.item.callback_answers import say_in_chat, say_until_heard, toast
from actors.item.card_checks import CardChecks
from actors.item.card_requests import CardRequests
from actors.item.decide import decide
from actors.item.dependencies import ItemDependencies
from actors.item.memory import ItemMemory
from actors.item.recording import TapRecorder
from actors.item.sending import Sends
from actors.item.tap_log import OpenTaps
from actors.operations.housekeeping import Interaction
from actors.operations.schedule import StoreOutcome
from actors.operations.taps import CloseTap, LoadItem, LookAtButton
from actors.peers import ItemKey
from actors.runtime.actor import Context, EffectTask

INTERIM_SECONDS = 0.4
QUESTION_SECONDS = 60.0


class ItemActor:
    """One item with something to do."""

    def __init__(self, dependencies: ItemDependencies, context: Context[ItemKey, Message]) -> None:
        self._dependencies = dependencies
        self._context = context
        self._memory = ItemMemory(context.key[1], known=dependencies.known.of(context.key))
        self._open_taps = OpenTaps(dependencies.logged_taps)
        self._card_requests = CardRequests(dependencies, self._open_taps, lambda: self._memory.known)
        self._recorder = TapRecorder(dependencies, self._open_taps, context.tell)
        self._checks = CardChecks(dependencies.store, dependencies.pause)
        self._sends = Sends(dependencies, context.tell)

    @property
    def idle(self) -> bool:
        """Nothing is known: there is nothing to keep warm."""
        return replace(self._memory, known=None) == ItemMemory(self._memory.id)

    def receive(self, message: Message) -> None:
        """Decide, then start what was decided; nothing here waits."""
        people = self._dependencies.people
        if isinstance(message, Pressed):
            message = replace(message, press=replace(message.press, standing=people.standing(message.press)))
        people.hear(message)
        decision = decide(self._memory, message)
        if decision.memory.known is not None and decision.memory.known != self._memory.known:
            self._dependencies.known.keep(self._context.key, decision.memory.known)
        row = decision.memory.row
        if row is not None and row is not self._memory.row:
            people.hear_of_chat(row.chat_id, restricted=row.restricted)
        self._memory = decision.memory
        for effect in decision.effects:
            self._perform(effect, message)

    def _perform(self, effect: effects.Effect, about: Message) -> None:  # noqa: C901, PLR0912, PLR0915 - one clause an effect
        """Start what was decided."""
        spawn = self._context.spawn
        match effect:
            case effects.ShowCard(press=press):
                self._spawn_for(press, self._card_requests.card(effect), about)
            case effects.SendCard(row):
                spawn(partial(self._sends.send, row), about)
            case effects.ReportLost(row, reason):
                spawn(partial(self._sends.report_lost, row, reason), about)
            case effects.ReportRefused(row, reason):
                spawn(partial(self._sends.report_refused, row, reason), about)
            case effects.ReportChatClosed(row, reason):
                spawn(partial(self._sends.report_chat_closed, row, reason), about)
            case effects.StartPublish(row):
                spawn(partial(self._dependencies.publish, row), about)
            case effects.RecordOutcome():
                spawn(partial(self._record_outcome, effect), about)
            case effects.Record(tap):
                self._dependencies.people.asks(tap.press)
                spawn(self._recorder.begin(tap), about)
            case effects.CloseUnconfirmedTap(tap):
                spawn(partial(self._close, tap), about)
            case effects.WatchRecording(tap):
                self._dependencies.call_later(INTERIM_SECONDS, partial(self._interim, tap))
            case effects.WatchQuestion(press):
                spawn(partial(self._later, QUESTION_SECONDS, AskExpired(press)), about)
            case effects.AnswerTap(press):
                self._spawn_for(press, partial(self._answer, effect), about)
            case effects.ShowLine():
                self._add_line(effect, about)
            case effects.SayInChat(press):
                self._spawn_for(press, partial(self._say, effect), about)
            case effects.ShowQuestion(press):
                self._spawn_for(press, self._card_requests.question(effect), about)
            case effects.CheckCard():
                self._check_later(effect, about)
            case effects.VerifyButton(pressed):
                self._dependencies.people.asks(pressed.press)
                self._spawn_for(pressed.press, partial(self._look, pressed), about)
            case effects.SendFile():
                spawn(partial(self._send_file, effect), about)
            case effects.AbandonRecording(press):
                self._recorder.abandon(press)
            case effects.LogInteraction(press, kind):
                if self._dependencies.people.may_note(press):
                    self._dependencies.note(self._interaction(press, kind))
            case effects.Conclude(press):
                self._open_taps.of(press).conclude(effect)
            case effects.ConfirmUpdate(press, after):
                self._open_taps.of(press).progress.once(after, partial(self._dependencies.confirm, press.update_id))
            case _:
                assert_never(effect)

    def _spawn_for(self, press: Press | None, effect: EffectTask, about: Message) -> None:
        """Start what the line of this press must wait for, if there is a press."""
        if press is None:
            self._context.spawn(effect, about)
            return
        progress = self._open_taps.of(press).progress
        progress.begin()

        async def traced() -> None:
            try:
                await effect()
            finally:
                progress.end()

        self._context.spawn(traced, about)

    def _interim(self, tap: Tap) -> None:
        if self._recorder.is_open(tap):
            self._context.spawn(partial(self._context.tell, StillRecording(tap)), tap)

    async def _later(self, seconds: float, message: Message) -> None:
        if not await self._dependencies.pause(seconds):
            await self._context.tell(message)

    async def _answer(self, effect: effects.AnswerTap) -> None:
        """Toast, at once; one that is lost never stops the action, and what no card tells is then said in the chat."""
        press, aloud = effect.press, self._dependencies.aloud
        toasted = await toast(self._dependencies.chat, press, effect.text, self._dependencies.pause)
        if toasted.seen:
            self._open_taps.of(press).toasted(limited=toasted.limited)
        elif effect.alone and (not effect.seldom or self._dependencies.seldom.may_tell(press, effect.text)):
            await say_in_chat(aloud, press, texts.aloud(press.person.name, effect.text))
        elif effect.alone:
            await aloud.hear_out(press.chat_id, press.topic)

    async def _say(self, effect: effects.SayInChat) -> None:
        press = effect.press
        if not effect.seldom or self._dependencies.seldom.may_tell(press, effect.text):
            await say_until_heard(self._dependencies.aloud, effect, self._dependencies.pause)
        else:
            # Another press of this person has it said: this one is done once that is heard.
            await self._dependencies.aloud.hear_out(press.chat_id, press.topic)

    async def _look(self, pressed: Pressed) -> None:
        """Ask whose card it is; a person waits for what shall be shown on it."""
        terms = terms_for(LOOK_AT_BUTTON_SECONDS, Priority.HIGH)
        try:
            reply = await self._dependencies.store.ask(LookAtButton(pressed), terms)
        except NotStored:
            await self._context.tell(Unvouched(pressed))
        else:
            await self._context.tell(reply.value)

    async def _close(self, tap: Tap) -> None:
        """Ask until answered: afterwards no late attempt can take effect unseen. A refusal is no answer to that."""
        dependencies, closing = self._dependencies, CloseTap(tap, self._dependencies.worker)
        terms, stopping = partial(terms_for, TAP_HOLD_SECONDS, Priority.HIGH), False
        while not stopping:
            try:
                reply = await ask_until_answered(dependencies.store, closing, terms, dependencies.pause)
            except NotStored:
                stopping = await dependencies.pause(AGAIN_SECONDS)
            else:
                if reply is not None:
                    await self._context.tell(reply.value)
                return

    def _add_line(self, effect: effects.ShowLine, about: Message) -> None:
        waits = effect.press if effect.needed else None
        self._spawn_for(waits, partial(self._see_line, effect, self._card_requests.line(effect), about), about)

    async def _see_line(self, effect: effects.ShowLine, shown: EffectTask, about: Message) -> None:
        await shown()
        if effect.check:
            drawn = effect.row.revision if effect.row else None
            self._check_later(effects.CheckCard(effect.press, effect.line, drawn), about)

    def _check_later(self, check: effects.CheckCard, about: Message) -> None:
        if self._checks.want(check):
            self._context.spawn(partial(self._check, check.press), about)

    async def _check(self, press: Press) -> None:
        checked = await self._checks.look(press)
        if checked is not None:
            await self._context.tell(checked)

    async def _send_file(self, effect: effects.SendFile) -> None:
        press = effect.press
        outcome: Message
        try:
            row = effect.row or await self._load(press)
            if row is None:
                outcome = OriginalNotSent(press, True, "no such item")
            else:
                outcome = await self._sends.send_original(row, press)
        except NotStored:
            outcome = OriginalNotSent(press, True, "the database did not answer")
        await self._context.tell(outcome)

    async def _load(self, press: Press) -> Item | None:
        terms = terms_for(10.0)
        return (await self._dependencies.store.ask(LoadItem(press.chat_id, press.item_id), terms)).value

    async def _record_outcome(self, effect: effects.RecordOutcome) -> None:
        store = StoreOutcome(effect.row, effect.action, effect.sentence, self._dependencies.worker)
        await self._sends.store(store, partial(self._outcome_stored, effect), OutcomeNotRecorded(effect.row))

    def _outcome_stored(self, effect: effects.RecordOutcome, row: Item) -> Message:
        """Another decision may have come first: then it has a line of its own."""
        if (
            row.settled is not None
            and row.settled.action is effect.action
            and self._dependencies.logged_taps.is_new(row, effect.action.value)
        ):
            write_item_line(row, effect.action.value, "dry run")
        return Changed(row, effect.action.value)

    def _interaction(self, press: Press, kind: str) -> Interaction:
        at_ms = int(self._dependencies.clock.now().timestamp() * 1000)
        person = press.person
        return Interaction(press.chat_id, kind, person.id, person.name, press.item_id, press.id, at_ms)
