"""PostgreSQL out of order for some seconds in the middle of a tap, a presentation and a publish, over a real worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import anyio

from tests.faults.aftermath import POOL_SIZE, complete, told
from tests.faults.harms import HARMS, Ground, connect_again
from tests.faults.links import open_links
from tests.faults.results import Result, Settings
from tests.faults.scenes import SCENES, Scene, new_scene
from tests.faults.server import Server, open_server
from tests.faults.tripwire import BEFORE, REQUEST, Tripwire, stretched
from tests.stage import Stage, open_stage
from tests.tap_lines import captured_lines
from tests.understudy import understudy

AT_ONCE = 8  # each has a server of its own
SHORTEST_SECONDS, LONGEST_SECONDS = 5.0, 20.0
START_SECONDS = 90.0
COMES_SECONDS = 60.0
BEGUN_BY_A_ROW = {"presentation"}  # these cannot begin without the database


@dataclass(frozen=True, slots=True)
class Ailment:
    """One run: what is wrong, from which moment of which scene, for how long."""

    scene: str
    moment: str
    harm: str
    seconds: float

    @property
    def name(self) -> str:
        """What a failure's command says."""
        return f"{self.scene}/{self.moment}/{self.harm}"


class Postgres:
    """The section."""

    name = "postgres"

    def least(self, settings: Settings) -> int:
        """All that are named."""
        return len(ailments(settings))

    async def run(self, settings: Settings) -> list[Result]:
        """Make every fault at every moment, or each once at a moment that the seed picks."""
        plan = [one for one in ailments(settings) if settings.run in {None, one.name}]
        with captured_lines():  # the stages overlap: this one puts structlog back when the last is gone
            return await play_all(plan)


def ailments(settings: Settings) -> list[Ailment]:
    """Name them all, in the order of the table."""
    random = Random(settings.seed)
    if settings.quick and settings.run is None:
        return [Ailment("tap", random.choice(moments("tap")), harm, SHORTEST_SECONDS) for harm in HARMS]
    return [
        Ailment(scene, moment, harm, random.uniform(SHORTEST_SECONDS, LONGEST_SECONDS))
        for scene in SCENES
        for moment in moments(scene)
        for harm in HARMS
    ]


def moments(scene: str) -> list[str]:
    """When a fault can begin."""
    first = [] if scene in BEGUN_BY_A_ROW else [BEFORE]
    return [*first, REQUEST, *new_scene(scene).marks]


async def play_all(plan: Sequence[Ailment]) -> list[Result]:
    """Play several at once, each on the next server that is free."""
    results: dict[Ailment, Result] = {}

    async def work(pending: Iterator[Ailment]) -> None:
        async with open_server() as server:
            for one in pending:
                results[one] = await play(server, one)

    pending = iter(plan)
    async with anyio.create_task_group() as tasks:
        for _ in range(min(AT_ONCE, (len(plan) + 1) // 2)):  # to start a server takes a second
            tasks.start_soon(work, pending)
    return [results[one] for one in plan]


async def play(server: Server, one: Ailment) -> Result:
    """Let the scene begin, harm the database at its moment, mend it, and look."""
    name = f"{one.scene}_{moments(one.scene).index(one.moment)}_{one.harm}".lower()
    dsn = await server.create(name)
    scene = new_scene(one.scene)
    home = server.folder / name
    home.mkdir()
    async with open_stage(dsn) as stage, open_links(stage) as links:
        ground = Ground(server, dsn, links.database)
        await scene.prepare(stage, home)
        changes = {**scene.environment, **links.environment(stage), "POOL_SIZE": str(POOL_SIZE)}
        async with understudy(stage, home, "worker", changes) as worker:
            await stage.until(stage.sandbox.bot_api.polls.is_waiting, START_SECONDS)
            answered = await _harm(stage, scene, one, ground)
            began = anyio.current_time()
            stage.database = await connect_again(ground)
            try:
                found = await told(stage, scene)
                seconds = anyio.current_time() - began
                found = await complete(found, stage, scene, [worker])
            finally:
                await stage.database.close()
    wrong = "; ".join(words for words in (answered, found.wrong) if words) or None
    harm = HARMS[one.harm].words
    return Result("postgres", scene.name, one.moment, harm, one.name, seconds, wrong, found.lost, found.doubled)


async def _harm(stage: Stage, scene: Scene, one: Ailment, ground: Ground) -> str | None:
    """Harm and mend it; answers what was wrong meanwhile."""
    harm = HARMS[one.harm]
    async with stretched(ground, scene.marks.get(one.moment), breaks=harm.breaks) as wire:
        with anyio.move_on_after(COMES_SECONDS) as patience:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_make, one, ground, wire)
                if one.moment == BEFORE:
                    wire.now.set()
                    await wire.made.wait()
                wire.armed = one.scene not in BEGUN_BY_A_ROW
                await scene.begin(stage)
                wire.armed = True
                await wire.now.wait()
                patience.deadline = float("inf")
        if not wire.now.is_set():
            return "its moment never came"
    unanswered = [tap for tap in scene.taps if stage.toast(tap) is None]
    return "its tap was not answered while it lasted" if unanswered else None


async def _make(one: Ailment, ground: Ground, wire: Tripwire) -> None:
    await wire.now.wait()
    async with HARMS[one.harm].made(ground):
        wire.made.set()
        await anyio.sleep(one.seconds)
