"""Workers ended at each piece of traffic of a tap, a presentation and a publish: the next one brings it to its end."""

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
from tests.faults.trap import GRACE_SECONDS, End, Trap
from tests.stage import open_stage
from tests.tap_lines import captured_lines
from tests.understudy import understudy

AT_ONCE = 10  # on each server: a run's worker has five sessions and some 80 MB, and mostly waits for a lease
START_SECONDS = 90.0  # of so many workers together
MOST_PIECES = 200
QUICK_PIECES = 8
QUICK_RUNS = 2
LEAST_PIECES = {"tap": 20, "presentation": 16, "publish": 50}  # each scene has some more, not always as many


@dataclass(frozen=True, slots=True)
class Kill:
    """One run: which piece of the traffic is the last one that the worker lives to see."""

    scene: str
    end: End
    number: int

    @property
    def row(self) -> tuple[str, End]:
        """No piece of the scene comes after one that never came."""
        return self.scene, self.end

    @property
    def fault(self) -> str:
        """Its column."""
        return self.end.value

    @property
    def name(self) -> str:
        """What a failure's command says."""
        return f"{self.scene}/{self.end.name}/{self.number}"

    @property
    def place(self) -> tuple[int, int, int]:
        """Where it stands in the table."""
        return list(SCENES).index(self.scene), list(End).index(self.end), self.number


class Kills:
    """The section."""

    name = "kills"

    def least(self, settings: Settings) -> int:
        """What a quick run names, or the pieces that each scene has in any case."""
        return len(plan(settings)) if settings.quick else len(End) * sum(LEAST_PIECES.values())

    async def run(self, settings: Settings) -> list[Result]:
        """End workers at every piece, or at a few that the seed picks."""
        # The stages overlap, and each puts structlog back as it found it: this one is first to come and last to go.
        with captured_lines():
            return PIECES.accounted(await PIECES.play_all(plan(settings)), settings)


def plan(settings: Settings) -> list[Kill]:
    """Name them all, more than there are pieces: by number, so that few are begun beyond the last one of a row."""
    rows = ((scene, end, _numbers(scene, end, settings)) for scene in SCENES for end in End)
    kills = [Kill(scene, end, number) for scene, end, numbers in rows for number in numbers]
    return sorted((kill for kill in kills if settings.run in {None, kill.name}), key=lambda kill: kill.number)


def _numbers(scene: str, end: End, settings: Settings) -> list[int]:
    """A card that may have been sent is looked for only after a minute, and a publish after its lease."""
    if not settings.quick or settings.run is not None:
        return list(range(1, MOST_PIECES))
    if scene != "tap":
        return []
    random = Random(f"{settings.seed} {end.name}")
    return sorted(random.sample(range(1, QUICK_PIECES), QUICK_RUNS))


async def play(server: Server, kill: Kill) -> Result | None:
    """Let the scene begin, end the worker, and let another one come; None: there are not so many pieces."""
    dsn = await server.create(kill.name.replace("/", "_").lower())
    scene = new_scene(kill.scene)
    home = server.folder / kill.name.replace("/", "_")
    home.mkdir()
    async with open_stage(dsn) as stage, open_links(stage) as links:
        await scene.prepare(stage, home)
        trap = Trap(kill.number, links)
        grace = {"SHUTDOWN_GRACE_SECONDS": str(GRACE_SECONDS)}
        changes = {**scene.environment, **links.environment(stage), **grace}
        async with understudy(stage, home, "first", changes) as first:
            await stage.until(stage.sandbox.bot_api.polls.is_waiting, START_SECONDS)
            trap.set(first, kill.end)
            await scene.begin(stage)
            if not await has_come(stage, scene, trap.sprung):
                return None
            await first.process.wait()
        changes = {**scene.environment, **links.straight(stage), "POOL_SIZE": str(POOL_SIZE)}
        began = anyio.current_time()
        async with understudy(stage, home, "second", changes) as second:
            found = await told(stage, scene)
            seconds = anyio.current_time() - began
            found = await complete(found, stage, scene, [first, second])
    wrong, lost, doubled = found.wrong, found.lost, found.doubled
    return Result("kills", scene.name, trap.step, kill.fault, kill.name, seconds, wrong, lost, doubled)


PIECES = Pieces("kills", LEAST_PIECES, AT_ONCE, play)
