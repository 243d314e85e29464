"""The interaction logger: keeps lines about who did what, and writes them in batches, never in the way of a tap."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import islice

import anyio
import structlog

from actors.database.asking import terms_for
from actors.database.request import Cause, NotStored, Store
from actors.operations.housekeeping import Interaction, WriteInteractions
from actors.runtime.child import ChildContext

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class InteractionSettings:
    """The bounds of the buffer and of a batch."""

    lines: int = 10_000
    batch_lines: int = 500
    batch_seconds: float = 1.0
    ask_seconds: float = 30.0
    flush_seconds: float = 3.0  # for what is left at the stop
    report_seconds: float = 10.0


class InteractionLogger:
    """A child of the supervisor. `worker` must be new with each start of the process: the batches' keys count from it.

    When the buffer is full the newest line is dropped: what a batch under way holds cannot change, and how trouble
    began is worth more than how it went on.
    """

    def __init__(self, database: Store, worker: str, settings: InteractionSettings | None = None) -> None:
        self._database = database
        self._worker = worker
        self._settings = settings or InteractionSettings()
        self._lines: deque[Interaction] = deque()
        self._oldest_at = 0.0
        self._batches = 0
        self._batch: WriteInteractions | None = None
        self._news = anyio.Event()
        self._stopping = False
        self._unreported = 0
        self._reported_at = -math.inf
        self.dropped = 0

    def tell(self, line: Interaction) -> None:
        """Keep the line, or count it as dropped; never waits, never raises."""
        if len(self._lines) >= self._settings.lines:
            self._drop(1)
            return
        if not self._lines:
            self._oldest_at = anyio.current_time()
        self._lines.append(line)
        if len(self._lines) in {1, self._settings.batch_lines}:
            self._news.set()

    async def run(self, context: ChildContext) -> None:
        """Write until the context says stop, then what is left, within `flush_seconds`."""
        self._stopping = False
        context.ready()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._hear_stop, context, tasks.cancel_scope)
                await self._write_until_stopped()
                tasks.cancel_scope.cancel()
        finally:
            if context.stopping.is_set():
                self._count_what_is_left()

    async def _hear_stop(self, context: ChildContext, scope: anyio.CancelScope) -> None:
        await context.stopping.wait()
        self._stopping = True
        self._news.set()
        await anyio.sleep(self._settings.flush_seconds)
        scope.cancel()

    async def _write_until_stopped(self) -> None:
        while True:
            await self._gather()
            if not self._lines:
                return
            await self._write()
            self._report()

    async def _gather(self) -> None:
        """Wait for a batch that is full or old enough, or for the stop."""
        while not (self._stopping or self._is_due()):
            wait_until = self._oldest_at + self._settings.batch_seconds if self._lines else math.inf
            self._news = anyio.Event()
            with anyio.CancelScope(deadline=wait_until):
                await self._news.wait()

    def _is_due(self) -> bool:
        if self._batch is not None or len(self._lines) >= self._settings.batch_lines:
            return True
        return bool(self._lines) and anyio.current_time() >= self._oldest_at + self._settings.batch_seconds

    async def _write(self) -> None:
        """Store a batch under one key until it is stored or refused; its lines stay in the buffer until then."""
        if self._batch is None:
            self._batches += 1
            lines = tuple(islice(self._lines, self._settings.batch_lines))
            self._batch = WriteInteractions(f"{self._worker}/{self._batches}", lines)
        terms = terms_for(self._settings.ask_seconds)
        try:
            await self._database.ask(self._batch, terms)
        except NotStored as error:
            if error.cause is not Cause.REFUSED:
                await anyio.sleep(self._settings.batch_seconds)
                return
            # Refused once, refused for ever: the lines behind it must not wait for it.
            self._drop(len(self._batch.lines))
        self._forget(self._batch)

    def _forget(self, batch: WriteInteractions) -> None:
        for _ in batch.lines:
            self._lines.popleft()
        self._batch = None
        self._oldest_at = anyio.current_time()

    def _drop(self, lines: int) -> None:
        self.dropped += lines
        self._unreported += lines
        self._report()

    def _report(self) -> None:
        now = anyio.current_time()
        if self._unreported and now >= self._reported_at + self._settings.report_seconds:
            log.warning("interactions.dropped", lines=self._unreported, total=self.dropped)
            self._unreported = 0
            self._reported_at = now

    def _count_what_is_left(self) -> None:
        """The process ends: what is not written, and what was not reported, is said now."""
        left = len(self._lines)
        self.dropped += left
        if left + self._unreported:
            log.warning("interactions.dropped", lines=left + self._unreported, total=self.dropped)
        self._lines.clear()
        self._batch = None
        self._unreported = 0
