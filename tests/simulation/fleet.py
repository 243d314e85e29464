"""The workers as an operator runs them: started, killed, frozen, deployed over one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from anyio.abc import TaskGroup

from actors.domain.messages import Message
from actors.errors import RestartLimitReached
from actors.item.actor import ItemActor
from actors.peers import ItemKey
from actors.runtime.actor import Context
from actors.worker import Identity, Ports, Web, Worker
from tests.simulation.processes import PROCESS, Life, Process, Schedule

GRACE_SECONDS = 14.0
STOP_MARGIN_SECONDS = 1.5
KILL_AFTER_SECONDS = 25.0  # what a container platform gives a worker that was told to stop

Visit = Callable[[ItemKey, Message], None]


class WatchedWorker(Worker):
    """The real worker; each message that an item is told is seen by `visit`."""

    visit: Visit

    def _item(self, ports: Ports, identity: Identity, context: Context[ItemKey, Message]) -> ItemActor:
        actor = super()._item(ports, identity, context)
        receive = actor.receive

        def watched(message: Message) -> None:
            self.visit(context.key, message)
            receive(message)

        return _Watched(actor, watched)  # type: ignore[return-value]  # it is an Actor[Message], as the registry wants


@dataclass
class _Watched:
    actor: ItemActor
    receive: Callable[[Message], None]

    @property
    def idle(self) -> bool:
        return self.actor.idle


@dataclass(frozen=True)
class Surroundings:
    """What the fleet needs of its world."""

    schedule: Schedule
    ports: Callable[[Process], Ports]
    web: Callable[[Process], Web | None]
    dice: Callable[[str], Random]
    visit: Visit
    tell: Callable[[str], None]
    broken: Callable[[str, str], None]
    after: Callable[[float, Callable[[], None]], None]
    now: Callable[[], float]


@dataclass
class Fleet:
    """Every process that ever was. A host is what survives a restart."""

    around: Surroundings
    tasks: TaskGroup
    processes: list[Process] = field(default_factory=list)
    workers: dict[Process, Worker] = field(default_factory=dict)
    _hosts: int = 0

    @property
    def alive(self) -> list[Process]:
        """Those that work, or would if they were thawed."""
        return [process for process in self.processes if process.is_alive]

    @property
    def at_work(self) -> list[Process]:
        """Those that run and were not told to stop."""
        return [process for process in self.processes if process.life is Life.RUNNING]

    def start(self, owner: str | None = None) -> Process:
        """Start a worker: on a host of its own, or again on this one."""
        if owner is None:
            self._hosts += 1
            owner = f"host{self._hosts}"
        process = Process(f"w{len(self.processes) + 1}", owner)
        self.processes.append(process)
        self.around.tell(f"{process.name} starts on {owner}")
        self.tasks.start_soon(self._run, process)
        return process

    def kill(self, process: Process) -> None:
        """Send kill -9."""
        self._hold(process, Life.KILLED)
        process.killed_at = self.around.now()
        self.around.tell(f"{process.name} is killed")

    def freeze(self, process: Process) -> None:
        """Send SIGSTOP."""
        self._hold(process, Life.FROZEN)
        process.frozen_at = self.around.now()
        self.around.tell(f"{process.name} is frozen")

    def thaw(self, process: Process) -> None:
        """Send SIGCONT, unless it was killed meanwhile."""
        if process.life is Life.FROZEN:
            process.life, process.thawed_at = Life.RUNNING, self.around.now()
            self.around.tell(f"{process.name} is thawed")
            self.around.schedule.let_go(process)

    def stop(self, process: Process) -> None:
        """Send SIGTERM, and kill -9 to whoever takes too long; a frozen one is thawed first."""
        self.thaw(process)
        if process.life is Life.RUNNING and process in self.workers:
            process.life = Life.STOPPING
            self.around.tell(f"{process.name} is told to stop")
            self.workers[process].supervisor.stop()
            self.around.after(GRACE_SECONDS + STOP_MARGIN_SECONDS, lambda: self._look_at_stop(process))
            self.around.after(KILL_AFTER_SECONDS, lambda: self._lose_patience(process))

    def look_at_tokens(self) -> None:
        """The token is refused since a minute or longer: whoever polls alone knows."""
        there = self.at_work
        for process in there if len(there) == 1 else ():
            worker = self.workers.get(process)
            polls = worker is not None and worker.lease.is_held and process.thawed_at < 0
            if worker is not None and polls and worker.token_trouble() is None:
                self.around.broken("health tells of a refused token", f"{process.name} says nothing of it")

    def look_at_health(self) -> None:
        """All is well again, and whoever works says so."""
        for process in self.at_work:
            trouble = self.workers[process].token_trouble() if process in self.workers else None
            if trouble is not None:
                self.around.broken("health tells of a refused token", f"{process.name} still says: {trouble}")

    def release_all(self) -> None:
        """Let the dead run to their ends, once nobody looks any more."""
        for process in self.processes:
            if process.is_held:
                process.life = Life.ENDED
                self.around.schedule.let_go(process)

    def _hold(self, process: Process, life: Life) -> None:
        process.life = life
        self.around.schedule.hold(process)

    def _look_at_stop(self, process: Process) -> None:
        """Whatever is away: a stop takes no longer than its grace."""
        if process.life is Life.STOPPING and process.thawed_at < self.around.now() - GRACE_SECONDS:
            self.around.broken("a stop ends", f"{process.name} takes longer than its grace of {GRACE_SECONDS} s")

    def _lose_patience(self, process: Process) -> None:
        if process.life is Life.STOPPING:
            self.kill(process)

    async def _run(self, process: Process) -> None:
        PROCESS.set(process)  # in this task's own context, which all that it starts inherits
        identity = Identity(process.name, process.owner, GRACE_SECONDS)
        ports, web = self.around.ports(process), self.around.web(process)
        worker = WatchedWorker(ports, identity, self.around.dice(process.name), web)
        worker.visit = self.around.visit
        self.workers[process] = worker
        try:
            await worker.supervisor.run()
        except RestartLimitReached as error:
            self.around.broken("no actor crashes", f"{process.name} gave up: {error}")
        if process.life is not Life.KILLED:
            if process.life is Life.RUNNING:
                self.around.broken("no actor crashes", f"{process.name} ended without being asked to")
            process.life = Life.ENDED
            self.around.tell(f"{process.name} has ended")
