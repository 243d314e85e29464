"""Workers ended at each piece of traffic of a tap, a presentation and a publish: the next one brings it to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import anyio

from tests.faults.aftermath import POOL_SIZE, complete, told
from tests.faults.links import open_links
from tests.faults.results import NO_PIECE, Result, Settings, never_sprung
from tests.faults.scenes import SCENES, Scene, new_scene
from tests.faults.server import Server, open_server
from tests.faults.trap import GRACE_SECONDS, End, Trap
from tests.stage import Stage, open_stage
from tests.tap_lines import captured_lines
from tests.understudy import Understudy, understudy

SERVERS, AT_ONCE = 2, 10  # on each: a run's worker has five sessions and some 80 MB, and mostly waits for a lease
START_SECONDS = 90.0  # of so many workers together
CALM_SECONDS = 3.0  # a lone worker has done by then all that a scene asks for
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
            return accounted(await play_all(plan(settings)), settings)


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


async def play_all(kills: Sequence[Kill]) -> dict[Kill, Result | None]:
    """Play several at once, each row of pieces until there are no more; None: its piece never came."""
    results: dict[Kill, Result | None] = {}
    through: set[tuple[str, End]] = set()
    pending = iter(kills)

    async def work(server: Server) -> None:
        for kill in pending:
            row = (kill.scene, kill.end)
            if row in through:
                continue
            results[kill] = await play(server, kill)
            if results[kill] is None:
                through.add(row)

    async def share() -> None:
        async with open_server() as server, anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(work, server)

    async with anyio.create_task_group() as sides:
        for _ in range(min(SERVERS, 1 + len(kills) // AT_ONCE)):
            sides.start_soon(share)
    return results


def accounted(played: Mapping[Kill, Result | None], settings: Settings) -> list[Result]:
    """Put them in order, and tell of each trap that should have sprung."""
    results = []
    for kill, result in sorted(played.items(), key=lambda pair: pair[0].place):
        if result is not None:
            results.append(result)
        elif settings.run is not None or kill.number <= LEAST_PIECES[kill.scene]:
            results.append(never_sprung("kills", (kill.scene, NO_PIECE, kill.end.value), kill.name))
    return results


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
            if not await _was_ended(stage, scene, trap, first):
                return None
        changes = {**scene.environment, **links.straight(stage), "POOL_SIZE": str(POOL_SIZE)}
        began = anyio.current_time()
        async with understudy(stage, home, "second", changes) as second:
            found = await told(stage, scene)
            seconds = anyio.current_time() - began
            found = await complete(found, stage, scene, [first, second])
    end = kill.end.value
    return Result("kills", scene.name, trap.step, end, kill.name, seconds, found.wrong, found.lost, found.doubled)


async def _was_ended(stage: Stage, scene: Scene, trap: Trap, worker: Understudy) -> bool:
    await scene.begin(stage)
    with anyio.move_on_after(scene.truth_seconds):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_all_is_done, stage, scene, tasks.cancel_scope)
            await trap.sprung.wait()
            tasks.cancel_scope.cancel()
    if trap.sprung.is_set():
        await worker.process.wait()
    return trap.sprung.is_set()


async def _all_is_done(stage: Stage, scene: Scene, over: anyio.CancelScope) -> None:
    """Nothing more comes after the card has told it and a while has passed."""
    await stage.until(lambda: scene.is_told(stage), scene.truth_seconds)
    await anyio.sleep(CALM_SECONDS)
    over.cancel()
