"""What we are called, and the commands that bear a name: held until it is known whose they are.

In a group with several bots Telegram adds a name to each command, and may bring a bot those of all. So a name that is
not ours is another bot's, and before we know our own name no named command is ours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.domain.updates import Said
from actors.errors import PortError
from actors.ports import Chat
from actors.runtime.backoff import Backoff

log = structlog.get_logger()

ASK_SECONDS = 10.0
RETRY = Backoff((1.0, 2.0, 5.0, 5.0, 10.0, 30.0, 60.0))
EVERY_SECONDS = 4 * 3600.0  # a bot can be renamed in BotFather, and is not told
STRANGE_SECONDS = 60.0  # so seldom a strange name makes us ask whether it is ours meanwhile
HOLD_SECONDS = 30.0  # unconfirmed, a command costs a tap its place
MOST_HELD = 40


@dataclass(slots=True, eq=False)
class _HeldCommand:
    said: Said
    name: str
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class BotName:
    """Asks at the start, every few hours, and when a command bears a strange name; `ours` hears what is for us.

    `theirs` hears the rest; its second argument says that we do not know it, and gave up to hold the command.
    """

    def __init__(self, chat: Chat, ours: Callable[[Said], None], theirs: Callable[[Said, bool], None]) -> None:
        self.name: str | None = None
        self._chat = chat
        self._ours = ours
        self._theirs = theirs
        self._held: deque[_HeldCommand] = deque()
        self._wanted = anyio.Event()
        self._not_before = 0.0

    def is_mine(self, name: str) -> bool:
        """Tell whether this is our name, as far as we know."""
        return self.name is not None and name.lower() == self.name.lower()

    def sort(self, said: Said, name: str, tasks: TaskGroup) -> None:
        """Hand a command that bears this name on, at once or once it is known whose it is."""
        if self.is_mine(name):
            self._ours(said)
        elif self.name is not None and anyio.current_time() < self._not_before:
            self._theirs(said, False)
        else:
            self._hold(_HeldCommand(said, name), tasks)

    async def run(self) -> None:
        """Ask again and again, until cancelled."""
        failures = 0
        while True:
            pause = await self._ask(failures)
            failures = 0 if pause is None else failures + 1
            self._not_before = anyio.current_time() + max(STRANGE_SECONDS, pause or 0.0)
            self._wanted = anyio.Event()
            self._let_go()
            with anyio.move_on_after(EVERY_SECONDS if pause is None else pause):
                await self._wanted.wait()

    async def _ask(self, failures: int) -> float | None:
        """Ask once; returns the pause in seconds after a failure."""
        try:
            with anyio.fail_after(ASK_SECONDS):
                name = await self._chat.own_name()
        except (PortError, TimeoutError) as error:
            pause = RETRY.after(failures + 1, error)
            log.info("name.not_learnt", reason=str(error) or "no answer in time", again_seconds=pause)
            return pause
        if name != self.name:
            log.info("name.learnt", name=name, before=self.name)
        self.name = name
        return None

    def _hold(self, held: _HeldCommand, tasks: TaskGroup) -> None:
        if self.name is not None:
            self._wanted.set()
        if len(self._held) >= MOST_HELD:
            self._give_up(self._held[0])
        self._held.append(held)
        tasks.start_soon(self._watch, held)

    async def _watch(self, held: _HeldCommand) -> None:
        with held.scope:
            await anyio.sleep(HOLD_SECONDS)
            self._give_up(held)

    def _give_up(self, held: _HeldCommand) -> None:
        self._held.remove(held)
        held.scope.cancel()
        self._theirs(held.said, True)

    def _let_go(self) -> None:
        """Hand on all that was held, in its order; without a name we go on holding it."""
        while self.name is not None and self._held:
            held = self._held.popleft()
            held.scope.cancel()
            if self.is_mine(held.name):
                self._ours(held.said)
            else:
                self._theirs(held.said, False)
