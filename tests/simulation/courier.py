"""Telegram brings updates to the webhook: of each person's taps one is on its way, again and again until it is taken.

The rules are those of the Bot API server (WebhookActor.cpp in tdlib/telegram-bot-api): a line for each person's taps;
one connection unless something was taken within 10 s, then ten new ones each half second (:279-305, :691-703); a
second try at once and later ones after pauses that double up to a random 60 to 120 s, or as long as the reply asks, and
none that would come after the update's end (:493-523).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from random import Random

import anyio
from anyio.abc import TaskGroup

from actors.domain.updates import Membership, Moved, Other, Poison, Said, Unknown, Update
from actors.ports import Delivery, Receipt
from actors.runtime.child import ChildContext
from actors.worker import Web, Worker
from tests.simulation.processes import Life, Process
from tests.simulation.telegram import SimulatedTelegram
from tests.simulation.weather import Luck, Weather
from tests.simulation.wire import Request, Wire
from tests.simulation.witnesses import Witnesses

ANSWER_SECONDS = 60.0
ASKED_SECONDS = 2.0  # our 503 says so
LONGEST_SECONDS = (60.0, 120.0)
ACTIVE_SECONDS, NEW_CONNECTIONS, NEW_EVERY_SECONDS, MOST_CONNECTIONS = 10.0, 10, 0.5, 100
MOST_LINES = 2 * MOST_CONNECTIONS
LOOK_SECONDS = 1.0  # so soon a connection to who was killed is known to be dead

REST_SECONDS, MOST_RESTS = 10.0, 30

Answer = Callable[[Receipt], None]


class Entrance:
    """The web server of one process: what is brought to it while it is frozen waits for the thaw."""

    def __init__(self, process: Process, heard: Callable[[Process, Sequence[Update]], None]) -> None:
        self.process = process
        self.is_open = False
        self._heard = heard
        self._brought: list[tuple[Update, Answer]] = []
        self._news = anyio.Event()

    def bring(self, update: Update, answer: Answer) -> None:
        """A request arrives."""
        self._brought.append((update, answer))
        self._news.set()

    async def serve(self, worker: Worker, context: ChildContext) -> None:
        """Fill tree.Web."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._close, context)
            self.is_open = True
            context.ready()
            while self.is_open:
                await self._news.wait()
                self._news = anyio.Event()
                self._start(worker, tasks)

    async def _close(self, context: ChildContext) -> None:
        await context.stopping.wait()
        self.is_open = False
        self._news.set()

    def _start(self, worker: Worker, tasks: TaskGroup) -> None:
        brought, self._brought = self._brought, []
        for update, answer in brought:
            tasks.start_soon(self._take, worker, update, answer)

    async def _take(self, worker: Worker, update: Update, answer: Answer) -> None:
        assert worker.receiver is not None
        self._heard(self.process, [update])
        answer(await worker.receiver.take(update))


class WebhookPort:
    """Fills ports.Webhook for one process."""

    def __init__(self, courier: Courier, wire: Wire) -> None:
        self._courier = courier
        self._wire = wire

    async def register(self) -> None:
        """Have updates brought."""
        await self._wire.ask(Request("telegram", "register", self._courier.begin))

    async def look(self) -> Delivery:
        """Say how it goes."""
        return await self._wire.ask(Request("telegram", "look", self._courier.look))


