"""HTTP connections cut at each piece of traffic of a tap, a presentation and a publish: calls come to one effect."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import anyio

from tests.faults.aftermath import POOL_SIZE, complete, told
from tests.faults.links import open_links
from tests.faults.proxy import Ending
from tests.faults.results import Result, Settings
from tests.faults.scenes import SCENES, Scene, new_scene
from tests.faults.server import Server, open_server
from tests.faults.snare import Bite, Snare, Where
from tests.stage import Stage, open_stage
from tests.tap_lines import captured_lines
from tests.understudy import understudy

SERVERS, AT_ONCE = 2, 8  # on each
START_SECONDS = 90.0  # of so many workers together
CALM_SECONDS = 3.0  # a lone worker has done by then all that a scene asks for
ANSWERED_SECONDS = 60.0  # a poll that fell silent is given up, and the tap comes with the next one
MOST_PIECES = 200
QUICK_PIECES = 8


@dataclass(frozen=True, slots=True)
class Cut:
    """One run: which piece of the traffic is cut, and how."""

    scene: str
    bite: Bite

    @property
    def name(self) -> str:
        """What a failure's command says."""
        return f"{self.scene}/{self.bite.number}/{self.bite.where.name}/{self.bite.ending.name}"

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Where it stands in the table."""
        bite = self.bite
        return (
            list(SCENES).index(self.scene),
            bite.number,
            list(Where).index(bite.where),
            list(Ending).index(bite.ending),
        )


class Calls:
    """The section."""

    name = "calls"

    async def run(self, settings: Settings) -> list[Result]:
        """Cut at every piece, or at a few that the seed picks."""
        with captured_lines():  # the stages overlap: this one puts structlog back when the last is gone
            return await play_all(cuts(settings))


def cuts(settings: Settings) -> list[Cut]:
    """Name them all, more than there are pieces: by number, so that few are begun beyond the last piece of a scene."""
    if settings.quick and settings.run is None:
        random = Random(f"{settings.seed} quick")
        return [_cut("tap", random.randint(1, QUICK_PIECES), where, _ending(random), settings) for where in Where]
    every = [
        _cut(scene, number, where, ending, settings)
        for number in range(1, MOST_PIECES)
        for scene in SCENES
        for where in Where
        for ending in Ending
    ]
    return [
        cut for cut in every if settings.run in {None, cut.name} and (settings.run or not _is_spared(cut, settings))
    ]


def _cut(scene: str, number: int, where: Where, ending: Ending, settings: Settings) -> Cut:
    share = Random(f"{settings.seed} {scene} {number} {ending.name}").random()
    return Cut(scene, Bite(number, where, ending, share))


def _ending(random: Random) -> Ending:
    return random.choice((Ending.FIN, Ending.RST))  # silence takes as long as a call is waited for


def _is_spared(cut: Cut, settings: Settings) -> bool:
    """A publish has many pieces: each ends in each of the three ways, at a place that the seed picks."""
    where = Random(f"{settings.seed} {cut.bite.number} {cut.bite.ending.name}").choice(list(Where))
    return cut.scene == "publish" and cut.bite.where is not where


async def play_all(plan: Sequence[Cut]) -> list[Result]:
    """Play several at once, each scene until it has no more pieces."""
    results: dict[Cut, Result] = {}
    through: set[str] = set()
    pending = iter(plan)

    async def work(server: Server) -> None:
        for cut in pending:
            if cut.scene in through:
                continue
            result = await play(server, cut)
            if result is None:
                through.add(cut.scene)
            else:
                results[cut] = result

    async def share() -> None:
        async with open_server() as server, anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(work, server)

    async with anyio.create_task_group() as sides:
        for _ in range(min(SERVERS, 1 + len(plan) // AT_ONCE)):
            sides.start_soon(share)
    return [results[cut] for cut in sorted(results, key=lambda cut: cut.place)]


async def play(server: Server, cut: Cut) -> Result | None:
    """Let the scene begin, cut, and look; None: there are not so many pieces."""
    dsn = await server.create(cut.name.replace("/", "_").lower())
    scene = new_scene(cut.scene)
    home = server.folder / cut.name.replace("/", "_")
    home.mkdir()
    async with open_stage(dsn) as stage, open_links(stage) as links:
        await scene.prepare(stage, home)
        snare = Snare(cut.bite, links)
        changes = {**scene.environment, **links.environment(stage), "POOL_SIZE": str(POOL_SIZE)}
        async with understudy(stage, home, "worker", changes) as worker:
            await stage.until(stage.sandbox.bot_api.desk.is_waiting, START_SECONDS)
            snare.set()
            await scene.begin(stage)
            if not await _was_cut(stage, scene, snare):
                return None
            began = anyio.current_time()
            found = await told(stage, scene)
            seconds = anyio.current_time() - began
            answered = await _answered(stage, scene)
            found = await complete(found, stage, scene, worker)
    wrong = "; ".join(words for words in (answered, found.wrong) if words) or None
    fault = f"{cut.bite.where.value}: {cut.bite.ending.value}"
    return Result("calls", scene.name, snare.step, fault, cut.name, seconds, wrong, found.lost, found.doubled)


async def _was_cut(stage: Stage, scene: Scene, snare: Snare) -> bool:
    with anyio.move_on_after(scene.truth_seconds):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_all_is_done, stage, scene, tasks.cancel_scope)
            await snare.sprung.wait()
            tasks.cancel_scope.cancel()
    return snare.sprung.is_set()


async def _all_is_done(stage: Stage, scene: Scene, over: anyio.CancelScope) -> None:
    """Nothing more comes after the card has told it and a while has passed."""
    await stage.until(lambda: scene.is_told(stage), scene.truth_seconds)
    await anyio.sleep(CALM_SECONDS)
    over.cancel()


async def _answered(stage: Stage, scene: Scene) -> str | None:
    """Each tap has its toast; one that came too late for Telegram, since its poll fell silent, was at least sent."""
    queries = stage.sandbox.telegram.queries.by_id

    def are_answered() -> bool:
        return all(queries[tap].answers for tap in scene.taps)

    with suppress(TimeoutError):
        await stage.until(are_answered, ANSWERED_SECONDS)
    return None if are_answered() else "its tap was never answered"
