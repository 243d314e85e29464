"""The commands of one chat: asked of the database and answered in their order, within a bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import anyio
import structlog

from actors.errors import MailboxClosed, PortError, Unreachable
from actors.ports import Chat, Clock, Said
from actors.rules import replies
from actors.rules.chat_operations import LookAtChat, PauseChat, PresentNext, RequeueItem, Told, Verdict, Wish
from actors.rules.commands import Command, Courtesy, Verb, asked, read
from actors.rules.messages import Present
from actors.rules.operations import Operation
from actors.rules.requests import Asks, Lane, NotStored, Reply, Ticket
from actors.runtime.actor import Context
from actors.shell.outside import Items, until
from actors.shell.trace import Explained, write_item_line

T = TypeVar("T")
log = structlog.get_logger()

ASK_SECONDS = 2.0  # nobody waits longer for a database that does not answer
SEND_SECONDS = 5.0
SEND_AGAIN_SECONDS = 1.0
HOLD_SECONDS = 60.0  # so long an answer is tried that Telegram does not take
SETTLE_SECONDS = 600.0
MOST_OPEN = 5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that commands reach; `look_again` wakes whoever looks at the queue and at cards."""

    worker: str
    store: Asks
    chat: Chat
    items: Items
    clock: Clock
    confirm: Callable[[int], None]
    look_again: Callable[[], None]
    silence_seconds: Callable[[], float | None]
    explained: Explained = field(default_factory=Explained)


