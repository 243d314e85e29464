"""Finds the answer to what people write: asked of the database within a bound, said until Telegram has taken it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeAlias, TypeVar

import anyio
import structlog

from actors.audit.lines import write_item_line
from actors.commands import texts
from actors.commands.delivery import ASK_SECONDS, MessageDelivery
from actors.commands.dependencies import CommandDependencies
from actors.commands.parsing import Command, CommandVerb, Courtesy, asked, is_too_old, looks_like_one, read
from actors.database.asking import terms_for
from actors.database.request import NotStored, Priority, Reply
from actors.domain.flood_limit import Flood
from actors.domain.messages import Present
from actors.domain.updates import Heard, Said
from actors.errors import MailboxClosed
from actors.operations.commands import (
    CommandKey,
    CommandOutcome,
    LookAtChat,
    PauseChat,
    PresentNext,
    RequeueItem,
    SetAside,
    Told,
)
from actors.operations.operation import Operation
from actors.runtime.waiting import until_stopped

T = TypeVar("T")
log = structlog.get_logger()
SETTLE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A command that changes something, and what it asks."""

    command: Command
    said: Said
    operation: PresentNext | PauseChat | RequeueItem | SetAside


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What is said, and how the log calls it; `unknown`: of this change it is not known yet what it came to.

    `item_id`: the item that it is about, if it is about one.
    """

    text: str
    verb: str
    outcome: str
    attempts: int = 0
    unknown: ChangeRequest | None = None
    item_id: int | None = None


Heap: TypeAlias = list[tuple[Said, CommandAnswer]]


class Answering:
    """Finds the answer to a command, and says it.

    `stopping` ends what is done while no person waits.
    """

    def __init__(self, dependencies: CommandDependencies, delivery: MessageDelivery) -> None:
        self.stopping = anyio.Event()
        self._dependencies = dependencies
        self._delivery = delivery
        self._courtesy = Courtesy()
        self._kindness = Courtesy()
        self._flood = Flood()

    def read(self, said: Said) -> Command | None:
        """Read a command of ours; the caption of a picture is none."""
        return None if said.media else read(said.text)

    def is_worth_hearing(self, said: Said, addressed: bool) -> bool:
        """Tell whether it may get an answer. What we cannot use gets one an hour a chat, if it is addressed to us."""
        if self.read(said) is not None:
            return True
        if not (said.media or looks_like_one(said.text)):
            return said.private
        if not (addressed or said.private or said.to_us):
            return False
        now = anyio.current_time()
        if self._kindness.is_fresh(said.chat_id, now):
            return False
        # Noted at the door: an album comes as ten messages at once.
        self._kindness.tell(said.chat_id, now)
        return True

    def is_too_old(self, said: Said) -> bool:
        """Tell whether it lay at the platform for so long that it is not done any more."""
        command = self.read(said)
        return command is not None and is_too_old(command, self._age_seconds(said))

    def admits(self, said: Said) -> bool:
        """Count it as one of its person's; False: there are too many. Old ones get one answer for all of them."""
        return self.is_too_old(said) or self._flood.admits(_who(said), anyio.current_time())

    def may_turn_away(self, said: Said) -> bool:
        """Tell whether its person may hear now that it is too much: once a minute, and never in the way of cards."""
        may = self.read(said) is not None and self._delivery.may_speak(said.chat_id)
        return may and self._flood.may_tell(_who(said), anyio.current_time())

    def pass_over(self, said: Said) -> None:
        """Let it be forgotten without an answer: its person was told."""
        self._flood.pass_over(_who(said))
        self.confirm(said)

    async def decide(self, said: Said) -> CommandAnswer | None:
        """Do what is asked, and say how it went; None: there is nothing to say."""
        command = self.read(said)
        answer = await (self._greet(said) if command is None else self._obey(command, said))
        return answer if answer is not None and self._is_worth_saying(said, answer.text) else None

    async def say(self, said: Said, answer: CommandAnswer) -> None:
        """Say it until Telegram has taken it, or may have, or takes it no more."""
        self.note(said, answer, answered=await self._send(said, answer.text))

    def note(self, said: Said, answer: CommandAnswer, *, answered: bool) -> None:
        """Write the command's line."""
        log.info(
            "command",
            chat_id=said.chat_id,
            message_id=said.message_id,
            user_id=said.person.id,
            item_id=answer.item_id,
            verb=answer.verb,
            outcome=answer.outcome,
            db_attempts=answer.attempts,
            answered=answered,
            answered_ms=round((anyio.current_time() - said.at) * 1000, 1),
            passed_over=self._flood.passed_over(_who(said)),
        )

    async def settle(self, unknown: ChangeRequest) -> None:
        """Ask with the same key until it is known, though its person waits no more; then say it."""
        answer = await until_stopped(self.stopping, partial(self._learn, unknown))
        if answer is not None:
            await self.say(unknown.said, answer)

    async def refuse(self, said: Said, text: str) -> None:
        """Say that nothing was done; then Telegram may forget it."""
        await self.say(said, CommandAnswer(text, "unread", "refused"))
        self.confirm(said)

    def confirm(self, heard: Heard) -> None:
        """Let Telegram forget it."""
        self._dependencies.confirm(heard.update_id)

    async def _greet(self, said: Said) -> CommandAnswer | None:
        """What is no command of ours: a stranger hears who we are, without the database once they did."""
        if said.media and said.private:
            return self._decline(said, None)
        if said.private and self._courtesy.is_fresh(said.chat_id, anyio.current_time()):
            return None
        is_known = await self._delivery.is_known(said.chat_id, said.person.id)
        if said.media or looks_like_one(said.text):
            return self._decline(said, is_known)
        return CommandAnswer(texts.STRANGER, "chatter", "stranger") if is_known is False else None

    def _decline(self, said: Said, is_known: bool | None) -> CommandAnswer:
        text = texts.unusable(self._scene(said), is_known, media=said.media)
        return CommandAnswer(text, "media" if said.media else "unknown", "unusable")

    async def _obey(self, command: Command, said: Said) -> CommandAnswer:
        operation = asked(command, CommandKey(said.chat_id, said.message_id, said.person), self._dependencies.worker)
        try:
            if not isinstance(operation, LookAtChat):
                return await self._change(ChangeRequest(command, said, operation), ASK_SECONDS)
            looked = await self._ask(operation, said, ASK_SECONDS)
        except NotStored as lost:
            # An earlier process may have asked, too.
            certain = lost.certain and not said.redelivered
            text = texts.unanswered(command, self._scene(said), certain)
            unknown = None if certain or isinstance(operation, LookAtChat) else ChangeRequest(command, said, operation)
            outcome = "not_stored" if certain else "unknown"
            return CommandAnswer(text, command.verb.value, outcome, lost.attempts, unknown)
        scene = self._scene(said)
        if command.verb is CommandVerb.STATE and looked.value is not None:
            scene = replace(scene, lacks=await self._dependencies.shortcomings(said.chat_id))
        text = texts.seen(command, scene, looked.value)
        return CommandAnswer(text, command.verb.value, "seen", looked.attempts)

    async def _learn(self, unknown: ChangeRequest) -> CommandAnswer:
        try:
            return await self._change(unknown, SETTLE_SECONDS)
        except NotStored as lost:
            return CommandAnswer(texts.NEVER_KNOWN, unknown.command.verb.value, "unknown", lost.attempts)

    async def say_for_all(self, heap: Heap, text: str) -> None:
        """Say one thing for many, each of which has its line."""
        answered = not text or await self._send(heap[0][0], text)
        for said, answer in heap:
            self.note(said, answer, answered=answered)

    async def set_aside(self, heap: Sequence[Said], seconds: float) -> tuple[Heap, str]:
        """Have the keys of old commands closed, so that none of them is done; what had been done is told as usual."""
        look = LookAtChat(heap[0].chat_id, heap[0].person.id, 0)
        view = (await self._ask(look, heap[0], seconds)).value
        answers = [(said, await self._close(said, seconds)) for said in heap]
        now = self._dependencies.clock.now()
        sent = [
            (command.verb, said.sent_at or now - timedelta(seconds=self._age_seconds(said)))
            for said, answer in answers
            if answer.outcome == CommandOutcome.TOO_OLD.value and (command := self.read(said)) is not None
        ]
        lines = [answer.text for _, answer in answers if answer.outcome != CommandOutcome.TOO_OLD.value]
        if sent:
            lines.append(texts.too_old(sent, "UTC" if view is None else view.timezone, now))
        return answers, "\n".join(line for line in dict.fromkeys(lines) if self._is_worth_saying(heap[0], line))

    async def _close(self, said: Said, seconds: float) -> CommandAnswer:
        command = self.read(said)
        assert command is not None, "only commands grow old"
        key = CommandKey(said.chat_id, said.message_id, said.person)
        return await self._change(ChangeRequest(command, said, SetAside(key, command.verb.value)), seconds)

    def _age_seconds(self, said: Said) -> float:
        """How old it was when we saw it first; our own clock serves where the platform shows none."""
        if said.age_seconds is not None or said.sent_at is None:
            return said.age_seconds or 0.0
        waited = anyio.current_time() - said.at
        return (self._dependencies.clock.now() - said.sent_at).total_seconds() - waited

    def _is_worth_saying(self, said: Said, text: str) -> bool:
        """A stranger hears who we are once an hour."""
        now = anyio.current_time()
        if text != texts.STRANGER:
            return True
        if self._courtesy.is_fresh(said.chat_id, now):
            return False
        self._courtesy.tell(said.chat_id, now)
        return True

    async def _change(self, change: ChangeRequest, seconds: float) -> CommandAnswer:
        reply = await self._ask(change.operation, change.said, seconds)
        self._tell(change.command, change.said, reply.value)
        await self._follow(change.said, reply.value)
        told, verb = reply.value, change.command.verb.value
        text = texts.told(change.command, self._scene(change.said), told)
        item_id = told.row.id if told.row else None
        return CommandAnswer(text, verb, told.verdict.value, reply.attempts, item_id=item_id)

    async def _ask(self, operation: Operation[T], said: Said, seconds: float) -> Reply[T]:
        priority = Priority.LOW if said.private else Priority.HIGH  # strangers never come before a tap
        return await self._dependencies.store.ask(operation, terms_for(seconds, priority))

    def _tell(self, command: Command, said: Said, told: Told) -> None:
        """What we claimed has its line, once, also when asked for again; what we brought back is kept for the log."""
        row, key = told.row, f"presented by {said.message_id}"
        if row is not None and told.claimed and self._dependencies.logged_taps.is_new(row, key):
            write_item_line(row, "presented", f"/{command.verb.value}", user_id=said.person.id)

    async def _follow(self, said: Said, told: Told) -> None:
        if told.claimed and told.row is not None:
            try:
                await self._dependencies.items.tell((said.chat_id, told.row.id), Present(told.row))
            except MailboxClosed:
                # We stop: the hold runs out, and the schedule sends it.
                log.info("command.stopped", chat_id=said.chat_id, item_id=told.row.id)
        if told.verdict is CommandOutcome.DONE:
            self._dependencies.look_again()

    def _scene(self, said: Said) -> texts.Scene:
        now, silence = self._dependencies.clock.now(), self._dependencies.silence_seconds()
        return texts.Scene(said.person.name, said.chat_id, said.private, now, silence, topic=said.topic)

    async def _send(self, said: Said, text: str) -> bool:
        return await self._delivery.say(said.chat_id, text, said.at, said.topic) is None


def _who(said: Said) -> tuple[int, int]:
    return said.chat_id, said.person.id
