"""Lets the episodes and triggers of a plan happen, and ends all of it when the world heals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from tests.fakes.clock import FakeClock
from tests.fakes.desk import Requeue, remove_item, requeue_item
from tests.fakes.writer import Writer
from tests.simulation.database import SimulatedDatabase
from tests.simulation.fleet import Fleet
from tests.simulation.plan import Deed, Episode, Kind, Plan, Trigger
from tests.simulation.processes import Life, Process
from tests.simulation.telegram import Sight, SimulatedTelegram
from tests.simulation.timeline import Timeline
from tests.simulation.weather import Harm, Weather

MOST_WORKERS = 3
OUTAGE_SECONDS = 30.0
SOONEST_SECONDS, LATEST_SECONDS = 0.3, 15.0  # a platform starts a dead worker again
LEASED_SECONDS = 0.025  # from a start to a lease; the taps come with the poll after it
LANDING_SECONDS = 6.0  # after which a late edit is there
BEYOND_SECONDS = 8.0  # so long after an outage comes what was held back
DATABASE_CLOCK_SECONDS = 2.0
WALL_CLOCK_SECONDS = 3600.0

SHOWS_ACCOUNT = {"presenting", "in_review", "publishing", "in_doubt"}


@dataclass(frozen=True)
class Stage:
    """What trouble can touch."""

    timeline: Timeline
    weather: Weather
    database: SimulatedDatabase
    telegram: SimulatedTelegram
    fleet: Fleet
    wall: FakeClock
    clock: FakeClock
    tell: Callable[[str], None]
    hammer: Callable[[], None]
    press: Callable[[Sight], None]


@dataclass
class Trouble:
    """The plan at work. Once `healed`, nothing goes wrong any more."""

    stage: Stage
    plan: Plan
    dice: Random
    healed: bool = False
    _passed: Counter[str] = field(default_factory=Counter)
    _locked: dict[int, tuple[int, int]] = field(default_factory=dict)

    def begin(self) -> None:
        """Plan every episode."""
        for episode in self.plan.episodes:
            self.stage.timeline.after(episode.at, lambda episode=episode: self._begin(episode))  # type: ignore[misc]

    def passed(self, point: str, process: Process) -> Harm | None:
        """A request of this process passes a point; what shall become of itself is left to the wire."""
        if self.healed or not self.plan.triggers:
            return None
        self._passed[point] += 1
        for trigger in self.plan.triggers:
            if trigger.point == point and trigger.nth == self._passed[point]:
                self.stage.tell(f"trigger {trigger.number}: {trigger.deed.value} at {point}, time {trigger.nth}")
                return self._pull(trigger, process)
        return None

    def heal(self) -> None:
        """End all trouble, and see to it that somebody works."""
        self.healed = True
        for episode in tuple(self.stage.weather.under_way.values()):
            self._end(episode)
        self.stage.database.locked.clear()
        self.stage.database.come_back()
        for process in tuple(self.stage.fleet.alive):
            self.stage.fleet.thaw(process)
        for chat in tuple(self.stage.database.store.tables.chats.all()):
            if chat.paused:
                self._pause(chat.chat_key, paused=False)  # no hint to whoever was in no pause: he needs none
        if not self.stage.fleet.at_work:
            self.stage.fleet.start("host1")
        self.stage.tell("the world heals")

    def _begin(self, episode: Episode) -> None:
        if self.healed:
            return
        self.stage.tell(f"episode {episode.number}: {episode.kind.value} for {episode.seconds:.1f} s")
        match episode.kind:
            case Kind.KILL | Kind.STOP | Kind.DEPLOY | Kind.FREEZE:
                self._at_a_worker(episode)
            case Kind.CLOCK:
                self._jump()
            case Kind.REMOVE:
                self._remove(episode)
            case Kind.DELETE:
                self._delete()
            case Kind.SWITCH:
                self._switch()
            case Kind.HAMMER:
                self._note("somebody hammers")
                self.stage.hammer()
            case _:
                self._change_weather(episode)

    def _change_weather(self, episode: Episode) -> None:
        self.stage.weather.under_way[episode.kind] = episode
        match episode.kind:
            case Kind.DATABASE_AWAY:
                self.stage.database.go_away()
                self._note("connections cut")
            case Kind.ROW_LOCKED:
                self._lock()
            case Kind.PAUSE:
                self._note("chat paused")
                self._pause(1, paused=True)
        self.stage.timeline.after(episode.seconds, lambda: self._end(episode))

    def _end(self, episode: Episode) -> None:
        if self.stage.weather.under_way.get(episode.kind) is not episode:
            return
        del self.stage.weather.under_way[episode.kind]
        self.stage.tell(f"{episode.kind.value} is over")
        match episode.kind:
            case Kind.DATABASE_AWAY:
                self.stage.database.come_back()
            case Kind.DATABASE_SILENT:
                self.stage.database.cut()
            case Kind.ROW_LOCKED:
                self.stage.database.locked.clear()
            case Kind.PAUSE:
                self._pause(1, paused=False)

    def _at_a_worker(self, episode: Episode) -> None:
        fleet = self.stage.fleet
        if not fleet.at_work:
            return
        process = self.dice.choice(fleet.at_work)
        match episode.kind:
            case Kind.KILL:
                self._kill(process, min(episode.seconds, LATEST_SECONDS))
            case Kind.STOP:
                self._note("worker stopped")
                fleet.stop(process)
                self._restart_later(process, episode.seconds)
            case Kind.DEPLOY if len(fleet.alive) < MOST_WORKERS:
                self._note("worker deployed")
                fleet.start()
                self.stage.timeline.after(min(episode.seconds, 8.0), lambda: fleet.stop(process))
            case Kind.FREEZE:
                self._freeze(process, episode.seconds, take_over=episode.strength > 0.5)

    def _pull(self, trigger: Trigger, process: Process) -> Harm | None:
        if process.life is not Life.RUNNING:
            return None
        self._do(trigger, process)
        return _harm(trigger)

    def _do(self, trigger: Trigger, process: Process) -> None:
        """All of it but what becomes of the request itself."""
        match trigger.deed:
            case Deed.KILL:
                self._kill(process, min(trigger.seconds, LATEST_SECONDS))
            case Deed.FREEZE | Deed.TAKE_OVER:
                self._freeze(process, trigger.seconds, take_over=trigger.deed is Deed.TAKE_OVER)
            case Deed.OUTAGE:
                self._outage(min(trigger.seconds, OUTAGE_SECONDS))
            case Deed.CUT_OFF | Deed.HOLD_BACK:
                self._outage(trigger.seconds)
            case Deed.KILL_AND_CUT_OFF:
                self._kill(process, SOONEST_SECONDS)
                begins = SOONEST_SECONDS + LEASED_SECONDS
                self.stage.timeline.after(begins, lambda: self._outage(trigger.seconds))
            case Deed.LOCK_OUT:
                self._lock_all(trigger.seconds)
            case Deed.LATE_AND_KILL:
                self.stage.timeline.after(trigger.seconds, lambda: self._replace(process))
            case Deed.SWITCH:
                self._switch()

    def _replace(self, process: Process) -> None:
        """Kill it for good if another worker is there to take over; else it comes back once all has landed."""
        if process.life is not Life.RUNNING or self.healed:
            return
        others = [one for one in self.stage.fleet.at_work if one is not process]
        self._note("worker killed")
        self.stage.fleet.kill(process)
        if not others:
            self._restart_later(process, LANDING_SECONDS)

    def _kill(self, process: Process, pause: float) -> None:
        self._note("worker killed")
        self.stage.fleet.kill(process)
        self._restart_later(process, pause)

    def _freeze(self, process: Process, seconds: float, *, take_over: bool) -> None:
        self._note("worker frozen")
        self.stage.fleet.freeze(process)
        if take_over and len(self.stage.fleet.alive) < MOST_WORKERS:
            self.stage.timeline.after(1.0, self._start_another)
        self.stage.timeline.after(seconds, lambda: self._thaw(process))

    def _thaw(self, process: Process) -> None:
        if process.life is Life.FROZEN:
            self._note("worker thawed")
            self.stage.fleet.thaw(process)

    def _start_another(self) -> None:
        if not self.healed:
            self.stage.fleet.start()

    def _restart_later(self, process: Process, seconds: float) -> None:
        self.stage.timeline.after(max(SOONEST_SECONDS, seconds), lambda: self._restart(process))

    def _restart(self, process: Process) -> None:
        hosts = {one.owner for one in self.stage.fleet.alive}
        if not self.healed and process.owner not in hosts:
            self.stage.fleet.start(process.owner)

    def _outage(self, seconds: float) -> None:
        if self.healed:
            return
        self._note("connections cut")
        self.stage.database.go_away()
        self.stage.timeline.after(seconds, self._end_outage)

    def _end_outage(self) -> None:
        if Kind.DATABASE_AWAY not in self.stage.weather.under_way:
            self.stage.database.come_back()

    def _jump(self) -> None:
        self._note("clock jumped")
        self.stage.wall.skip(self.dice.uniform(-WALL_CLOCK_SECONDS, WALL_CLOCK_SECONDS))
        self.stage.clock.skip(self.dice.uniform(0.0, DATABASE_CLOCK_SECONDS))

    def _lock(self) -> None:
        items = list(self.stage.database.store.tables.items.all())
        item = self.dice.choice(items)
        chat = self.stage.database.store.tables.chats.get(item.chat_key)
        assert chat is not None
        self._note("row locked")
        self.stage.database.locked.add((chat.chat_id, item.item_id))

    def _lock_all(self, seconds: float) -> None:
        """Somebody works on the whole table."""
        tables = self.stage.database.store.tables
        self._note("row locked")
        self.stage.database.locked |= {
            (chat.chat_id, item.item_id)
            for chat in tables.chats.all()
            for item in tables.items.all()
            if item.chat_key == chat.chat_key
        }
        self.stage.timeline.after(seconds, self.stage.database.locked.clear)

    def _pause(self, chat_key: int, *, paused: bool) -> None:
        tables = self.stage.database.store.tables
        with tables.transaction():
            chat = tables.chats.get(chat_key)
            assert chat is not None
            tables.chats.put(replace(chat, paused=paused))
        self.stage.database.notify()

    def _remove(self, episode: Episode) -> None:
        """The operator takes an item out, or brings one back, and nudges the workers."""
        tables = self.stage.database.store.tables
        item = self.dice.choice(list(tables.items.all()))
        with tables.transaction():
            writer = Writer(tables, self.stage.clock.now())
            if item.state in {"skipped", "expired"}:
                refusal = requeue_item(writer, Requeue(item.item_id))
            else:
                refusal = remove_item(writer, item.item_id) if episode.strength < 0.4 else "left alone"
        self._note("item removed")
        self.stage.tell(f"the operator changes item {item.item_id}: {refusal or 'done'}")
        self.stage.database.notify()

    def _switch(self) -> None:
        """The operator connects another account to the first chat."""
        tables = self.stage.database.store.tables
        with tables.transaction():
            chat = tables.chats.get(1)
            assert chat is not None
            writer = Writer(tables, self.stage.clock.now())
            for item in [item for item in tables.items.all() if item.chat_key == 1 and item.state in SHOWS_ACCOUNT]:
                tables.items.put(replace(item, revision=item.revision + 1))
                writer.claim_cards(item, item.revision + 1)
            tables.chats.put(replace(chat, account_id=3 - (chat.account_id or 1)))
        self._note("account switched")
        self.stage.database.notify()

    def _delete(self) -> None:
        """Somebody deletes a message, at best one that was tapped in the same moment."""
        there = [screen for screen in self.stage.telegram.screens.values() if not screen.deleted]
        screens = [screen for screen in there if screen.now.keyboard] or there
        if screens:
            screen = self.dice.choice(screens)
            self.stage.press(screen.now)
            screen.deleted = True
            self._note("message deleted")
            self.stage.tell(f"message {screen.now.face.message_id} is deleted")

    def _note(self, fault: str) -> None:
        self.stage.weather.note(fault, self.stage.timeline.now)


def _harm(trigger: Trigger) -> Harm | None:
    """What becomes of the request that pulled it."""
    match trigger.deed:
        case Deed.LOSE_REQUEST:
            return Harm("lost request")
        case Deed.LOSE_REPLY | Deed.CUT_OFF | Deed.LOCK_OUT:
            return Harm("lost reply")
        case Deed.SILENCE:
            return Harm("silence")
        case Deed.LATE | Deed.LATE_AND_KILL:
            return Harm("late", trigger.seconds)
        case Deed.HOLD_BACK:
            return Harm("late", trigger.seconds + BEYOND_SECONDS)
        case _:
            return None
