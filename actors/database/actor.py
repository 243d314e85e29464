"""The DB actor: runs every operation until it is answered, over no more connections than there are.

One reader owns the queue; as many tasks as there are connections make the attempts, whose ends come back as messages.
An operation is idempotent by key, so every failure has one answer: retry. What is known of the failures decides pace
and alarm, and whether a caller who gives up may be told that nothing was stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TypeVar, assert_never

import anyio
import structlog

from actors.bounds import ATTEMPT_SECONDS
from actors.database.circuit_breaker import PAUSES, CircuitBreaker
from actors.database.priority_queue import PriorityQueue
from actors.database.request import CONNECTION, DATABASE, LOCK, Attempt, Cause, NotStored, Pending, Reply, RequestTerms
from actors.errors import AnswerLost, Locked, MailboxFull, PortError, Refused, Unreachable
from actors.operations.operation import Operation
from actors.ports import Pool
from actors.runtime.backoff import Backoff
from actors.runtime.child import ChildContext
from actors.runtime.mailbox import Mailbox
from actors.runtime.worker_pool import WorkerPool

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """The bounds; an attempt's is a second line, longer than the adapter's own."""

    mailbox: int = 2000
    attempt_seconds: float = ATTEMPT_SECONDS
    drain_seconds: float = 3.0
    pauses: Backoff = PAUSES


@dataclass(frozen=True, slots=True)
class _Stop:
    """A hint that the supervisor asked for the end."""


class Database:
    """Fills requests.Asks; a child of the supervisor, and the only owner of the pool's sessions."""

    def __init__(self, pool: Pool, *, random: Random, settings: DatabaseSettings | None = None) -> None:
        self._pool = pool
        self._random = random
        self._settings = settings or DatabaseSettings()
        self._mailbox: Mailbox[Pending | Attempt | _Stop] = Mailbox(self._settings.mailbox)
        self._queue: PriorityQueue[Pending] = PriorityQueue(pool.size)
        self._breaker = CircuitBreaker(self._settings.pauses, random)
        self._workers = WorkerPool()
        self._open = 0
        self._stop_at: float | None = None
        self.on_recovered: Callable[[], None] = _nobody_cares

    @property
    def is_up(self) -> bool:
        """False from the first connection that could not be had to the next answer."""
        return self._breaker.since is None

    @property
    def waiting(self) -> int:
        """How many callers wait for an answer."""
        return self._open

    async def ask(self, operation: Operation[T], terms: RequestTerms) -> Reply[T]:
        """Run the operation until it is answered; raises NotStored at the deadline, or sooner when it is hopeless.

        A caller that is cancelled leaves its request behind: an attempt under way ends, no other one begins.
        """
        over = anyio.Event()
        wake = over.set
        request = self._admit(Pending(operation, terms, anyio.current_time(), wake))
        self._open += 1
        terms.watch(wake)
        try:
            with anyio.CancelScope(deadline=terms.deadline):
                await over.wait()
            return request.reply(anyio.current_time())
        finally:
            terms.unwatch(wake)
            request.abandoned = True
            self._open -= 1

    async def run(self, context: ChildContext) -> None:
        """Serve until the context says stop and what is pending is done, within `drain_seconds`."""
        self._stop_at = None
        context.ready()
        self._workers.open()
        async with anyio.create_task_group() as tasks:
            listening = anyio.CancelScope()
            tasks.start_soon(self._hear_stop, context, listening)
            for _ in range(self._pool.size):
                tasks.start_soon(self._workers.work)
            try:
                await self._serve()
            finally:
                listening.cancel()
                self._workers.close()
                self._fail_all()

    def _admit(self, request: Pending) -> Pending:
        if self._stop_at is not None:
            raise NotStored(Cause.STOPPED, certain=True)
        if self._open >= self._settings.mailbox:
            raise NotStored(Cause.BUSY, certain=True)
        try:
            self._mailbox.tell_nowait(request)
        except MailboxFull as error:
            raise NotStored(Cause.BUSY, certain=True) from error
        return request

    async def _hear_stop(self, context: ChildContext, listening: anyio.CancelScope) -> None:
        with listening:
            await context.stopping.wait()
            self._stop_at = anyio.current_time() + self._settings.drain_seconds
            self._mailbox.control(_Stop())

    async def _serve(self) -> None:
        while True:
            self._read()
            now = anyio.current_time()
            self._start_what_may(now)
            if self._finished(now):
                return
            with anyio.CancelScope(deadline=self._next_moment(now)):
                await self._mailbox.wait()

    def _finished(self, now: float) -> bool:
        idle = not len(self._queue) and not self._queue.running
        return self._stop_at is not None and (idle or now >= self._stop_at)

    def _read(self) -> None:
        while (message := self._mailbox.receive_nowait()) is not None:
            match message:
                case Pending():
                    self._take_in(message)
                case Attempt():
                    self._judge(message)
                case _Stop():
                    self._queue.sweep()
                case _:
                    assert_never(message)

    def _take_in(self, request: Pending) -> None:
        if len(self._queue) >= 2 * self._settings.mailbox:
            self._queue.sweep()
        self._queue.add(request)

    def _start_what_may(self, now: float) -> None:
        while self._breaker.lets_pass(now):
            request = self._queue.take(now)
            if request is None:
                return
            request.begin(now)
            self._workers.give(partial(self._attempt, request, self._breaker.began_try()))

    def _next_moment(self, now: float) -> float:
        """When to look again without a message. What is due already could not go, and only a message changes that."""
        moments = (self._stop_at, self._breaker.next_moment(), self._queue.next_moment())
        return min((at for at in moments if at is not None and at > now), default=math.inf)

    async def _attempt(self, request: Pending, probe: bool) -> None:
        reached = False
        value: object = None
        failure: PortError | None = AnswerLost("the attempt exceeded its bound")
        try:
            with anyio.move_on_after(self._settings.attempt_seconds):
                async with self._pool.session() as session:
                    reached = True
                    value = await session.run(request.operation)
                    failure = None
        except PortError as error:
            # A release that fails after the answer came changes nothing about the answer.
            failure = error if failure is not None else None
        self._mailbox.control(Attempt(request, probe, reached, value, failure))

    def _judge(self, attempt: Attempt) -> None:
        request = attempt.request
        if request not in self._queue.running:  # of an earlier life of this actor, which told its caller so
            return
        self._queue.release(request)
        request.under_way = False
        now = anyio.current_time()
        match attempt.error:
            case None:
                self._reached(now)
                request.answer(attempt.value)
            case Refused() as error:
                log.error("database.alarm", operation=type(request.operation).__name__, reason=str(error))
                self._refused(attempt, now)
            case error if not attempt.reached:
                request.waited(CONNECTION)
                self._missed(error, now, probe=attempt.probe)
                self._queue.put_first(request)
            case error:
                self._failed(attempt, error, now)

    def _refused(self, attempt: Attempt, now: float) -> None:
        if attempt.reached:
            self._reached(now)
        else:
            self._missed(attempt.error, now, probe=attempt.probe)
        attempt.request.fail(Cause.REFUSED)

    def _failed(self, attempt: Attempt, error: PortError, now: float) -> None:
        """A connection was there and the answer was not: the same key again, at once after the first lost answer."""
        request = attempt.request
        lost = not isinstance(error, Unreachable)
        request.waited(LOCK if isinstance(error, Locked) else DATABASE)
        if not lost:
            self._reached(now)
        elif attempt.probe:
            self._missed(error, now, probe=True)
        request.may_be_applied = request.may_be_applied or lost
        request.failures += 1
        pause = self._settings.pauses.at_random(request.failures - lost, self._random)
        asked = (error.retry_after_seconds if isinstance(error, Unreachable) else None) or 0.0
        self._queue.put_off(request, now + max(pause, asked))

    def _reached(self, now: float) -> None:
        seconds = self._breaker.ended(now)
        if seconds is not None:
            log.info("database.recovered", seconds=round(seconds, 3))
            for request in self._queue:
                request.waited(CONNECTION)
            self.on_recovered()

    def _missed(self, error: PortError | None, now: float, *, probe: bool) -> None:
        if self._breaker.failed(now, probe=probe, hopeless=isinstance(error, Refused)):
            log.error("database.unreachable", reason=str(error))

    def _fail_all(self) -> None:
        """Tell the callers that wait, at the end or after a crash; unread requests outlive a crash in the mailbox."""
        if self._stop_at is not None:
            self._read()
        for request in self._queue.clear():
            request.fail(Cause.STOPPED)
        self._breaker.probe_ended()


def _nobody_cares() -> None:
    """Stand in until main says who wants to know."""
