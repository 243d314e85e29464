"""Workers that come, go, die, freeze and are of two versions while people tap: one polls, nothing is doubled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import anyio

from tests.faults.audience import Audience, invite
from tests.faults.company import Company, Member, open_company
from tests.faults.frozen import FROZEN_PUBLISHES
from tests.faults.lateness import measured
from tests.faults.notes import show_notes
from tests.faults.releases import CONTRACT, EXPAND, release
from tests.faults.results import Result, Settings
from tests.faults.server import Server, open_server
from tests.stage import Stage, open_stage
from tests.tap_lines import captured_lines

AT_ONCE = 4  # a play has up to five processes, and people who tap all the time
CARDS, TAPS_PER_SECOND = 600, 3.0
ROUNDS = 3
TAKE_OVER_SECONDS = 15.0  # design: within so long of a death another one polls
PATIENCE_SECONDS = 60.0
FROZEN_SECONDS = 60.0
CALM_SECONDS = 5.0
LOOK_SECONDS = 3.0
TRUTH_SECONDS = 100.0
CONFIRMED_SECONDS = 15.0  # a poll brings the offset, and one may hang as long as it takes to see that
BEHIND = "select count(*) from cards where shown < want and not gone"
HELD_BY_TWO = "select standby_at > now() - interval '5 seconds' from leases"


@dataclass
class Cast:
    """Who plays, for how many rounds; `seconds`: the longest that people had nobody who polls for them."""

    stage: Stage
    company: Company
    home: Path
    rounds: int
    seconds: float = 0.0

    async def take_over(self, gone: Member) -> None:
        """Wait until another one polls. Where this process gets to run late, the workers beside it do, too."""
        began = anyio.current_time()
        async with measured() as lateness:
            found = await self.company.someone_else_polls(gone, PATIENCE_SECONDS)
        seconds = anyio.current_time() - began
        self.seconds = max(self.seconds, seconds)
        if not found or seconds > TAKE_OVER_SECONDS + lateness.seconds:
            self.company.wrong.append(f"nobody else polled for {seconds:.1f} s (we were {lateness.seconds:.1f} s late)")


async def restarted(cast: Cast) -> None:
    """One after another is told to stop, and another one started in its place."""
    for _ in range(cast.rounds):
        for member in cast.company.present:
            await cast.company.retire(member)
            await cast.company.hire()


async def killed(cast: Cast) -> None:
    """Whoever polls dies, and later another one is started."""
    for _ in range(cast.rounds):
        await cast.stage.until_rows_say(True, HELD_BY_TWO)
        poller = cast.company.poller()
        await poller.played.kill()
        await cast.take_over(poller)
        await cast.company.hire()


async def frozen(cast: Cast) -> None:
    """Whoever polls is suspended, and goes on a minute later as if nothing had happened."""
    await cast.stage.until_rows_say(True, HELD_BY_TWO)
    poller = cast.company.poller()
    cast.company.freeze(poller)
    until = anyio.current_time() + FROZEN_SECONDS
    await cast.take_over(poller)
    await anyio.sleep_until(until)
    cast.company.thaw(poller)
    await anyio.sleep(CALM_SECONDS)


async def migrated(cast: Cast) -> None:
    """A newer version adds to the schema beside older ones, of which one starts again; a still newer one cleans up."""
    newer = release(cast.home / "newer", [EXPAND])
    newest = release(cast.home / "newest", [EXPAND, CONTRACT])
    older = cast.company.present
    await cast.company.hire(newer)
    await anyio.sleep(CALM_SECONDS)
    older.append(await cast.company.hire())
    await _functions_are_of(cast, 1)
    for member in older:
        await cast.company.retire(member)
    await cast.company.hire(newest)
    for member in cast.company.present[:-1]:
        await cast.company.retire(member)
        await cast.company.hire(newest)
    await _functions_are_of(cast, 2)


async def _functions_are_of(cast: Cast, release: int) -> None:
    found = await cast.stage.database.fetchval("select later_release()")
    if found != release:
        cast.company.wrong.append(f"the functions are of release {found} instead of {release}")


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to workers; `words`: its column."""

    words: str
    happens: Callable[[Cast], Awaitable[None]]


EVENTS: Final[Mapping[str, Event]] = {
    "RESTART": Event("rolling restarts", restarted),
    "KILL": Event("poller killed -9", killed),
    "FREEZE": Event(f"poller frozen {FROZEN_SECONDS:.0f} s", frozen),
    "MIGRATE": Event("two versions, expand and contract", migrated),
}


