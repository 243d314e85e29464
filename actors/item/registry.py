"""The registry of items, and what becomes of a message that crashed one: its person is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import anyio
from anyio.abc import TaskGroup

from actors.domain.messages import (
    Barred,
    Forbidden,
    Gone,
    Message,
    NotOurs,
    NotRecorded,
    Recorded,
    Stale,
    Unvouched,
    Vouched,
)
from actors.domain.taps import Press, Pressed
from actors.item import texts
from actors.item.aloud import Aloud
from actors.item.callback_answers import refuse
from actors.peers import ItemKey
from actors.runtime.actor import Actor, Context, DeadLetter, Reason
from actors.runtime.child import ChildContext
from actors.runtime.registry import Registry
from actors.runtime.timers import Timers
from actors.runtime.waiting import until_stopped


@dataclass(frozen=True, slots=True)
class CrashPolicy:
    """What a crash concerns: the person, the update, and the reconciler, which finds what is left behind."""

    aloud: Aloud
    confirm: Callable[[int], None]
    on_crash: Callable[[], None]


class ItemRegistry:
    """Every item with something to do; the others cost nothing."""

    def __init__(self, make: Callable[[Context[ItemKey, Message]], Actor[Message]], aftermath: CrashPolicy) -> None:
        self.registry: Registry[ItemKey, Message] = Registry(make, self._to_dead_letters)
        self._aftermath = aftermath
        self._child = ChildContext()
        self._tasks: TaskGroup | None = None
        self._reminders = Timers()
        self.call_later = self._reminders.call_later

    def tell_nowait(self, key: ItemKey, message: Message) -> None:
        """Tell an item; raises MailboxFull or MailboxClosed, which carry the message."""
        self.registry.tell_nowait(key, message)

    async def tell(self, key: ItemKey, message: Message) -> None:
        """Tell an item, waiting for room; raises MailboxClosed."""
        await self.registry.tell(key, message)

    async def pause(self, seconds: float) -> bool:
        """Sleep; True if it was cut short because we stop."""
        with anyio.move_on_after(seconds):
            await self._child.stopping.wait()
        return self._child.stopping.is_set()

    def seconds_left(self) -> float:
        """How long a stop that has begun may still take."""
        return self._child.ends_at - anyio.current_time()

    async def run(self, context: ChildContext) -> None:
        """Let items live until stopped; what they hold is finished, what they only wait for is dropped."""
        self._child = context
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._remind_until_stop, context)
            await self.registry.run(context)
        self._tasks = None

    async def _remind_until_stop(self, context: ChildContext) -> None:
        await until_stopped(context.stopping, self._reminders.run)

    def _to_dead_letters(self, letter: DeadLetter[ItemKey, Message]) -> None:
        """A crash is answered. What a stop left over is not: unconfirmed, it comes again to the next poller."""
        press = _press_of(letter.message)
        if self._tasks is None or letter.reason not in {Reason.CRASHED, Reason.QUARANTINED}:
            return
        if press is not None:
            after = self._aftermath
            self._tasks.start_soon(refuse, after.aloud, press, texts.BROKEN, after.confirm)
        self._aftermath.on_crash()


def _press_of(message: Message) -> Press | None:
    match message:
        case pressed if isinstance(pressed, Pressed):
            return pressed.press
        case Vouched(pressed) | Barred(pressed) | NotOurs(pressed) | Unvouched(pressed):
            return pressed.press
        case Recorded(tap) | Stale(tap) | Forbidden(tap) | Gone(tap) | NotRecorded(tap):
            return tap.press
        case _:
            return None