@dataclass(frozen=True, slots=True)
class Change:
    """A command that changes something, and what it asks."""

    command: Command
    said: Said
    operation: PresentNext | PauseChat | RequeueItem


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said, and how the log calls it; `doubt`: of this change nobody knows yet what it came to."""

    text: str
    verb: str
    outcome: str
    attempts: int = 0
    doubt: Change | None = None


class Speaker:
    """Finds the answer to a command, and says it.

    `stopping` ends what is done without anybody waiting.
    """

    def __init__(self, outside: Surroundings) -> None:
        self.stopping = anyio.Event()
        self._outside = outside
        self._courtesy = Courtesy()

    def read(self, said: Said) -> Command | None:
        """Read a command of ours."""
        return read(said.text)

    async def decide(self, said: Said) -> Answer | None:
        """Do what is asked, and say how it went; None: there is nothing to say."""
        command = self.read(said)
        answer = await (self._greet(said) if command is None else self._obey(command, said))
        if answer is not None and answer.text == replies.STRANGER:
            now = anyio.current_time()
            if self._courtesy.is_fresh(said.chat_id, now):
                return None
            self._courtesy.tell(said.chat_id, now)
        return answer

    async def say(self, said: Said, answer: Answer) -> None:
        """Say it until Telegram has taken it, or may have, or takes it no more."""
        answered = await self._send(said, answer.text)
        log.info(
            "command",
            chat_id=said.chat_id,
            message_id=said.message_id,
            user_id=said.person.id,
            verb=answer.verb,
            outcome=answer.outcome,
            db_attempts=answer.attempts,
            answered=answered,
            answered_ms=round((anyio.current_time() - said.at) * 1000, 1),
        )

    async def settle(self, doubt: Change) -> None:
        """Ask with the same key until it is known, though nobody waits any more; then say it."""
        answer = await until(self.stopping, partial(self._learn, doubt))
        if answer is not None:
            await self.say(doubt.said, answer)

    async def refuse(self, said: Said, text: str) -> None:
        """Say that nothing was done; then Telegram may forget it."""
        await self.say(said, Answer(text, "unread", "refused"))
        self.confirm(said)

    def confirm(self, said: Said) -> None:
        """Let Telegram forget what was said."""
        self._outside.confirm(said.update_id)

    async def _greet(self, said: Said) -> Answer | None:
        """Somebody who talks to us alone: a stranger hears who we are, without the database once they did."""
        if not said.private or self._courtesy.is_fresh(said.chat_id, anyio.current_time()):
            return None
        look = LookAtChat(said.chat_id, said.person.id, 0)
        try:
            known = (await self._ask(look, said, ASK_SECONDS)).value is not None
        except NotStored:
            return None
        return None if known else Answer(replies.STRANGER, "chatter", "stranger")

    async def _obey(self, command: Command, said: Said) -> Answer:
        operation = asked(command, Wish(said.chat_id, said.message_id, said.person), self._outside.worker)
        try:
            if not isinstance(operation, LookAtChat):
                return await self._change(Change(command, said, operation), ASK_SECONDS)
            looked = await self._ask(operation, said, ASK_SECONDS)
        except NotStored as lost:
            # An earlier process may have asked, too.
            certain = lost.certain and not said.redelivered
            text = replies.unanswered(command, self._scene(said), certain)
            doubt = None if certain or isinstance(operation, LookAtChat) else Change(command, said, operation)
            outcome = "not_stored" if certain else "unknown"
            return Answer(text, command.verb.value, outcome, lost.attempts, doubt)
        text = replies.seen(command, self._scene(said), looked.value)
        return Answer(text, command.verb.value, "seen", looked.attempts)

    async def _learn(self, doubt: Change) -> Answer:
        try:
            return await self._change(doubt, SETTLE_SECONDS)
        except NotStored as lost:
            return Answer(replies.NEVER_KNOWN, doubt.command.verb.value, "unknown", lost.attempts)

    async def _change(self, change: Change, seconds: float) -> Answer:
        reply = await self._ask(change.operation, change.said, seconds)
        self._tell(change.command, change.said, reply.value)
        await self._follow(change.said, reply.value)
        text = replies.told(change.command, self._scene(change.said), reply.value)
        return Answer(text, change.command.verb.value, reply.value.verdict.value, reply.attempts)

    async def _ask(self, operation: Operation[T], said: Said, seconds: float) -> Reply[T]:
        lane = Lane.REST if said.private else Lane.TAPS  # strangers never come before a tap
        return await self._outside.store.ask(operation, Ticket(anyio.current_time() + seconds, lane))

    def _tell(self, command: Command, said: Said, told: Told) -> None:
        """What a command did to an item has its line, whoever asked again for the answer."""
        row, change = told.row, "presented" if told.claimed else "requeued"
        done = told.claimed or (told.verdict is Verdict.DONE and command.verb is Verb.REQUEUE)
        if row is not None and done and self._outside.explained.is_new(row, f"{change} by {said.message_id}"):
            write_item_line(row, change, f"/{command.verb.value}", user_id=said.person.id)

    async def _follow(self, said: Said, told: Told) -> None:
        if told.claimed and told.row is not None:
            try:
                await self._outside.items.tell((said.chat_id, told.row.id), Present(told.row))
            except MailboxClosed:
                # We stop: the hold runs out, and the schedule sends it.
                log.info("command.stopped", chat_id=said.chat_id, item_id=told.row.id)
        if told.verdict is Verdict.DONE:
            self._outside.look_again()

    def _scene(self, said: Said) -> replies.Scene:
        now, silence = self._outside.clock.now(), self._outside.silence_seconds()
        return replies.Scene(said.person.name, said.chat_id, said.private, now, silence)

    async def _send(self, said: Said, text: str) -> bool:
        give_up_at = max(said.at + HOLD_SECONDS, anyio.current_time() + SEND_SECONDS)
        pause = 0.0
        while anyio.current_time() + pause <= give_up_at:
            await anyio.sleep(pause)
            try:
                with anyio.fail_after(SEND_SECONDS):
                    await self._outside.chat.send_text(said.chat_id, text)
            except Unreachable as error:
                pause = error.retry_after_seconds or SEND_AGAIN_SECONDS
            except (PortError, TimeoutError):
                # Refused; or it may stand there, and is not said twice.
                return False
            else:
                return True
        return False


@dataclass(slots=True, eq=False)
class _Turn:
    """A command's place in its chat: the next one asks after it has asked, and answers after it has answered."""

    decided: anyio.Event = field(default_factory=anyio.Event)
    answered: anyio.Event = field(default_factory=anyio.Event)

    def end(self) -> None:
        self.decided.set()
        self.answered.set()


class Conversation:
    """One chat; once all is answered it knows nothing that is worth a task."""

    idle = True

    def __init__(self, speaker: Speaker, context: Context[int, Said]) -> None:
        self._speaker = speaker
        self._context = context
        self._open = 0
        self._last = _Turn()
        self._last.end()

    def receive(self, said: Said) -> None:
        """Have it answered after those before it, or refused at once when too many are open."""
        if self._open >= MOST_OPEN:
            self._context.spawn(partial(self._speaker.refuse, said, replies.BUSY), said)
            return
        before, self._last = self._last, _Turn()
        self._open += 1
        self._context.spawn(partial(self._serve, said, before, self._last), said)

    async def _serve(self, said: Said, before: _Turn, turn: _Turn) -> None:
        doubt = None
        try:
            await before.decided.wait()
            answer = await self._speaker.decide(said)
            turn.decided.set()
            await before.answered.wait()
            if answer is not None:
                doubt = answer.doubt
                await self._speaker.say(said, answer)
        finally:
            self._open -= 1
            turn.end()
        # Also in doubt, which was said: an update that is held costs a tap its place.
        self._speaker.confirm(said)
        if doubt is not None:
            await self._speaker.settle(doubt)