class Play(Protocol):
    """One run."""

    @property
    def name(self) -> str:
        """What a failure's command says."""
        ...

    async def run(self, server: Server) -> Result:
        """Play it, on a database of its own."""
        ...


@dataclass(frozen=True, slots=True)
class CrowdPlay:
    """So many workers to whom something happens while people tap."""

    workers: int
    event: str
    rounds: int = ROUNDS

    @property
    def name(self) -> str:
        """What a failure's command says."""
        return f"{self.workers}/{self.event}"

    async def run(self, server: Server) -> Result:
        """Play it; in the end exactly one polls."""
        name = self.name.replace("/", "_").lower()
        dsn, home = await server.create(name), server.folder / name
        home.mkdir()
        async with open_stage(dsn) as stage, open_company(stage, home) as company:
            audience = await invite(stage, CARDS)
            for _ in range(self.workers):
                await company.hire()
            cast = Cast(stage, company, home, self.rounds)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(audience.tap_on, TAPS_PER_SECOND)
                await EVENTS[self.event].happens(cast)
                await _look_who_polls(company)
                tasks.cancel_scope.cancel()
            return await self._result(cast, audience)

    async def _result(self, cast: Cast, audience: Audience) -> Result:
        told = await audience.all_told(TRUTH_SECONDS) and await _all_acknowledged(cast.stage)
        await audience.all_confirmed(CONFIRMED_SECONDS)
        for member in cast.company.present:
            await cast.company.retire(member)
        finding = await audience.finding(*(member.played.lines() for member in cast.company.members))
        wrong = cast.company.wrong + finding.wrong
        wrong += [] if told else [f"cards do not tell the truth after {TRUTH_SECONDS:.0f} s"]
        wrong += [f"{finding.refused} taps refused"] if finding.refused else []
        truth, toast = audience.seconds_to_truth(), audience.seconds_to_toast()
        return Result(
            "overlap",
            "several workers",
            f"{self.workers} workers",
            EVENTS[self.event].words,
            self.name,
            cast.seconds or truth,
            "; ".join(wrong) or None,
            finding.lost,
            finding.doubled,
            f"{finding.landed} taps landed, the slowest toast after {toast:.1f} s and card after {truth:.1f} s; "
            f"{finding.explained_again} explained by a second one, too; {len(cast.company.members)} workers, "
            f"{cast.stage.sandbox.bot_api.polls.conflicts} conflicts",
        )


class Overlap:
    """The section."""

    name = "overlap"

    def least(self, settings: Settings) -> int:
        """All that are named."""
        return len(plan(settings))

    async def run(self, settings: Settings) -> list[Result]:
        """Play all of them, or the one that takes no time."""
        with captured_lines():  # the stages overlap: this one puts structlog back when the last is gone
            results = await play_all(plan(settings))
        show_notes("overlap", results)
        return results


def plan(settings: Settings) -> list[Play]:
    """Name them all."""
    if settings.quick and settings.run is None:
        return [CrowdPlay(2, "RESTART", rounds=1)]
    plays: list[Play] = [CrowdPlay(workers, event) for workers in (2, 4) for event in EVENTS]
    return [play for play in [*plays, *FROZEN_PUBLISHES] if settings.run in {None, play.name}]


async def play_all(plays: Sequence[Play]) -> list[Result]:
    """Play several at once."""
    results: dict[str, Result] = {}

    async def work(server: Server, pending: Iterator[Play]) -> None:
        for play in pending:
            results[play.name] = await play.run(server)

    pending = iter(plays)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(open_server())
        tasks = await stack.enter_async_context(anyio.create_task_group())
        for _ in range(AT_ONCE):
            tasks.start_soon(work, server, pending)
    return [results[play.name] for play in plays]


async def _all_acknowledged(stage: Stage) -> bool:
    """Wait until no card has to be drawn again: an edit of a dead worker may come late, and what it hides is known."""
    with anyio.move_on_after(TRUTH_SECONDS):
        while await stage.database.fetchval(BEHIND):  # noqa: ASYNC110 - unannounced
            await anyio.sleep(0.1)
        return True
    return False


async def _look_who_polls(company: Company) -> None:
    since = anyio.current_time()
    await anyio.sleep(LOOK_SECONDS)
    pollers = company.pollers(since)
    if len(pollers) != 1:
        company.wrong.append(f"{len(pollers)} poll in the end")
