"""Workers ended at each piece of traffic of a tap and of a presentation: the next one brings it to its end, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import anyio

from tests.faults.proxy import Proxy, Target, proxy_to
from tests.faults.results import Result, Settings
from tests.faults.scenes import PresentScene, Scene, TapScene
from tests.faults.server import Server, open_server
from tests.faults.trap import GRACE_SECONDS, End, Trap
from tests.stage import Stage, open_stage
from tests.understudy import Understudy, understudy

TRUTH_SECONDS = 90.0  # design: after all faults end, cards tell the truth within so long
CALM_SECONDS = 3.0  # a lone worker has done by then all that a scene asks for
MOST_PIECES = 60
QUICK_PIECES = 8
QUICK_RUNS = 2


@dataclass(frozen=True, slots=True)
class Kill:
    """One run: which piece of the traffic is the last one that the worker lives to see."""

    scene: type[TapScene | PresentScene]
    end: End
    number: int

    @property
    def name(self) -> str:
        """What a failure's command says."""
        return f"{self.scene().name}/{self.end.name}/{self.number}"


class Kills:
    """The section."""

    name = "kills"

    async def run(self, settings: Settings) -> list[Result]:
        """End workers at every piece, or at a few that the seed picks."""
        async with open_server() as server:
            results: list[Result] = []
            for scene in (TapScene, PresentScene):
                for end in End:
                    results += await _every(server, scene, end, settings)
            return results


async def _every(server: Server, scene: type[TapScene | PresentScene], end: End, settings: Settings) -> list[Result]:
    results = []
    for number in _numbers(scene, end, settings):
        kill = Kill(scene, end, number)
        if settings.run not in {None, kill.name}:
            continue
        result = await play(server, kill)
        if result is None:
            break
        results.append(result)
    return results


def _numbers(scene: type[TapScene | PresentScene], end: End, settings: Settings) -> list[int]:
    """All pieces, until there are no more; a card that may have been sent is looked for only after a minute."""
    if not settings.quick or settings.run is not None:
        return list(range(1, MOST_PIECES))
    if scene is PresentScene:
        return []
    random = Random(f"{settings.seed} {end.name}")
    return sorted(random.sample(range(1, QUICK_PIECES), QUICK_RUNS))


async def play(server: Server, kill: Kill) -> Result | None:
    """Let the scene begin, end the worker, and let another one come; None: there are not so many pieces."""
    dsn = await server.create(kill.name.replace("/", "_").lower())
    scene = kill.scene()
    async with open_stage(dsn) as stage, links(stage) as (database, telegram):
        await scene.prepare(stage)
        trap = Trap(kill.number, database, telegram)
        folder = _home(server.folder / kill.name.replace("/", "_"), stage.picture)
        changes = {
            "DATABASE_URL": _over(database, dsn),
            "TELEGRAM_API_URL": f"http://127.0.0.1:{telegram.port}",
            "SHUTDOWN_GRACE_SECONDS": str(GRACE_SECONDS),
        }
        async with understudy(stage, folder, "first", changes) as first:
            await stage.until(stage.sandbox.bot_api.desk.is_waiting)
            trap.set(first, kill.end)
            if not await _was_ended(stage, scene, trap, first):
                return None
        began = anyio.current_time()
        wrong = await _next_worker(stage, scene, folder)
        seconds = anyio.current_time() - began
    return Result("kills", scene.name, trap.step, kill.end.value, kill.name, seconds, wrong, lost=wrong is not None)


async def _was_ended(stage: Stage, scene: Scene, trap: Trap, worker: Understudy) -> bool:
    await scene.begin(stage)
    with anyio.move_on_after(TRUTH_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_all_is_done, stage, scene, tasks.cancel_scope)
            await trap.sprung.wait()
            tasks.cancel_scope.cancel()
    if trap.sprung.is_set():
        await worker.process.wait()
    return trap.sprung.is_set()


async def _all_is_done(stage: Stage, scene: Scene, over: anyio.CancelScope) -> None:
    """Nothing more comes after the card has told it and a while has passed."""
    await stage.until(lambda: scene.is_told(stage), TRUTH_SECONDS)
    await anyio.sleep(CALM_SECONDS)
    over.cancel()


async def _next_worker(stage: Stage, scene: Scene, folder: Path) -> str | None:
    async with understudy(stage, folder, "second"):
        try:
            await stage.until(lambda: scene.is_told(stage), TRUTH_SECONDS)
        except TimeoutError:
            return f"the chat does not tell the truth after {TRUTH_SECONDS:.0f} s"
        return await scene.wrong(stage)


@asynccontextmanager
async def links(stage: Stage) -> AsyncIterator[tuple[Proxy, Proxy]]:
    """Proxies to the stage's database and to its Telegram."""
    database, telegram = urlsplit(stage.dsn), urlsplit(stage.sandbox.url)
    assert database.port is not None
    assert telegram.port is not None
    async with (
        proxy_to(Target("127.0.0.1", database.port)) as to_database,
        proxy_to(Target("127.0.0.1", telegram.port)) as to_telegram,
    ):
        yield to_database, to_telegram


def _home(folder: Path, picture: bytes) -> Path:
    """Make a worker's folder, with the file of every story of the stage."""
    (folder / "media").mkdir(parents=True)
    (folder / "media" / "p").write_bytes(picture)
    return folder


def _over(proxy: Proxy, dsn: str) -> str:
    url = urlsplit(dsn)
    login = url.netloc.rpartition("@")[0]
    return url._replace(netloc=f"{login}@127.0.0.1:{proxy.port}").geturl()
