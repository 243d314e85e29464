"""Hears what people write to the bot; chats never wait for each other, and each has its answers in order."""

from __future__ import annotations

from functools import partial

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.errors import MailboxFull, PortError, Refused
from actors.ports import Said
from actors.rules import replies
from actors.rules.commands import MENU
from actors.runtime.actor import DeadLetter, Reason
from actors.runtime.child import Lifeline
from actors.runtime.registry import Registry
from actors.shell.conversation import Conversation, Speaker, Surroundings

log = structlog.get_logger()

INTRODUCE_SECONDS = 10.0
INTRODUCE_AGAIN_SECONDS = (5.0, 30.0, 300.0)


class Commands:
    """The registry of conversations, and what becomes of a command that crashed one: its person is answered."""

    def __init__(self, outside: Surroundings) -> None:
        self._chat = outside.chat
        self._speaker = Speaker(outside)
        self._registry: Registry[int, Said] = Registry(partial(Conversation, self._speaker), self._bury)
        self._tasks: TaskGroup | None = None

    def tell_nowait(self, said: Said) -> None:
        """Have it answered and confirmed; raises MailboxClosed. What people tell each other is just confirmed."""
        if not said.private and self._speaker.read(said) is None:
            self._speaker.confirm(said)
            return
        try:
            self._registry.tell_nowait(said.chat_id, said)
        except MailboxFull:
            self._refuse(said, replies.BUSY)

    async def run(self, lifeline: Lifeline) -> None:
        """Answer until stopped, then what is open."""
        self._speaker.stopping = lifeline.stopping
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            introducing = anyio.CancelScope()
            tasks.start_soon(self._introduce, introducing)
            await self._registry.run(lifeline)
            introducing.cancel()
        self._tasks = None

    async def _introduce(self, scope: anyio.CancelScope) -> None:
        """Have Telegram show our commands, and learn our name; nobody waits for it."""
        failures = 0
        with scope:
            while not await self._is_introduced():
                await anyio.sleep(INTRODUCE_AGAIN_SECONDS[min(failures, len(INTRODUCE_AGAIN_SECONDS) - 1)])
                failures += 1

    async def _is_introduced(self) -> bool:
        """Try once; False if it is worth another try."""
        try:
            with anyio.fail_after(INTRODUCE_SECONDS):
                self._speaker.own_name = await self._chat.introduce(MENU)
        except (PortError, TimeoutError) as error:
            log.info("commands.not_introduced", reason=str(error))
            return isinstance(error, Refused)
        return True

    def _bury(self, letter: DeadLetter[int, Said]) -> None:
        """A crash is answered. What a stop left over is not: unconfirmed, it comes again to whoever polls next."""
        if letter.reason in {Reason.CRASHED, Reason.QUARANTINED}:
            self._refuse(letter.message, replies.BROKEN)

    def _refuse(self, said: Said, text: str) -> None:
        assert self._tasks is not None, "the registry lives within"
        self._tasks.start_soon(self._speaker.refuse, said, text)
