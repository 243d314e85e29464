"""Starts children in order, restarts each that crashes (one for one), and stops them in reverse order.

Children never raise into the task group: an end is an event that one loop judges. Each child lives under a shield of
its own, so a cancelled host begins the ordered stop and kills nothing that drains; the kill is that shield's own scope.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.errors import RestartLimitReached
from actors.runtime.backoff import Backoff
from actors.runtime.child import ChildContext, ChildSpec, ChildState
from actors.runtime.restarts import RestartIntensity, RestartLimit
from actors.runtime.stray_cancellation import StrayCancellationContained

log = structlog.get_logger()

LEAST_SECONDS = 0.2  # of a stop that is over its time: enough to put things away, not to wait for others


RESTART = Backoff.doubling(0.2, 30.0, spread=(0.8, 1.2))


@dataclass(frozen=True, slots=True)
class Policy:
    """How crashes are answered (the limit holds for each child by itself), and how long a stop of all may take."""

    limit: RestartLimit = field(default_factory=RestartLimit)
    backoff: Backoff = RESTART
    reset_seconds: float = 60.0  # a child that lived this long starts again from the first pause
    stop_seconds: float = math.inf


@dataclass(slots=True, eq=False)
class _Life:
    """One incarnation of a child."""

    context: ChildContext
    began: float
    scope: anyio.CancelScope = field(default_factory=lambda: anyio.CancelScope(shield=True))
    over: anyio.Event = field(default_factory=anyio.Event)
    returned: bool = False
    error: Exception | None = None
    patience_seconds: float = 0.0  # of the stop


@dataclass(slots=True, eq=False)
class _Child:
    spec: ChildSpec
    life: _Life | None = None
    was_ready: bool = False
    due: float = -math.inf  # not started again before
    restarts: int = 0
    crashes_in_a_row: int = 0
    last_error: Exception | None = None

    @property
    def up(self) -> bool:
        return self.life is not None and self.life.context.is_ready and not self.life.over.is_set()

    @property
    def wanted(self) -> bool:
        return self.life is None


class Supervisor:
    """A list of children, each of which is restarted by itself; `run` it once."""

    def __init__(self, children: Sequence[ChildSpec], random: Random, policy: Policy | None = None) -> None:
        names = [spec.name for spec in children]
        assert len(set(names)) == len(names), "children are told apart by name"
        self._children = [_Child(spec) for spec in children]
        self._random = random
        self._policy = policy or Policy()
        self._budget: RestartIntensity[str] = RestartIntensity(self._policy.limit)
        self._news = anyio.Event()
        self._over = anyio.Event()
        self._stopping = False
        self._gave_up: _Child | None = None
        self._told_up = False
        self._stopped: list[str] = []  # in order

    async def run(self) -> None:
        """Run the children until `stop`; raises RestartLimitReached after the others were stopped.

        Cancelling it is a `stop` too: it returns after the ordered stop, at the latest when all graces are used up.
        """
        async with anyio.create_task_group() as tasks:
            # Not run here: a native cancel of this task must reach the wait below, not the ordered stop.
            tasks.start_soon(self._supervise, name="supervisor")
            try:
                await self._over.wait()
            finally:
                self.stop()
        if self._gave_up is not None:
            raise RestartLimitReached(self._gave_up.spec.name) from self._gave_up.last_error

    def stop(self) -> None:
        """Begin the ordered stop: the last child first, each within its grace; `run` returns when it is done."""
        self._stopping = True
        self._news.set()

    def states(self) -> dict[str, ChildState]:
        """Every child's state by name, in start order."""
        return {
            child.spec.name: ChildState(
                up=child.up,
                restarts=child.restarts,
                last_error=None if child.last_error is None else repr(child.last_error),
            )
            for child in self._children
        }

    async def _supervise(self) -> None:
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                try:
                    await self._watch(tasks)
                finally:
                    with anyio.CancelScope(shield=True):
                        await self._stop_all()
        self._over.set()

    async def _watch(self, tasks: TaskGroup) -> None:
        while not self._stopping:
            now = anyio.current_time()
            self._start_what_may(tasks, now)
            with anyio.CancelScope(deadline=self._next_due(now)):
                await self._news.wait()
            self._news = anyio.Event()
            for child in self._children:
                self._judge(child)

    def _start_what_may(self, tasks: TaskGroup, now: float) -> None:
        """Start what is due; the first time only after all before it are ready."""
        held_up = False
        for child in self._children:
            if child.wanted and child.due <= now and (child.was_ready or not held_up):
                self._start(child, tasks)
            held_up = held_up or not child.up
        if not held_up and not self._told_up:
            self._told_up = True
            log.info("tree.started", children=[child.spec.name for child in self._children])

    def _start(self, child: _Child, tasks: TaskGroup) -> None:
        def on_ready() -> None:
            child.was_ready = True
            self._news.set()

        child.life = _Life(ChildContext(on_ready), anyio.current_time())
        if child.restarts:
            log.info("child.started", child=child.spec.name, restarts=child.restarts)
        tasks.start_soon(self._live, child.spec, child.life, name=child.spec.name)

    def _next_due(self, now: float) -> float:
        return min((child.due for child in self._children if child.wanted and child.due > now), default=math.inf)

    async def _live(self, spec: ChildSpec, life: _Life) -> None:
        try:
            with StrayCancellationContained(), life.scope:
                await spec.start(life.context)
                life.returned = True
        except Exception as error:
            life.error = error
        finally:
            self._log_end(spec, life)
            life.over.set()
            self._news.set()

    def _log_end(self, spec: ChildSpec, life: _Life) -> None:
        asked = life.context.stopping.is_set()
        if life.error is not None:
            log.error("child.crashed", child=spec.name, exc_info=life.error)
        elif life.scope.cancel_called:
            log.error("child.killed", child=spec.name, grace_seconds=round(life.patience_seconds, 1))
        elif not life.returned:
            log.error("child.crashed", child=spec.name, reason="cancelled by a stranger")
        elif not asked:
            log.error("child.crashed", child=spec.name, reason="returned without being asked to stop")
        else:
            self._stopped.append(spec.name)

    def _judge(self, child: _Child) -> None:
        """Decide what follows the end of a child, if it has ended."""
        life = child.life
        if life is None or not life.over.is_set():
            return
        child.life = None
        child.last_error = life.error or child.last_error
        if not self._budget.spend(child.spec.name, anyio.current_time()):
            self._give_up(child)
        else:
            self._plan_restart(child, life)

    def _plan_restart(self, child: _Child, life: _Life) -> None:
        now = anyio.current_time()
        lived_long = now - life.began >= self._policy.reset_seconds
        child.crashes_in_a_row = 1 if lived_long else child.crashes_in_a_row + 1
        child.restarts += 1
        child.due = now + self._policy.backoff.at_random(child.crashes_in_a_row, self._random)

    def _give_up(self, child: _Child) -> None:
        log.critical("child.gave_up", child=child.spec.name, restarts=child.restarts)
        self._gave_up = self._gave_up or child
        self.stop()

    async def _stop_all(self) -> None:
        began = anyio.current_time()
        for child in reversed(self._children):
            await self._stop_child(child, began)
        if self._stopped:
            log.info("tree.stopped", children=self._stopped)

    async def _stop_child(self, child: _Child, began: float) -> None:
        life = child.life
        if life is None or life.over.is_set():
            return
        now, spec = anyio.current_time(), child.spec
        left = began + spec.stops_by * self._policy.stop_seconds - now
        life.patience_seconds = min(spec.grace_seconds, max(left, LEAST_SECONDS))
        life.context.ends_at = now + life.patience_seconds
        life.context.stopping.set()
        with anyio.CancelScope(deadline=life.context.ends_at):
            await life.over.wait()
        if not life.over.is_set():
            life.scope.cancel()
            await life.over.wait()
        child.life = None
