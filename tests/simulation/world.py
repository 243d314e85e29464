"""A whole service in virtual time: real workers, simulated servers, people, an operator, and trouble."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import anyio

from actors.ports import Update
from actors.rules.messages import Message, Pressed
from actors.shell.outside import ItemKey
from actors.tree import Ports
from infra.telegram.markup import visible
from tests.fakes.clock import FakeClock
from tests.fakes.store import Store
from tests.simulation import liveness
from tests.simulation.coverage import RECENT_SECONDS, Coverage
from tests.simulation.database import SimulatedDatabase, SimulatedPool
from tests.simulation.dice import Dice
from tests.simulation.fleet import Fleet, Surroundings
from tests.simulation.instagram import Eyes, InstagramPort, SimulatedInstagram
from tests.simulation.journal import Transcript
from tests.simulation.liveness import Liveness
from tests.simulation.people import Crowd
from tests.simulation.plan import Deed, Outcome, Plan
from tests.simulation.processes import Life, Process, Schedule
from tests.simulation.safety import Safety
from tests.simulation.telegram import ChatPort, Listeners, Sight, SimulatedTelegram, UpdatesPort
from tests.simulation.timeline import Timeline
from tests.simulation.trouble import Stage, Trouble
from tests.simulation.weather import Weather
from tests.simulation.wire import Wire

OPENS = datetime(2026, 2, 25, 8, 0, tzinfo=UTC)
CHATS = (-1001, -1002)  # the first publishes, the second rehearses
SLOTS_SECONDS = 180.0
TAP_SECONDS = 4.0  # between two looks of one person at the group
QUIET_SECONDS = 30.0  # from the last check to the stop
STOP_SECONDS = 40.0
POINTS_TOLD = {"effect", "reply"}


class World:
    """One world; `run` lets it live, `outcome` says what became of it."""

    def __init__(self, plan: Plan, schedule: Schedule) -> None:
        self.plan = plan
        self.schedule = schedule
        self.dice = Dice(plan.seed)
        self.timeline = Timeline(self._after_each)
        self.transcript = Transcript(lambda: self.timeline.now)
        self.weather = Weather(self.dice.of("weather"))
        self.clock, self.wall = FakeClock(OPENS), FakeClock(OPENS)
        self.store = Store(self.clock)
        self.safety = Safety(self.store, lambda: self.timeline.now)
        self.coverage = Coverage()
        self.database = SimulatedDatabase(self.store, self.safety.committed)
        self.instagram = SimulatedInstagram(self.dice.of("instagram"), Eyes(lambda: self.timeline.now, self._went_live))
        heard = Listeners(self._confirmed, self._drawn, self._toasted, self._said, self._delivered)
        self.telegram = SimulatedTelegram(self.timeline, heard)
        self.crowd = Crowd(self.telegram, self.transcript, CHATS, lambda: not self.trouble.healed)
        self.trouble: Trouble
        self._seconds = 0.0

    async def run(self) -> None:
        """Live through the plan, heal, come true, and end."""
        self._furnish()
        async with anyio.create_task_group() as tasks:
            fleet = Fleet(self._surroundings(), tasks)
            stage = Stage(
                self.timeline,
                self.weather,
                self.database,
                self.telegram,
                fleet,
                self.wall,
                self.clock,
                self.transcript.add,
            )
            self.trouble = Trouble(stage, self.plan, self.dice.of("trouble"))
            tasks.start_soon(self.timeline.run)
            for _ in range(self.plan.workers):
                fleet.start()
            self.trouble.begin()
            for number in range(self.plan.people):
                self.crowd.add(number, self.dice.of(f"person {number}"), TAP_SECONDS)
            await anyio.sleep(self.plan.seconds)
            self.trouble.heal()
            await self._come_true()
            await self._end(fleet)
            self._seconds = self.timeline.now
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

    def logged(self, process: Process, line: dict[str, object]) -> None:
        """A process wrote a log line."""
        if process.life is not Life.KILLED:
            self.safety.logged(process, line)
            if line["event"] == "tap":
                said = {name: line[name] for name in ("tap_id", "outcome", "cause", "version")}
                self.transcript.add(f"{process.name} logs {said}")
            elif line["level"] != "info":
                self.transcript.add(f"{process.name} logs {line['event']}")

    async def _come_true(self) -> None:
        """Look at each promise when its time has come, and at all of them once more at the end."""
        examiner = Liveness(self.store, self.telegram, self.crowd, self.safety, self.clock.now)
        await anyio.sleep(liveness.CARDS_SECONDS)
        examiner.look_at_cards()
        await anyio.sleep(liveness.TAPS_SECONDS - liveness.CARDS_SECONDS)
        examiner.look_at_taps()
        await anyio.sleep(liveness.PUBLISHES_SECONDS - liveness.TAPS_SECONDS)
        examiner.look_at_publishes()
        await anyio.sleep(QUIET_SECONDS)
        examiner.look_at_cards()

    async def _end(self, fleet: Fleet) -> None:
        """Stop everybody: each ends within its grace."""
        stopped = fleet.at_work
        for process in stopped:
            fleet.stop(process)
        await anyio.sleep(STOP_SECONDS)
        for process in stopped:
            if process.life is not Life.ENDED:
                self.safety.broken("a stop ends", f"{process.name} is {process.life.value} after {STOP_SECONDS} s")

    def _furnish(self) -> None:
        """Two teams, an account, and stories whose slots come one after another."""
        tables, dice = self.store.tables, self.dice.of("queue")
        for chat_key, chat_id in enumerate(CHATS, 1):
            tables.chats.make(
                chat_key=chat_key,
                chat_id=chat_id,
                created_at=OPENS,
                live=chat_key == 1,
                account="@studio" if chat_key == 1 else None,
                account_id=1 if chat_key == 1 else None,
                gap_seconds=10,
                repost_days=30,
            )
        tables.accounts.make(chat_key=1, account_id=1, created_at=OPENS, ig_user_id="17841", username="studio")
        for number in range(1, self.plan.items + 1):
            self._queue(number, dice)

    def _queue(self, number: int, dice: Random) -> None:
        tables = self.store.tables
        chat_key = 2 if number % 4 == 0 else 1
        media_id, item_id = tables.number("media_id"), tables.number("item_id")
        due_at = OPENS + timedelta(seconds=dice.uniform(1.0, SLOTS_SECONDS))
        tables.media.make(
            chat_key=chat_key, media_id=media_id, created_at=OPENS, sha256=f"{number}", title=f"story {number}"
        )
        tables.items.make(chat_key=chat_key, item_id=item_id, media_id=media_id, due_at=due_at, created_at=OPENS)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            schedule=self.schedule,
            ports=self._ports,
            dice=self.dice.of,
            visit=self._visit,
            tell=self.transcript.add,
            broken=self.safety.broken,
            after=self.timeline.after,
            now=lambda: self.timeline.now,
        )

    def _ports(self, process: Process) -> Ports:
        wire = Wire(process, self.timeline, self.weather, self._passed)
        chat = ChatPort(self.telegram, wire, self.safety.asked_to_toast)
        return Ports(
            SimulatedPool(self.database, wire, 3),
            chat,
            UpdatesPort(self.telegram, wire),
            self.wall,
            InstagramPort(self.instagram, wire, self.weather),
        )

    def _visit(self, key: ItemKey, message: Message) -> None:
        chat = self.store.tables.chat(key[0])
        item = None if chat is None else self.store.tables.items.get(chat.chat_key, key[1])
        recent = self.timeline.now - self.weather.last_at <= RECENT_SECONDS
        self.coverage.visit("unknown" if item is None else item.state, message, self.weather.last if recent else "none")

    def _passed(self, point: str, process: Process) -> Deed | None:
        self.transcript.add(f"{process.name} {point}")
        return self.trouble.passed(point, process)

    def _after_each(self) -> None:
        self.safety.look_at_toasts()

    def _went_live(self, media_id: int, container: str) -> None:
        self.transcript.add(f"Instagram shows story {media_id}, container {container}")
        self.safety.went_live(media_id, container, self.instagram.live[media_id])

    def _confirmed(self, updates: list[Update]) -> None:
        self.transcript.add(f"Telegram forgets {_names(updates)}")
        self.safety.confirmed(updates)

    def _delivered(self, process: Process, updates: Sequence[Update]) -> None:
        if updates:
            self.transcript.add(f"{process.name} gets {_names(updates)}")
        self.safety.delivered(process, updates)

    def _drawn(self, sight: Sight, before: Sight | None) -> None:
        last = visible(sight.caption).splitlines()[-1]
        buttons = sum(map(len, sight.keyboard))
        self.transcript.add(f"message {sight.face.message_id} shows “{last}” and {buttons} buttons")
        self.safety.drawn(sight, before)

    def _said(self, chat_id: int, text: str) -> None:
        self.transcript.add(f"the bot says in {chat_id}: {text.splitlines()[0]}")
        self.safety.said(chat_id, text)

    def _toasted(self, press_id: str, text: str) -> None:
        self.transcript.add(f"toast of {press_id}: {text}")


def _names(updates: Sequence[Update]) -> str:
    return ", ".join(one.press.id if isinstance(one, Pressed) else type(one).__name__ for one in updates)
