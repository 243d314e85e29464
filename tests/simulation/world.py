"""A whole service in virtual time: real workers, simulated servers, people, an operator, and trouble."""

from __future__ import annotations

import anyio

from actors.domain.messages import Message
from actors.peers import ItemKey
from actors.worker import Ports
from tests.fakes.clock import FakeClock
from tests.fakes.store import Store
from tests.simulation import liveness
from tests.simulation.courier import Courier, WebhookPort, until_calm
from tests.simulation.coverage import RECENT_SECONDS, Coverage
from tests.simulation.database import SimulatedDatabase, SimulatedPool
from tests.simulation.dice import Dice
from tests.simulation.door import Door
from tests.simulation.fleet import Fleet, Surroundings
from tests.simulation.floods import Flooder
from tests.simulation.furniture import CHATS, NEWCOMER, OPENS, furnish, queue_now
from tests.simulation.guests import Guests
from tests.simulation.instagram import Eyes, InstagramPort, Made, SimulatedInstagram
from tests.simulation.liveness import Liveness
from tests.simulation.people import Crowd
from tests.simulation.plan import Deed, Episode, Kind, Outcome, Plan, Profile
from tests.simulation.processes import Life, Process, Schedule
from tests.simulation.stage import Stage
from tests.simulation.telegram import SimulatedTelegram
from tests.simulation.telegram_ports import ChatPort, UpdatesPort
from tests.simulation.timeline import Timeline
from tests.simulation.trouble import Trouble
from tests.simulation.weather import Harm, Weather
from tests.simulation.wire import Wire
from tests.simulation.witnesses import Witnesses

TAP_SECONDS = 6.0  # between two looks of one person at the group
POLL_SECONDS = 40.0  # so seldom a poller asks at least: without a database nobody else begins to
QUIET_SECONDS = 30.0  # from the last check to the stop
STOP_SECONDS = 40.0
ALMOST_A_HOLD = 45.0  # a card that was sent is given 60 s to be saved
CUTS_OFF: set[Kind | Deed] = {
    Kind.DATABASE_AWAY,
    Kind.DATABASE_SILENT,
    Deed.CUT_OFF,
    Deed.KILL_AND_CUT_OFF,
    Deed.HOLD_BACK,
}
FAREWELL_SECONDS, SLUGGISH = 0.6, 0.25  # a tap has come, and is not yet stored


