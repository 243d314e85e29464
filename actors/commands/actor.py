"""Hears what people write to the bot; chats never wait for each other, and each has its answers in order."""

from __future__ import annotations

from functools import partial

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.commands import texts
from actors.commands.answering import Answering
from actors.commands.bot_name import BotName
from actors.commands.conversation import Conversation
from actors.commands.delivery import MessageDelivery
from actors.commands.dependencies import CommandDependencies
from actors.commands.greeting import Greeting
from actors.commands.parsing import addressee, mentions
from actors.domain.updates import Heard, Membership, Said
from actors.errors import MailboxClosed, MailboxFull, PortError, Refused
from actors.runtime.actor import DeadLetter, Reason
from actors.runtime.backoff import Backoff
from actors.runtime.child import ChildContext
from actors.runtime.registry import Registry

log = structlog.get_logger()

MENU_SECONDS = 25.0
MENU_RETRY = Backoff((5.0, 30.0, 300.0))
MENU_REFUSED_SECONDS = 3600.0
MENU_EVERY_SECONDS = 4 * 3600.0  # another program of the same bot may have changed it


class Commands:
    """The registry of conversations, and what becomes of a command that crashed one: its person is answered."""

    def __init__(self, dependencies: CommandDependencies) -> None:
        self._chat = dependencies.chat
        delivery = MessageDelivery(dependencies.chat, dependencies.store, dependencies.paces, dependencies.look_again)
        self._answering = Answering(dependencies, delivery)
        self._greeting = Greeting(delivery)
        self._own_name = BotName(dependencies.chat, self._hear_named, self._ignore)
        self._registry: Registry[int, Heard] = Registry(
            partial(Conversation, self._answering, self._greeting), self._to_dead_letters
        )
        self._tasks: TaskGroup | None = None
        self._waiting: TaskGroup | None = None  # of what no stop waits for

    def tell_nowait(self, heard: Heard) -> None:
        """Have it answered and confirmed; raises MailboxClosed. What people tell each other is just confirmed."""
        if isinstance(heard, Said):
            self._sort(heard)
            return
        try:
            self._registry.tell_nowait(heard.chat_id, heard)
        except MailboxFull:
            self._pass_over(heard)

    def _sort(self, said: Said) -> None:
        name = None if said.media else addressee(said.text)
        if name is None:
            self._hear(said, addressed=said.media and mentions(said.text, self._own_name.name))
        elif self._waiting is None:
            raise MailboxClosed(said)
        else:
            self._own_name.sort(said, name, self._waiting)

    def _hear(self, said: Said, *, addressed: bool) -> None:
        if not self._answering.is_worth_hearing(said, addressed):
            self._answering.confirm(said)
            return
        if not self._answering.admits(said):
            self._turn_away(said)
            return
        try:
            self._registry.tell_nowait(said.chat_id, said)
        except MailboxFull:
            self._turn_away(said)

    def _turn_away(self, said: Said) -> None:
        if self._answering.may_turn_away(said):
            self._refuse(said, texts.BUSY)
        else:
            self._answering.pass_over(said)

    async def run(self, context: ChildContext) -> None:
        """Answer until stopped, then what is open."""
        self._answering.stopping = context.stopping
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            async with anyio.create_task_group() as waiting:
                self._waiting = waiting
                waiting.start_soon(self._own_name.run)
                waiting.start_soon(self._show_menu)
                await self._registry.run(context)
                self._waiting = None
                waiting.cancel_scope.cancel()
            self._tasks = None

    async def _show_menu(self) -> None:
        """Have Telegram show our commands, now and every few hours; nothing waits for it."""
        failures = 0
        while True:
            pause = await self._menu_trouble(failures)
            failures = 0 if pause is None else failures + 1
            await anyio.sleep(MENU_EVERY_SECONDS if pause is None else pause)

    async def _menu_trouble(self, failures: int) -> float | None:
        """Try once; returns the pause in seconds after a failure. Telegram limits this call for up to 19 minutes."""
        try:
            with anyio.fail_after(MENU_SECONDS):
                await self._chat.show_menu(texts.MENU)
        except (PortError, TimeoutError) as error:
            refused = isinstance(error, Refused)
            pause = MENU_REFUSED_SECONDS if refused else MENU_RETRY.after(failures + 1, error)
            log.info("menu.not_shown", reason=str(error) or "no answer in time", again_seconds=pause)
            return pause
        return None

    def _hear_named(self, said: Said) -> None:
        try:
            self._hear(said, addressed=True)
        except MailboxClosed:
            # It waited until we stopped: unconfirmed, it comes again.
            log.info("command.stopped", chat_id=said.chat_id, message_id=said.message_id)

    def _ignore(self, said: Said, is_unknown: bool) -> None:
        """It is for another bot; or that is not known, and then it may not be obeyed either."""
        if is_unknown:
            reason = "our own name is not known yet"
            log.warning("command.ignored", chat_id=said.chat_id, message_id=said.message_id, reason=reason)
        self._answering.confirm(said)

    def _to_dead_letters(self, letter: DeadLetter[int, Heard]) -> None:
        """A crash is answered. What a stop left over is not: unconfirmed, it comes again to the next poller."""
        if letter.reason not in {Reason.CRASHED, Reason.QUARANTINED}:
            return
        if isinstance(letter.message, Said):
            self._refuse(letter.message, texts.BROKEN)
        else:
            self._pass_over(letter.message)

    def _pass_over(self, change: Membership) -> None:
        self._greeting.note(change, None)
        self._answering.confirm(change)

    def _refuse(self, said: Said, text: str) -> None:
        assert self._tasks is not None, "the registry lives within"
        self._tasks.start_soon(self._answering.refuse, said, text)