@dataclass
class Courier:
    """The platform's part, for one bot; `entrances` are behind one address, whose balancer knows who has closed."""

    telegram: SimulatedTelegram
    weather: Weather
    dice: Random
    witnesses: Witnesses
    entrances: list[Entrance] = field(default_factory=list)
    is_registered: bool = False
    _lines: set[Hashable] = field(default_factory=set)
    _rounds: int = 0
    _failed_at: float = -1e9
    _taken_at: float = -1e9
    _active_since: float = -1e9
    _ready: list[_Errand] = field(default_factory=list)
    _under_way: int = 0

    @property
    def is_calm(self) -> bool:
        """Tell whether no pause of its can be under way."""
        return self._failed_at < self.telegram.timeline.now - LONGEST_SECONDS[1]

    def open(self, process: Process) -> Web:
        """Give a process an entrance."""
        self.telegram.news = self.wake
        self.entrances.append(Entrance(process, self.witnesses.delivered))
        return self.entrances[-1].serve

    def begin(self) -> None:
        """Bring what waits, from now on: a webhook that is set anew forgets its pauses, and what is on its way."""
        self.is_registered = True
        self._rounds += 1
        self._lines.clear()
        self._ready.clear()
        self._under_way, self._taken_at = 0, -1e9
        self.wake()

    def look(self) -> Delivery:
        """How many wait."""
        return Delivery(self.is_registered, len(self.telegram.unconfirmed), None)

    def wake(self) -> None:
        """Start to bring whatever nobody of its line is on his way before."""
        for update in self.telegram.unconfirmed if self.is_registered else ():
            line = _line(update)
            if line not in self._lines and len(self._lines) < MOST_LINES:
                self._lines.add(line)
                self._bring_after(0.0, _Errand(update, 0, self._rounds))

    def _bring_after(self, seconds: float, errand: _Errand) -> None:
        self.telegram.timeline.after(seconds, lambda: self._is_ready(errand))

    def _is_ready(self, errand: _Errand) -> None:
        if not self._is_over(errand):
            self._ready.append(errand)
            self._serve()

    @property
    def _connections(self) -> int:
        """How many requests there may be at once now."""
        now = self.telegram.timeline.now
        if now - self._taken_at >= ACTIVE_SECONDS:
            return 1
        rounds = 1 + int((now - self._active_since) / NEW_EVERY_SECONDS)
        return min(NEW_CONNECTIONS * rounds, MOST_CONNECTIONS)

    def _serve(self) -> None:
        """Bring what is ready on the connections that are free."""
        while self._ready and self._under_way < self._connections:
            self._under_way += 1
            self._bring(self._ready.pop(0))
        if self._ready and self._connections > 1:
            self.telegram.timeline.after(NEW_EVERY_SECONDS, self._serve)

    def _is_free_again(self) -> None:
        self._under_way = max(0, self._under_way - 1)
        self.telegram.timeline.after(0.0, self._serve)

    def _bring(self, errand: _Errand) -> None:
        """Try once; what has expired meanwhile is dropped."""
        if not self.telegram.holds(errand.update):
            self._end(errand)
            return
        luck = self.weather.luck("telegram")
        if luck.trouble:
            self.weather.note(f"telegram {luck.trouble}", self.telegram.timeline.now)
        found = [one for one in self.entrances if one.is_open and one.process.is_alive]
        if not found or luck.trouble in {"refused connection", "lost request"}:
            self._try_again(errand)
        else:
            self._send(errand, self.dice.choice(found), luck)

    def _send(self, errand: _Errand, entrance: Entrance, luck: Luck) -> None:
        timeline, there = self.telegram.timeline, luck.there + (luck.late if luck.trouble == "late" else 0.0)
        self.witnesses.transcript.add(f"Telegram brings {_name(errand.update)} to {entrance.process.name}")
        timeline.after(there, lambda: entrance.bring(errand.update, lambda one: self._reply(errand, luck, one)))
        timeline.after(LOOK_SECONDS, lambda: self._look_after(errand, entrance.process, LOOK_SECONDS))

    def _reply(self, errand: _Errand, luck: Luck, receipt: Receipt) -> None:
        if luck.trouble not in {"lost reply", "silence", "late"}:
            self.telegram.timeline.after(luck.back, lambda: self._answered(errand, receipt))

    def _answered(self, errand: _Errand, receipt: Receipt) -> None:
        if self._is_over(errand):
            return
        if receipt is Receipt.DONE:
            now = self.telegram.timeline.now
            if now - self._taken_at >= ACTIVE_SECONDS:
                self._active_since = now
            self._taken_at = now
            self.telegram.forget(errand.update)
            self._end(errand)
        else:
            self._try_again(errand, ASKED_SECONDS if receipt is Receipt.LATER else None)

    def _look_after(self, errand: _Errand, process: Process, waited: float) -> None:
        """Whoever was killed answers no more; whoever is frozen has a minute."""
        if self._is_over(errand):
            return
        if waited >= ANSWER_SECONDS or process.life in {Life.KILLED, Life.ENDED}:
            self._try_again(errand)
        else:
            again = waited + LOOK_SECONDS
            self.telegram.timeline.after(LOOK_SECONDS, lambda: self._look_after(errand, process, again))

    def _try_again(self, errand: _Errand, asked: float | None = None) -> None:
        errand.is_over = True
        self._failed_at = self.telegram.timeline.now
        longest = self.dice.uniform(*LONGEST_SECONDS)
        doubled = 0.0 if errand.attempt == 0 else min(float(2**errand.attempt), longest)
        pause = doubled if asked is None else asked
        if self.telegram.ends_within(errand.update, pause):
            self.telegram.drop(errand.update)
            self._end(errand)
            return
        self._is_free_again()
        self._bring_after(pause, _Errand(errand.update, errand.attempt + 1, errand.round))

    def _end(self, errand: _Errand) -> None:
        errand.is_over = True
        self._lines.discard(_line(errand.update))
        self._is_free_again()
        self.wake()

    def _is_over(self, errand: _Errand) -> bool:
        return errand.is_over or errand.round != self._rounds


@dataclass(eq=False)
class _Errand:
    update: Update
    attempt: int
    round: int
    is_over: bool = False


def _line(update: Update) -> Hashable:
    match update:
        case Said():
            return "chat", update.chat_id
        case Membership():
            return "member", update.chat_id
        case Moved() | Unknown() | Other() | Poison():
            return "update", update.update_id
        case _:
            return "person", update.press.person.id


def _name(update: Update) -> str:
    return (
        type(update).__name__
        if isinstance(update, Said | Membership | Moved | Unknown | Other | Poison)
        else update.press.id
    )


async def until_calm(weather: Weather, courier: Courier) -> None:
    """While Telegram refuses what exceeds a group's limit, or pauses before a webhook, the trouble is not over."""
    for _ in range(MOST_RESTS):
        before = weather.counts["telegram 429"]
        await anyio.sleep(REST_SECONDS)
        if weather.counts["telegram 429"] == before and courier.is_calm:
            return