class World:
    """One world; `run` lets it live, `outcome` says what became of it."""

    def __init__(self, plan: Plan, schedule: Schedule) -> None:
        self.plan = plan
        self.schedule = schedule
        self.dice = Dice(plan.seed)
        self.timeline = Timeline(self._after_each)
        self.weather = Weather(self.dice.of("weather"))
        self.clock, self.wall = FakeClock(OPENS), FakeClock(OPENS)
        self.store = Store(self.clock)
        self.witnesses = Witnesses(self.store, self.timeline)
        self.transcript, self.safety = self.witnesses.transcript, self.witnesses.safety
        self.coverage = Coverage()
        self.database = SimulatedDatabase(self.store, self.witnesses.committed, self.witnesses.strangers.asked)
        self.database.learned = self.witnesses.changes.learned
        eyes = Eyes(
            lambda: self.timeline.now, self._went_live, self.witnesses.sagas.called, self.witnesses.sagas.fetched
        )
        self.instagram = SimulatedInstagram(self.dice.of("instagram"), eyes)
        self.witnesses.sagas.is_over = lambda name: self.instagram.containers[name].is_over
        self.telegram = SimulatedTelegram(self.timeline, self.witnesses.listeners())
        self.courier = Courier(self.telegram, self.weather, self.dice.of("courier"), self.witnesses)
        self.door = Door(self._is_open, lambda: self.timeline.now)
        self.crowd = Crowd(self.telegram, self.transcript, CHATS, self._do_people_tap, self.witnesses.commands.wrote)
        flooder = Flooder(self.crowd, self.telegram, self.safety)
        self.guests = Guests(self.crowd, self.telegram, self.dice.of("hammer"), flooder)
        self.guests.invited = self.witnesses.greetings.invited
        self.witnesses.taps.pressed = self.witnesses.strangers.pressed = self.crowd.pressed.get
        self.safety.sent_for = self.telegram.sent_for
        self.trouble: Trouble
        self._seconds = 0.0

    async def run(self) -> None:
        """Live through the plan, heal, come true, and end."""
        furnish(self.store, self.telegram, self.plan, self.dice.of("queue"))
        async with anyio.create_task_group() as tasks:
            fleet = Fleet(self._surroundings(), tasks)
            stage = Stage(
                self.timeline,
                self.weather,
                self.database,
                self.telegram,
                self.instagram,
                fleet,
                self.wall,
                self.clock,
                self.transcript.add,
                self.guests,
            )
            self.trouble = Trouble(stage, self.plan, self.dice.of("trouble"))
            try:
                await self._live(fleet)
            finally:  # also if the harness crashes: who is held never ends, and no world that waits for it
                self.safety.is_over = self.transcript.is_over = True
                fleet.release_all()
                tasks.cancel_scope.cancel()

    def outcome(self, trace: str) -> Outcome:
        """Say what became of it."""
        return Outcome(
            plan=self.plan,
            violations=tuple(self.safety.violations),
            taps=len(self.crowd.pressed),
            simulated_seconds=round(self._seconds, 3),
            steps=self.schedule.steps,
            faults=dict(self.weather.counts),
            cells=frozenset(self.coverage.cells),
            trace=trace,
            transcript=tuple(self.transcript.lines),
        )

    async def _live(self, fleet: Fleet) -> None:
        fleet.tasks.start_soon(self.timeline.run)
        for _ in range(self.plan.workers):
            fleet.start()
        self.trouble.begin()
        for number in range(self.plan.people):
            self.crowd.add(number, self.dice.of(f"person {number}"), TAP_SECONDS)
        self.timeline.after(self.plan.seconds * self.dice.of("waverer").uniform(0.1, 0.9), self.guests.waver)
        await anyio.sleep(self.plan.seconds)
        self.trouble.heal()
        examiner = Liveness(self.store, self.telegram, self.crowd, self.safety, self.clock.now)
        await self._come_true(examiner)
        await self._end(fleet, examiner)
        self._seconds = self.timeline.now

    async def _come_true(self, examiner: Liveness) -> None:
        """Look at each promise when its time has come, and at all of them once more at the end."""
        await until_calm(self.weather, self.courier)
        self.safety.healed_at = self.timeline.now
        await anyio.sleep(liveness.CARDS_SECONDS)
        examiner.look_at_cards()
        await anyio.sleep(liveness.TAPS_SECONDS - liveness.CARDS_SECONDS)
        examiner.look_at_taps()
        await anyio.sleep(liveness.PUBLISHES_SECONDS - liveness.TAPS_SECONDS)
        examiner.look_at_publishes()
        self._look_at_sends(examiner)
        examiner.tap_what_is_left(NEWCOMER)
        await anyio.sleep(QUIET_SECONDS)
        examiner.look_at_late_presses()
        examiner.look_at_cards(at_the_end=True)
        self._look_at_books(examiner)

    def _look_at_books(self, examiner: Liveness) -> None:
        self.witnesses.losers.look_at_refusals()
        for press_id in self.door.unseen(self.telegram.pressed_at, self.safety.evidence.delivered):
            self.safety.broken("every tap is seen", f"{press_id} came late or never to a worker who was there")
        self.witnesses.ledger.look_at_counters()
        self.witnesses.ledger.look_at_schedule(QUIET_SECONDS, self.telegram.spoiled)
        examiner.look_at_interactions()
        self.witnesses.changes.look()
        self.witnesses.greetings.look()
        self.trouble.stage.fleet.look_at_health()

    def _look_at_sends(self, examiner: Liveness) -> None:
        """Before somebody taps a card that no row knows, and makes it one."""
        died = any(self.weather.counts[fault] for fault in ("worker killed", "worker frozen", "worker stopped"))
        harms: set[Kind | Deed] = {one.kind for one in self.plan.episodes if one.seconds > ALMOST_A_HOLD}
        harms |= {one.deed for one in self.plan.triggers if one.seconds > ALMOST_A_HOLD}
        sent, cut_off = examiner.messages(), bool(harms & CUTS_OFF)
        self.witnesses.ledger.look_at_cards(sent, somebody_died=died, cut_off=cut_off)

    async def _end(self, fleet: Fleet, examiner: Liveness) -> None:
        """Stop everybody while cards are sent and old ones tapped: each ends in time, and what it took in is done."""
        stopped = fleet.at_work
        for kind in (Kind.DATABASE_SLOW, Kind.TELEGRAM_SLOW):
            self.weather.under_way[kind] = Episode(0, kind, 0.0, STOP_SECONDS, SLUGGISH)
        queue_now(self.store)
        self.database.notify()
        await anyio.sleep(FAREWELL_SECONDS)
        examiner.tap_old_cards(NEWCOMER)
        await anyio.sleep(FAREWELL_SECONDS)
        for process in stopped:
            fleet.stop(process)
        await anyio.sleep(STOP_SECONDS)
        for process in stopped:
            if process.life is not Life.ENDED:
                self.safety.broken("a stop ends", f"{process.name} is {process.life.value} after {STOP_SECONDS} s")
        examiner.look_at_farewell()

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            schedule=self.schedule,
            ports=self._ports,
            web=self.courier.open if self.plan.profile is Profile.WEBHOOK else lambda _: None,
            dice=self.dice.of,
            visit=self._visit,
            tell=self.transcript.add,
            broken=self.safety.broken,
            after=self.timeline.after,
            now=lambda: self.timeline.now,
        )

    def heard(self, process: Process, line: dict[str, object]) -> None:
        """A process wrote a log line."""
        self.witnesses.logged(process, line)
        self.trouble.passed(f"log {line['event']} {line.get('state', '')}".rstrip(), process)

    def _ports(self, process: Process) -> Ports:
        wire = Wire(process, self.timeline, self.weather, self._passed)
        chat = ChatPort(self.telegram, wire, (self.witnesses.taps.asked_to_toast, self.witnesses.ledger))
        return Ports(
            SimulatedPool(self.database, wire, 3),
            chat,
            UpdatesPort(self.telegram, wire),
            self.wall,
            InstagramPort(self.instagram, wire, self.weather),
            webhook=WebhookPort(self.courier, wire) if self.plan.profile is Profile.WEBHOOK else None,
        )

    def _visit(self, key: ItemKey, message: Message) -> None:
        chat = self.store.tables.chat(key[0])
        item = None if chat is None else self.store.tables.items.get(chat.chat_key, key[1])
        recent = self.timeline.now - self.weather.last_at <= RECENT_SECONDS
        self.coverage.visit("unknown" if item is None else item.state, message, self.weather.last if recent else "none")

    def _passed(self, point: str, process: Process) -> Harm | None:
        self.transcript.add(f"{process.name} {point}")
        return self.trouble.passed(point, process)

    def _after_each(self) -> None:
        self.witnesses.taps.look_at_toasts()
        self.door.look()

    def _do_people_tap(self) -> bool:
        return not (self.trouble.healed or self.trouble.deserted)

    def _is_open(self) -> bool:
        if self.plan.profile is Profile.WEBHOOK:
            return False  # a person's next tap waits for the one before, and that one for Telegram's own pauses
        weather = self.weather.under_way
        alone = self.database.is_away or Kind.DATABASE_SILENT in weather  # who starts now cannot read the lease
        there = [
            process
            for process in self.trouble.stage.fleet.processes
            if process.life is Life.RUNNING
            and process.thawed_at < self.timeline.now - TAP_SECONDS
            and (not alone or self.witnesses.polled_at.get(process, 0.0) > self.timeline.now - POLL_SECONDS)
        ]
        # Two that poll by turns, one was frozen, get one update a poll until the database tells whose the lease is.
        settled = len(there) == 1 if alone else bool(there)
        return settled and not weather.keys() & {Kind.TELEGRAM_AWAY, Kind.TELEGRAM_LOSSY, Kind.REVOKED}

    def _went_live(self, made: Made, container: str) -> None:
        self.witnesses.went_live(made, container, self.instagram.live[made.media_id])
