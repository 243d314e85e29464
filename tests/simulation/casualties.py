"""What befalls workers: they are killed, stopped, frozen, deployed over one another."""

from __future__ import annotations

from random import Random

from tests.simulation.plan import Episode, Kind
from tests.simulation.processes import Life, Process
from tests.simulation.stage import Stage

MOST_WORKERS = 3
SOONEST_SECONDS, LATEST_SECONDS = 0.3, 15.0  # a platform starts a dead worker again
LANDING_SECONDS = 6.0  # after which a late edit is there


class Casualties:
    """Chooses a worker, or takes the one that it is given."""

    def __init__(self, stage: Stage, dice: Random) -> None:
        self._stage = stage
        self._dice = dice

    def inject(self, episode: Episode) -> None:
        """Let an episode befall one of those at work."""
        fleet = self._stage.fleet
        if not fleet.at_work:
            return
        process = self._dice.choice(fleet.at_work)
        match episode.kind:
            case Kind.KILL:
                self.kill(process, min(episode.seconds, LATEST_SECONDS))
            case Kind.STOP:
                self.stop(process, episode.seconds)
            case Kind.DEPLOY if len(fleet.alive) < MOST_WORKERS:
                self._stage.note("worker deployed")
                fleet.start()
                self._stage.timeline.after(min(episode.seconds, 8.0), lambda: fleet.stop(process))
            case Kind.FREEZE:
                self.freeze(process, episode.seconds, take_over=episode.strength > 0.5)

    def kill(self, process: Process, pause: float) -> None:
        """Kill it; the platform starts it again after the pause."""
        self._stage.note("worker killed")
        self._stage.fleet.kill(process)
        self._restart_later(process, pause)

    def stop(self, process: Process, pause: float) -> None:
        """Tell it to stop; the platform starts it again after the pause."""
        self._stage.note("worker stopped")
        self._stage.fleet.stop(process)
        self._restart_later(process, pause)

    def freeze(self, process: Process, seconds: float, *, take_over: bool) -> None:
        """Freeze it for so long; to take over, another one starts meanwhile."""
        self._stage.note("worker frozen")
        self._stage.fleet.freeze(process)
        if take_over and len(self._stage.fleet.alive) < MOST_WORKERS:
            self._stage.timeline.after(1.0, self._start_another)
        self._stage.timeline.after(seconds, lambda: self.thaw(process))

    def replace(self, process: Process) -> None:
        """Kill it for good if another worker is there to take over; else it comes back once all has landed."""
        if process.life is not Life.RUNNING or self._stage.healed:
            return
        others = [one for one in self._stage.fleet.at_work if one is not process]
        self._stage.note("worker killed")
        self._stage.fleet.kill(process)
        if not others:
            self._restart_later(process, LANDING_SECONDS)

    def thaw(self, process: Process) -> None:
        """Let it go on, if it is frozen."""
        if process.life is Life.FROZEN:
            self._stage.note("worker thawed")
            self._stage.fleet.thaw(process)

    def _start_another(self) -> None:
        if not self._stage.healed:
            self._stage.fleet.start()

    def _restart_later(self, process: Process, seconds: float) -> None:
        self._stage.timeline.after(max(SOONEST_SECONDS, seconds), lambda: self._restart(process))

    def _restart(self, process: Process) -> None:
        hosts = {one.owner for one in self._stage.fleet.alive}
        if not self._stage.healed and process.owner not in hosts:
            self._stage.fleet.start(process.owner)
