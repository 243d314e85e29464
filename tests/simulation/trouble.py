"""Lets a plan happen: each episode at its time, each trigger at its moment, nothing once the world heals."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.simulation.casualties import LATEST_SECONDS, SOONEST_SECONDS, Casualties
from tests.simulation.meddling import Meddling
from tests.simulation.plan import Deed, Episode, Kind, Plan, Trigger
from tests.simulation.processes import Life, Process
from tests.simulation.stage import Stage
from tests.simulation.weather import Harm

OUTAGE_SECONDS = 30.0
LEASED_SECONDS = 0.025  # from a start to a lease; the taps come with the poll after it
BEYOND_SECONDS = 8.0  # so long after an outage comes what was held back
DATABASE_CLOCK_SECONDS = 2.0
RUSHES = 3  # times as many taps as of whoever hammers: more than Telegram shows at once
WALL_CLOCK_SECONDS = 3600.0
MOMENT_SECONDS = 0.1


LASTING = {Deed.HELD_UP: "held up", Deed.SLOW: "slow", Deed.CREEP: "creeping", Deed.STALL: "stalled"}


class Trouble:
    """The plan at work."""

    def __init__(self, stage: Stage, plan: Plan, dice: Random) -> None:
        self.stage = stage
        self.plan = plan
        self.dice = dice
        self._casualties = Casualties(stage, dice)
        self._meddling = Meddling(stage, dice)
        self.deserted = False
        self._passed: Counter[int] = Counter()  # by trigger: how often its point was passed
        self._pulled: dict[int, float] = {}

    @property
    def healed(self) -> bool:
        """Tell whether all trouble is over."""
        return self.stage.healed

    def begin(self) -> None:
        """Plan every episode."""
        for episode in self.plan.episodes:
            self.stage.timeline.after(episode.at, lambda episode=episode: self._begin(episode))  # type: ignore[misc]

    def passed(self, point: str, process: Process) -> Harm | None:
        """A request of this process passes a point; what shall become of itself is left to the wire."""
        if self.stage.healed or not self.plan.triggers:
            return None
        waiting = [one for one in self.plan.triggers if self._counts(one, point)]
        self._passed.update(one.number for one in waiting)
        for trigger in waiting:
            if trigger.nth == self._passed[trigger.number]:
                self.stage.tell(f"trigger {trigger.number}: {trigger.deed.value} at {point}, time {trigger.nth}")
                return self._pull(trigger, process)
        return None

    def _counts(self, trigger: Trigger, point: str) -> bool:
        if point != trigger.point and not point.startswith(f"{trigger.point} "):
            return False
        since = self._pulled.get(trigger.after) if trigger.after else 0.0
        return since is not None and self.stage.timeline.now >= since + trigger.not_before

    def heal(self) -> None:
        """End all trouble, and see to it that somebody works."""
        self.stage.healed = True
        for episode in tuple(self.stage.weather.under_way.values()):
            self._end(episode)
        self.stage.database.locked.clear()
        self.stage.database.come_back()
        self._meddling.reopen()
        for process in tuple(self.stage.fleet.alive):
            self.stage.fleet.thaw(process)
        for chat in tuple(self.stage.database.store.tables.chats.all()):
            if chat.paused:
                self._meddling.pause(chat.chat_key, paused=False)  # no hint to whoever was in no pause: he needs none
        if not self.stage.fleet.at_work:
            self.stage.fleet.start("host1")
        self.stage.tell("the world heals")

    def _begin(self, episode: Episode) -> None:
        if self.stage.healed:
            return
        self.stage.tell(f"episode {episode.number}: {episode.kind.value} for {episode.seconds:.1f} s")
        match episode.kind:
            case Kind.KILL | Kind.STOP | Kind.DEPLOY | Kind.FREEZE:
                self._casualties.inject(episode)
            case Kind.CLOCK:
                self._jump()
            case Kind.REMOVE:
                self._meddling.remove(episode)
            case Kind.DELETE:
                self._meddling.delete()
            case Kind.SWITCH:
                self._meddling.switch()
            case Kind.HAMMER:
                self.stage.note("somebody hammers")
                self.stage.guests.hammer()
            case _:
                self._change_weather(episode)

    def _change_weather(self, episode: Episode) -> None:
        self.stage.weather.under_way[episode.kind] = episode
        match episode.kind:
            case Kind.DATABASE_AWAY:
                self.stage.database.go_away()
                self.stage.note("connections cut")
            case Kind.DEAF:
                self.stage.database.is_deaf = True
            case Kind.ROW_LOCKED:
                self._meddling.lock()
            case Kind.PAUSE:
                self.stage.note("chat paused")
                self._meddling.pause(1, paused=True)
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
            case Kind.DEAF:
                self.stage.database.is_deaf = False
            case Kind.ROW_LOCKED:
                self.stage.database.locked.clear()
            case Kind.PAUSE:
                self._meddling.pause(1, paused=False)

    def _pull(self, trigger: Trigger, process: Process) -> Harm | None:
        if process.life is not Life.RUNNING:
            return None
        self._pulled[trigger.number] = self.stage.timeline.now
        self._do(trigger, process)
        return _harm(trigger)

    def _do(self, trigger: Trigger, process: Process) -> None:
        """All of it but what becomes of the request itself."""
        match trigger.deed:
            case Deed.KILL:
                self._casualties.kill(process, min(trigger.seconds, LATEST_SECONDS))
            case Deed.FREEZE | Deed.TAKE_OVER:
                self._casualties.freeze(process, trigger.seconds, take_over=trigger.deed is Deed.TAKE_OVER)
            case Deed.THAW:
                for frozen in self.stage.fleet.processes:
                    self._casualties.thaw(frozen)
            case Deed.STOP:
                self._casualties.stop(process, trigger.seconds)
            case Deed.LATE_AND_KILL | Deed.LOSE_AND_KILL | Deed.REPLACE:
                self.stage.timeline.after(trigger.seconds, lambda: self._casualties.replace(process))
            case Deed.KILL_AND_CUT_OFF:
                self._casualties.kill(process, SOONEST_SECONDS)
                begins = SOONEST_SECONDS + LEASED_SECONDS
                self.stage.timeline.after(begins, lambda: self._outage(trigger.seconds))
            case _:
                self._do_to_all(trigger)

    def _do_to_all(self, trigger: Trigger) -> None:
        match trigger.deed:
            case Deed.OUTAGE:
                self._outage(min(trigger.seconds, OUTAGE_SECONDS))
            case Deed.CUT_OFF | Deed.HOLD_BACK:
                self._outage(trigger.seconds)
            case Deed.RUSH:
                self._outage(trigger.seconds)
                self._rush()
            case Deed.LOCK_OUT:
                self._meddling.lock_all(trigger.seconds)
            case Deed.REVOKE:
                self._revoke(trigger)
            case _:
                self._meddle(trigger)

    def _meddle(self, trigger: Trigger) -> None:
        match trigger.deed:
            case Deed.SWITCH:
                self._meddling.switch()
            case Deed.DISCONNECT:
                self._meddling.disconnect()
            case Deed.RECONNECT:
                self._meddling.reconnect()
            case Deed.SPOIL:
                self._meddling.spoil()
            case Deed.CLOSE:
                self._meddling.close()
                self.stage.timeline.after(trigger.seconds, self._meddling.reopen)
            case Deed.QUEUE:
                self._meddling.queue()
            case Deed.CHANGE_RIGHTS:
                self._meddling.change_rights()
            case _:
                self._do_to_people(trigger)

    def _do_to_people(self, trigger: Trigger) -> None:
        guests = self.stage.guests
        match trigger.deed:
            case Deed.NEXT:
                guests.ask_for_more()
            case Deed.SKIP:
                guests.skip()
            case Deed.PUBLISH:
                guests.publish()
            case Deed.REHEARSE:
                guests.rehearse()
            case Deed.NEIGHBOUR:
                guests.command_the_neighbour()
            case Deed.SPEAK_LATE:
                guests.speak_late()
            case Deed.WAVER:
                guests.waver()
            case Deed.INVITE:
                guests.invite()
            case Deed.LEAVE:
                self.deserted = True
            case _:
                self._do_harm(trigger)

    def _do_harm(self, trigger: Trigger) -> None:
        guests = self.stage.guests
        match trigger.deed:
            case Deed.FORGE:
                guests.forge()
            case Deed.FLOOD:
                guests.flood()
            case Deed.TRESPASS:
                guests.trespass()

    def _revoke(self, trigger: Trigger) -> None:
        """Telegram refuses the bot's token; before it takes one again, whoever polls must have said so to a probe."""
        revoked = Episode(trigger.number, Kind.REVOKED, self.stage.timeline.now, trigger.seconds, 1.0)
        self.stage.weather.under_way[Kind.REVOKED] = revoked
        self.stage.note("token revoked")
        self.stage.timeline.after(trigger.seconds - MOMENT_SECONDS, self.stage.fleet.look_at_tokens)
        self.stage.timeline.after(trigger.seconds, lambda: self._end(revoked))

    def _rush(self) -> None:
        self.stage.note("somebody hammers")
        for _ in range(RUSHES):
            self.stage.guests.hammer()

    def _outage(self, seconds: float) -> None:
        if self.stage.healed:
            return
        self.stage.note("connections cut")
        self.stage.database.go_away()
        self.stage.timeline.after(seconds, self._end_outage)

    def _end_outage(self) -> None:
        if Kind.DATABASE_AWAY not in self.stage.weather.under_way:
            self.stage.database.come_back()

    def _jump(self) -> None:
        self.stage.note("clock jumped")
        self.stage.wall.skip(self.dice.uniform(-WALL_CLOCK_SECONDS, WALL_CLOCK_SECONDS))
        self.stage.clock.skip(self.dice.uniform(0.0, DATABASE_CLOCK_SECONDS))


def _harm(trigger: Trigger) -> Harm | None:
    """What becomes of the request that pulled it."""
    match trigger.deed:
        case Deed.LOSE_REQUEST | Deed.LOSE_AND_KILL:
            return Harm("lost request")
        case Deed.LOSE_REPLY | Deed.CUT_OFF | Deed.LOCK_OUT:
            return Harm("lost reply")
        case Deed.REFUSE:
            return Harm("refusal")
        case Deed.TURN_AWAY:
            return Harm("refused connection")
        case Deed.HELD_UP | Deed.SLOW | Deed.CREEP | Deed.STALL:
            return Harm(LASTING[trigger.deed], trigger.seconds)
        case Deed.SILENCE:
            return Harm("silence")
        case Deed.LATE | Deed.LATE_AND_KILL:
            return Harm("late", trigger.seconds)
        case Deed.HOLD_BACK:
            return Harm("late", trigger.seconds + BEYOND_SECONDS)
        case _:
            return None
