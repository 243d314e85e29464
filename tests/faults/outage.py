"""The database away for ten minutes while people tap: each tap is held, and then lands or is refused on a live card."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
from anyio import to_thread

from actors.bounds import TAP_HOLD_SECONDS
from actors.database.circuit_breaker import PAUSES
from infra.postgres.connect import DatabaseAddress, connect_patiently
from infra.postgres.embedded.server import Server as Postmaster
from tests.faults.audience import Audience, invite
from tests.faults.company import STOP_SECONDS
from tests.faults.harms import HOW_MANY
from tests.faults.notes import show_notes
from tests.faults.results import Result, Settings
from tests.faults.server import DATA, open_server
from tests.links import Link, link_to
from tests.stage import Stage, open_stage
from tests.tap_lines import captured_lines
from tests.understudy import Understudy, understudy

LONG_SECONDS, TAPS_PER_SECOND = 600.0, 1.0
QUICK_SECONDS, QUICK_TAPS_PER_SECOND = 25.0, 5.0
START_SECONDS = 90.0
TOLD_SECONDS = TAP_HOLD_SECONDS + 10.0  # on the card; the last ten are to draw it, on a busy machine
TOAST_SECONDS = 12.0  # no toast waits for the database; this one may wait for a busy machine
AGAIN_SECONDS = 30.0
PROBE_SECONDS = PAUSES.steps[-1] / 2  # the shortest pause between two tries to connect, once they are longest
FIRST_TRIES = 25  # before that, by all sessions, and those of the listener
RETURN_SECONDS = 5.0
POOL_SIZE = 5
RETURN_TRIES = (
    2 * POOL_SIZE
)  # what each session was waiting for when the server came back, and the one that it then has
GROWTH_KB = 20_000
PAGE_KB = os.sysconf("SC_PAGESIZE") // 1024


@dataclass(frozen=True, slots=True)
class Ground:
    """What an outage is made on."""

    postmaster: Postmaster
    link: Link


@asynccontextmanager
async def refusing(ground: Ground) -> AsyncIterator[None]:
    """The server is stopped, and whoever connects is cut off."""
    ground.link.refuse()
    await to_thread.run_sync(ground.postmaster.stop)
    yield
    await to_thread.run_sync(ground.postmaster.ensure_running)
    ground.link.refuse(False)


@asynccontextmanager
async def silent(ground: Ground) -> AsyncIterator[None]:
    """Connections are accepted, and whatever is sent is swallowed, whichever way."""
    ground.link.swallows = True
    yield
    ground.link.swallows = False


@dataclass(frozen=True, slots=True)
class Way:
    """How the database is away; `words`: its column."""

    words: str
    made: Callable[[Ground], AbstractAsyncContextManager[None]]


WAYS: Final[Mapping[str, Way]] = {"REFUSING": Way("refusing", refusing), "SILENT": Way("silent", silent)}


@dataclass
class Scene:
    """Who plays, and what was measured; `wrong`: what was not as it has to be."""

    stage: Stage
    audience: Audience
    worker: Understudy
    ground: Ground
    wrong: list[str] = field(default_factory=list)
    rss_kb: list[int] = field(default_factory=list)
    most_held: int = 0
    tries: int = 0
    tries_on_return: int = 0

    def weigh(self) -> None:
        """Note how much memory the worker holds."""
        pages = Path(f"/proc/{self.worker.process.pid}/statm").read_text(encoding="ascii").split()[1]
        self.rss_kb.append(int(pages) * PAGE_KB)

    async def count_held(self) -> None:
        """Look again and again how many taps Telegram keeps for us."""
        while True:
            self.most_held = max(self.most_held, len(self.stage.sandbox.telegram.updates))
            await anyio.sleep(0.5)

    def expect(self, holds: bool, words: str) -> None:
        """Note what is wrong."""
        self.wrong += [] if holds else [words]


@dataclass(frozen=True, slots=True)
class Absence:
    """One run: how the database is away, for how long, and how often somebody taps."""

    way: str
    seconds: float
    per_second: float

    @property
    def name(self) -> str:
        """What a failure's command says."""
        return f"{self.way}/{self.seconds:.0f}"

    async def run(self) -> Result:
        """Play it on a server of its own."""
        name = self.name.replace("/", "_").lower()
        async with open_server() as server:
            dsn = await server.create(name)
            async with open_stage(dsn) as stage, link_to(dsn) as link:
                audience = await invite(stage, int(self.seconds * self.per_second) + 1)
                changes = {"DATABASE_URL": link.dsn, "POOL_SIZE": str(POOL_SIZE)}
                async with understudy(stage, server.folder / name, "worker", changes) as worker:
                    await stage.until(stage.sandbox.bot_api.polls.is_waiting, START_SECONDS)
                    ground = Ground(Postmaster(server.folder / DATA), link)
                    return await self._play(Scene(stage, audience, worker, ground))

    async def _play(self, scene: Scene) -> Result:
        await self._away(scene)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_look_at_sessions, scene, scene.ground.link.connections)
            began = anyio.current_time()
            told = await scene.audience.all_told(TOLD_SECONDS)
            seconds = anyio.current_time() - began
        scene.expect(told, f"cards are not true after {TOLD_SECONDS:.0f} s")
        refused = scene.audience.refused()
        await scene.audience.tap_again(refused)
        scene.expect(await scene.audience.all_landed(AGAIN_SECONDS), "refused taps do not land when they come again")
        await scene.audience.all_confirmed(AGAIN_SECONDS)
        await _stop(scene)
        finding = await scene.audience.finding(scene.worker.lines())
        scene.wrong += finding.wrong
        doubt, toast = scene.audience.seconds_to_doubt(), scene.audience.seconds_to_toast()
        scene.expect(toast < TOAST_SECONDS, f"the slowest toast came after {toast:.0f} s")
        scene.expect(doubt < TOLD_SECONDS, f"held for {doubt:.0f} s without a word")
        return Result(
            "outage",
            "the database away",
            f"{self.seconds:.0f} s, {self.per_second:.0f} taps/s",
            WAYS[self.way].words,
            self.name,
            seconds,
            "; ".join(scene.wrong) or None,
            finding.lost,
            finding.doubled,
            f"{finding.landed} items: {len(refused)} refused first, {scene.most_held} held at most; "
            f"slowest toast {toast:.2f} s, refusal {doubt:.1f} s; RSS {scene.rss_kb[0]} kB at 10 %, "
            f"{scene.rss_kb[1]} kB at 100 %; {scene.tries} tries to connect, {scene.tries_on_return} on return",
        )

    async def _away(self, scene: Scene) -> None:
        """Make the outage, and end it."""
        link, before = scene.ground.link, scene.ground.link.connections
        async with anyio.create_task_group() as tasks:
            async with WAYS[self.way].made(scene.ground):
                tasks.start_soon(scene.audience.tap_on, self.per_second)
                tasks.start_soon(scene.count_held)
                await anyio.sleep(self.seconds / 10)
                scene.weigh()
                await anyio.sleep(self.seconds * 9 / 10)
                scene.weigh()
                scene.tries = link.connections - before
            tasks.cancel_scope.cancel()
        grown, most = scene.rss_kb[1] - scene.rss_kb[0], FIRST_TRIES + self.seconds / PROBE_SECONDS
        scene.expect(grown <= GROWTH_KB, f"the worker grew by {grown} kB")
        scene.expect(scene.tries <= most, f"{scene.tries} tries to connect, {most:.0f} at most")


