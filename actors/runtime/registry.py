"""One live actor per key: a message finds it or spawns it, and an idle one is passivated.

The only module that touches an actor's mailbox from outside. Whether a key has an actor is decided by one dict, without
an await between looking and acting; so a message that comes while an actor is passivated is served by the next one.

`receive` never waits, so one task serves all actors in turn: a live one costs its mailbox, and no task of its own.
"""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

import anyio
import structlog
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint
from structlog.contextvars import clear_contextvars

from actors.errors import MailboxClosed, MailboxFull
from actors.runtime.actor import Actor, Context, DeadLetter, EffectTask, Reason
from actors.runtime.captured import Captured
from actors.runtime.cell import Cell, RegistryCounts, RegistryLimits
from actors.runtime.child import ChildContext
from actors.runtime.mailbox import Mailbox
from actors.runtime.restarts import Quarantine, RestartIntensity
from actors.runtime.run_queue import RunQueue
from actors.runtime.stray_cancellation import StrayCancellationContained

log = structlog.get_logger()

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")

YIELD_EVERY = 8  # a message may start several effects, so fewer in one go than a mailbox alone allows


class Registry(Generic[K, M]):
    """Messages by key, in order for each key; as a supervised child (`run`) it refuses them before and after its life.

    A message that crashes its actor goes to the dead letters, and the next one is served by a new incarnation.
    """

    def __init__(
        self,
        make: Callable[[Context[K, M]], Actor[M]],
        on_dead_letter: Callable[[DeadLetter[K, M]], None],
        limits: RegistryLimits | None = None,
    ) -> None:
        self._make = make
        self._on_dead_letter = on_dead_letter
        self._limits = limits or RegistryLimits()
        self._cells: dict[K, Cell[K, M]] = {}
        self._budget: RestartIntensity[K] = RestartIntensity(self._limits.restarts)
        self._quarantine: Quarantine[K] = Quarantine(self._limits.quarantine_seconds)
        self._run_queue: RunQueue[K, M] = RunQueue(self._limits.idle_seconds)
        self._effects = 0
        self._tasks: TaskGroup | None = None
        self._open = False
        self.counts = RegistryCounts()

    @property
    def live(self) -> int:
        """How many keys have an actor."""
        return len(self._cells)

    def tell_nowait(self, key: K, message: M) -> None:
        """Tell the key's actor; raises MailboxFull, or MailboxClosed while stopping, which carry the message."""
        if not self._open:
            raise MailboxClosed(message)
        if self._quarantine and self._quarantine.holds(key, anyio.current_time()):
            self._to_dead_letters(DeadLetter(key, message, Reason.QUARANTINED))
            return
        cell = self._find_or_make(key)
        try:
            cell.mailbox.tell_nowait(message)
        except MailboxFull:
            self.counts.refused += 1
            raise
        self._run_queue.add(cell)

    async def tell(self, key: K, message: M) -> None:
        """Tell the key's actor, waiting for room; raises MailboxClosed while stopping, which carries the message."""
        while self._open:
            if await self._deliver(key, message):
                return
        raise MailboxClosed(message)

    async def run(self, context: ChildContext) -> None:
        """Let actors live until `stopping`; then refuse messages from outside and let work and effects end."""
        try:
            async with anyio.create_task_group() as tasks:
                self._tasks, self._open = tasks, True
                tasks.start_soon(self._hear_stop, context)
                context.ready()
                await self._serve_all()
        finally:
            self._tasks, self._open = None, False
            for cell in tuple(self._cells.values()):
                self._evict(cell, Reason.KILLED)

    async def _hear_stop(self, context: ChildContext) -> None:
        await context.stopping.wait()
        self._open = False
        for cell in tuple(self._cells.values()):
            self._settle(cell)
        self._run_queue.wake()

    async def _deliver(self, key: K, message: M) -> bool:
        """False if the mailbox was closed while this waited for room: look for the key again."""
        if self._quarantine and self._quarantine.holds(key, anyio.current_time()):
            self._to_dead_letters(DeadLetter(key, message, Reason.QUARANTINED))
            return True
        cell = self._find_or_make(key)
        try:
            await cell.mailbox.tell(message)
        except MailboxClosed:
            return False
        if cell.mailbox.depth:  # one that had to wait for room may have been served by now
            self._run_queue.add(cell)
        return True

    async def _tell_oneself(self, key: K, message: M) -> None:
        while self._tasks is not None:
            if await self._deliver(key, message):
                return
        self._to_dead_letters(DeadLetter(key, message, Reason.STOPPED))

    def _find_or_make(self, key: K) -> Cell[K, M]:
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = Cell(key, Mailbox(self._limits.mailbox))
        return cell

    async def _serve_all(self) -> None:
        while self._open or self._cells or self._effects:
            if self._serve_some():
                await checkpoint()
                continue
            for cell in await self._run_queue.wait():
                self._evict(cell, Reason.KILLED)

    def _serve_some(self) -> bool:
        """Serve a few messages, one of each cell in turn; False if the line was empty."""
        clear_contextvars()  # what one actor bound for its log lines is not the next one's
        for served in range(YIELD_EVERY):
            cell = self._run_queue.take()
            if cell is None:
                return served > 0
            message = cell.mailbox.receive_nowait()
            if message is not None:
                self._serve(cell, message)
            self._settle(cell)
        return True

    def _settle(self, cell: Cell[K, M]) -> None:
        """Say what a cell does next: it is served again, waits for its effects, rests, or is passivated."""
        if self._cells.get(cell.key) is not cell or cell.ready:
            return
        if cell.mailbox.depth:
            self._run_queue.add(cell)
        elif cell.effects:
            self._run_queue.leave(cell)
        elif cell.idle or not self._open:
            self._evict(cell, Reason.KILLED)
        else:
            self._run_queue.rest(cell)

    def _serve(self, cell: Cell[K, M], message: M) -> None:
        attempt = Captured()
        with attempt:
            actor = self._incarnate(cell) if cell.actor is None else cell.actor
            actor.receive(message)
            cell.idle = actor.idle
        if attempt.error is not None:
            cell.end_incarnation()
            self._crashed(DeadLetter(cell.key, message, Reason.CRASHED, attempt.error))

    def _incarnate(self, cell: Cell[K, M]) -> Actor[M]:
        self.counts.activations += 1
        cell.context = Context(cell.key, partial(self._spawn, cell), self._tell_oneself)
        cell.actor = self._make(cell.context)
        return cell.actor

    def _spawn(self, cell: Cell[K, M], context: Context[K, M], effect: EffectTask, about: M) -> None:
        assert self._tasks is not None
        cell.effects += 1
        self._effects += 1
        self._tasks.start_soon(self._perform, cell, context, effect, about)

    async def _perform(self, cell: Cell[K, M], context: Context[K, M], effect: EffectTask, about: M) -> None:
        attempt = Captured()
        try:
            with StrayCancellationContained(), attempt:
                await effect()
        finally:
            cell.effects -= 1
            self._effects -= 1
            if not attempt.completed:
                reason = Reason.KILLED if attempt.error is None else Reason.CRASHED
                self._effect_failed(cell, context, DeadLetter(cell.key, about, reason, attempt.error))
            if not cell.effects:
                self._settle(cell)
            if not self._open:
                self._run_queue.wake()

    def _effect_failed(self, cell: Cell[K, M], context: Context[K, M], letter: DeadLetter[K, M]) -> None:
        if cell.context is context:
            cell.end_incarnation()
        if letter.reason is Reason.CRASHED:
            self._crashed(letter)
        else:
            self._to_dead_letters(letter)

    def _crashed(self, letter: DeadLetter[K, M]) -> None:
        """Bury the message, and keep the key out of the way once it is over its budget."""
        self.counts.crashes += 1
        log.error("actor.crashed", key=str(letter.key), message=type(letter.message).__name__, exc_info=letter.error)
        within_budget = self._budget.spend(letter.key, anyio.current_time())
        self._to_dead_letters(letter)
        if not within_budget:
            self._put_away(letter.key)

    def _put_away(self, key: K) -> None:
        self.counts.quarantines += 1
        self._quarantine.admit(key, anyio.current_time())
        log.error("actor.quarantined", key=str(key), seconds=self._limits.quarantine_seconds)
        cell = self._cells.get(key)
        if cell is not None:
            self._evict(cell, Reason.QUARANTINED)

    def _evict(self, cell: Cell[K, M], reason: Reason) -> None:
        """Close the cell that its key has."""
        assert self._cells.get(cell.key) is cell, "another one of this key would lose its place"
        del self._cells[cell.key]
        self._run_queue.leave(cell)
        self.counts.deepest = max(self.counts.deepest, cell.mailbox.high_water)
        for message in cell.mailbox.close():
            self._to_dead_letters(DeadLetter(cell.key, message, reason))
        cell.end_incarnation()  # the cell and its actor hold each other: thousands would wait for a full collection

    def _to_dead_letters(self, letter: DeadLetter[K, M]) -> None:
        self.counts.dead_letters += 1
        attempt = Captured()
        with attempt:
            self._on_dead_letter(letter)
        if attempt.error is not None:
            log.error("dead_letter.unhandled", key=str(letter.key), reason=letter.reason.name, exc_info=attempt.error)
