"""The incident of 2026-02-25, line by line of its timeline: all of it happens again, to this worker.

Then: what the report says. Now: what is seen on the screens, in the rows and in the log of the replay.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from actors.domain.item import Action, Person
from tests.replay.playhouse import STATEMENT_SECONDS, TRIAL, Playhouse, open_playhouse
from tests.simulation.weather import Harm

ANNA, BEN, EVE = Person(11, "Anna"), Person(12, "Ben"), Person(13, "Eve")
STORY = "05015eb1"
BATCH = [f"batch-{number:02}" for number in range(1, 21)]
SLOW_STATEMENT_SECONDS = 2.0
WRITES = "sent WriteInteractions"


def at(clock: str) -> datetime:
    """A moment of that day, UTC."""
    return datetime.fromisoformat(f"2026-02-25T{clock}").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    time: str
    then: str
    now: str


@dataclass
class Incident:
    """The play; `moments` is its transcript, `connections` were in use at each line of it."""

    house: Playhouse
    moments: list[Moment] = field(default_factory=list)
    taps: dict[str, str] = field(default_factory=dict)
    connections: list[int] = field(default_factory=list)

    async def play(self) -> None:
        """Let the day pass."""
        await self._deployed()
        await self._sent()
        await self._auto_posted()
        await self._skipped_too_late()
        await self._batch()
        await self._dropped_at_a_bot_response()
        await self._dropped_at_a_skip()
        await self._last_post()

    def _tell(self, time: str, then: str, now: str) -> None:
        self.connections.append(self.house.database.open)
        self.moments.append(Moment(time, then, now))

    def _tap(self, name: str, title: str, action: Action, person: Person, shown: int = -1) -> str:
        self.taps[name] = self.house.tap(title, action, person, shown)
        return self.taps[name]

    def _card(self, title: str) -> str:
        return " ".join(line.strip() for line in self.house.says(title) if line.strip())

    async def _deployed(self) -> None:
        for number, title in enumerate([STORY, *BATCH]):
            self.house.queue(title, at("04:34:00") + timedelta(seconds=14 * number))
        for title, due in (("noon", "12:00:00"), ("quarter past", "12:14:00"), ("one", "13:16:00")):
            self.house.queue(title, at(due))
        await self.house.until(at("04:33:30"))
        up = sum(child.up for child in self.house.worker.children().values())
        self._tell("04:32:56", "Worker deployed", f"Worker started: {up} children are up, nothing is due yet")

    async def _sent(self) -> None:
        await self.house.until(at("04:39:16"))
        cards = [len(self.house.group.cards_of(self.house.item(title).item_id)) for title in [STORY, *BATCH]]
        trial = sum(chat_id == TRIAL for chat_id, _ in self.house.group.platform.screens)
        self._tell(
            "04:34-04:39",
            "Queue items sent to Telegram; the scheduler ran twice a minute, once for a half set up test chat",
            f"{len(cards)} cards sent, each once (most cards of an item: {max(cards)}); in the test chat: {trial}",
        )

    async def _auto_posted(self) -> None:
        await self.house.until(at("04:39:17"))
        tap = self._tap("auto post", STORY, Action.AUTO_POST, ANNA)
        await self.house.settle(1.0)
        self._tell(
            "04:39:17",
            f"Autopost callback received for item {STORY}; no feedback before the work was done",
            f"Toast after {self.house.toast_ms(tap):.0f} ms: “{self.house.toast(tap)}”\n"
            f"Card after {self.house.lines.of(tap)[0]['card_ms']:.0f} ms: {self._card(STORY)}",
        )
        await self.house.until(at("04:39:33"))
        self._tell("04:39:32", "Auto-posted to Instagram (story_id: 18237795982307044)", f"Card: {self._card(STORY)}")

    async def _skipped_too_late(self) -> None:
        await self.house.until(at("04:39:50"))
        tap = self._tap("late skip", STORY, Action.SKIP, BEN, shown=0)
        await self.house.settle(1.0)
        self._tell(
            "04:39:50",
            "Skip callback for the same item: silently fails, it was deleted already",
            f"Toast after {self.house.toast_ms(tap):.0f} ms: “{self.house.toast(tap)}” Card: {self._card(STORY)}",
        )

    async def _batch(self) -> None:
        """Ten Auto Posts in one instant, twice, over a database that takes two seconds a statement."""
        self.house.take_a_statement(SLOW_STATEMENT_SECONDS)
        for time, titles in (("04:42:00", BATCH[:10]), ("04:46:00", BATCH[10:])):
            await self.house.until(at(time))
            for title in titles:
                self._tap(title, title, Action.AUTO_POST, EVE)
        await self.house.until(at("04:50:00"))
        self.house.take_a_statement(STATEMENT_SECONDS)
        lines = [self.house.lines.of(self.taps[title])[0] for title in BATCH]
        self._tell(
            "04:42-04:50",
            "Connection pool exhaustion during batch autopost: limit of 10 + 10 reached, 30 s timeouts",
            f"20 Auto Posts, 2 s a statement: every toast within {max(line['toast_ms'] for line in lines):.0f} ms, "
            f"recorded within {max(line['recorded_ms'] for line in lines) / 1000:.1f} s; "
            f"most connections at once: {self.house.database.most}; "
            f"{sum(title in self.house.published for title in BATCH)} published, each once",
        )

    async def _dropped_at_a_bot_response(self) -> None:
        """The statement is lost before it took effect."""
        await self.house.until(at("12:02:20"))
        self.house.group.weather.harms[WRITES] = Harm("lost request")
        self._tap("noon", "noon", Action.POSTED, ANNA)
        await self.house.settle()
        self._tell(
            "12:02:20",
            "SSL connection closed on bot_response logging: an error, and the line is lost",
            f"The connection drops; the line is written again: {self.logged('noon')} time\nCard: {self._card('noon')}",
        )

    async def _dropped_at_a_skip(self) -> None:
        """The statement took effect, and its answer is lost."""
        await self.house.until(at("12:15:49"))
        self.house.group.weather.harms[WRITES] = Harm("lost reply")
        self._tap("quarter past", "quarter past", Action.SKIP, BEN)
        await self.house.settle()
        self._tell(
            "12:15:49",
            "SSL connection closed on skip callback logging (the skip itself succeeded)",
            f"The connection drops after the commit; the batch's key finds it: {self.logged('quarter past')} time\n"
            f"Card: {self._card('quarter past')}",
        )

    async def _last_post(self) -> None:
        await self.house.until(at("13:16:57"))
        self._tap("one", "one", Action.AUTO_POST, ANNA)
        await self.house.until(at("13:17:13"))
        self._tell("13:17:12", "Last successful Instagram API post", f"Card: {self._card('one')}")
        await self.house.settle()

    def logged(self, name: str) -> int:
        """How often the interactions know this tap."""
        lines = self.house.tables.interactions.all()
        return sum(line.tap_id == self.taps[name] for line in lines)


@asynccontextmanager
async def replayed() -> AsyncIterator[Incident]:
    """Play the whole day, and leave the house open to look at; wants a virtual clock."""
    async with open_playhouse(at("04:32:56")) as house:
        incident = Incident(house)
        await incident.play()
        yield incident