async def _look_at_sessions(scene: Scene, tries: int) -> None:
    """Few connect now that it is back, and no more stay than there may be."""
    await anyio.sleep(RETURN_SECONDS)
    scene.tries_on_return = scene.ground.link.connections - tries
    scene.expect(scene.tries_on_return <= RETURN_TRIES, f"{scene.tries_on_return} tries to connect on return")
    scene.stage.database = await connect_patiently(DatabaseAddress(scene.stage.dsn), print)
    sessions = await scene.stage.database.fetchval(HOW_MANY)
    scene.expect(sessions <= POOL_SIZE, f"{sessions} sessions")


async def _stop(scene: Scene) -> None:
    """It ends in order."""
    scene.worker.process.terminate()
    with anyio.move_on_after(STOP_SECONDS):
        code = await scene.worker.process.wait()
        scene.expect(code == 0, f"the worker ended with {code}")
        return
    scene.wrong.append("the worker does not stop")


class Outage:
    """The section."""

    name = "outage"

    def least(self, settings: Settings) -> int:
        """All that are named."""
        return len(plan(settings))

    async def run(self, settings: Settings) -> list[Result]:
        """Play both ways at once: what they take is time."""
        results: dict[str, Result] = {}

        async def play(absence: Absence) -> None:
            results[absence.name] = await absence.run()

        absences = plan(settings)
        with captured_lines():  # the stages overlap: this one puts structlog back when the last is gone
            async with anyio.create_task_group() as tasks:
                for absence in absences:
                    tasks.start_soon(play, absence)
        found = [results[absence.name] for absence in absences]
        show_notes("outage", found)
        return found


def plan(settings: Settings) -> list[Absence]:
    """Name them; one that is named is played as it was."""
    long = [Absence(way, LONG_SECONDS, TAPS_PER_SECOND) for way in WAYS]
    quick = [Absence(way, QUICK_SECONDS, QUICK_TAPS_PER_SECOND) for way in WAYS]
    if settings.run is not None:
        return [absence for absence in long + quick if absence.name == settings.run]
    return quick if settings.quick else long
