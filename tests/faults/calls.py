"""HTTP connections cut at each piece of traffic of a tap, a presentation and a publish: calls come to one effect."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import anyio

from tests.faults.aftermath import POOL_SIZE, complete, told
from tests.faults.links import open_links
from tests.faults.pieces import Pieces, has_come
from tests.faults.results import Result, Settings
from tests.faults.scenes import SCENES, new_scene
from tests.faults.server import Server
from tests.faults.snare import Bite, Snare, Where
from tests.stage import open_stage
from tests.tap_lines import captured_lines
from tests.tcp_proxy import Ending
from tests.understudy import understudy

AT_ONCE = 8
START_SECONDS = 90.0  # of so many workers together
MOST_PIECES = 200
QUICK_PIECES = 5
LEAST_PIECES = {"tap": 6, "presentation": 3, "publish": 15}  # each scene has some more, not always as many


@dataclass(frozen=True, slots=True)
class Cut:
    """One run: which piece of the traffic is cut, and how."""

    scene: str
    bite: Bite

    @property
    def number(self) -> int:
        """The piece's."""
        return self.bite.number

    @property
    def row(self) -> str:
        """No piece of the scene comes after one that never came."""
        return self.scene

    @property
    def name(self) -> str:
        """What a failure's command says."""
        return f"{self.scene}/{self.bite.number}/{self.bite.where.name}/{self.bite.ending.name}"

    @property
    def fault(self) -> str:
        """Its column."""
        return f"{self.bite.where.value}: {self.bite.ending.value}"

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

    def least(self, settings: Settings) -> int:
        """What is named of the pieces that each scene has in any case."""
        return sum(cut.bite.number <= LEAST_PIECES[cut.scene] for cut in cuts(settings))

    async def run(self, settings: Settings) -> list[Result]:
        """Cut at every piece, or at a few that the seed picks."""
        with captured_lines():  # the stages overlap: this one puts structlog back when the last is gone
            return PIECES.accounted(await PIECES.play_all(cuts(settings)), settings)


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
            await stage.until(stage.sandbox.bot_api.polls.is_waiting, START_SECONDS)
            snare.set()
            await scene.begin(stage)
            if not await has_come(stage, scene, snare.sprung):
                return None
            began = anyio.current_time()
            found = await told(stage, scene)
            seconds = anyio.current_time() - began
            found = await complete(found, stage, scene, [worker])
    wrong, lost, doubled = found.wrong, found.lost, found.doubled
    return Result("calls", scene.name, snare.step, cut.fault, cut.name, seconds, wrong, lost, doubled)


PIECES = Pieces("calls", LEAST_PIECES, AT_ONCE, play)
