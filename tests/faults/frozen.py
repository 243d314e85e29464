"""A worker that is frozen in the middle of a publish, and goes on when another one may have published in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import anyio

from tests.faults.aftermath import complete
from tests.faults.company import HOST, Company, Member, open_company
from tests.faults.results import Result
from tests.faults.scenes import PublishScene, Verdict
from tests.faults.server import Server
from tests.stage import Stage, open_stage
from tests.tcp_proxy import Line, Proxy, Target, Way, proxy_to

# The first piece of a call; what it answers waits in the worker's socket.
CALLS = {"creating": b"/media ", "publishing": b"/media_publish "}
SHORT_SECONDS, LONG_SECONDS = 60.0, 100.0  # within the lease of a publish (75 s), and beyond it
CALM_SECONDS = 15.0
COMES_SECONDS = 60.0


@dataclass
class Trigger:
    """Freezes whoever polls when the call leaves; only the first one."""

    company: Company
    call: bytes
    frozen: Member | None = None

    def __post_init__(self) -> None:
        self.sprung = anyio.Event()

    async def see(self, _: Line, way: Way, chunk: bytes) -> None:
        """Look at a piece before it passes on."""
        if way is Way.REQUEST and self.frozen is None and self.call in chunk:
            self.frozen = self.company.poller()
            self.company.freeze(self.frozen)
            self.sprung.set()


@dataclass(frozen=True, slots=True)
class FrozenPublish:
    """Two workers, of which the one that publishes is frozen for a while."""

    call: str
    seconds: float

    @property
    def name(self) -> str:
        """What a failure's command says."""
        return f"publish/{self.call}/{self.seconds:.0f}"

    async def run(self, server: Server) -> Result:
        """Play it; the story is live once."""
        name = self.name.replace("/", "_")
        dsn, home = await server.create(name), server.folder / name
        home.mkdir()
        scene = PublishScene()
        async with open_stage(dsn) as stage, proxy_to(Target.of(stage.sandbox.url)) as link:
            await scene.prepare(stage, home)
            changes = {**scene.environment, "INSTAGRAM_API_URL": f"http://{HOST}:{link.port}"}
            async with open_company(stage, home, changes) as company:
                for _ in range(2):
                    await company.hire()
                found, seconds = await self._freeze(stage, scene, company, link)
                outlived = len(company.lines("publish.outlived_its_lease"))
        return Result(
            "overlap",
            "several workers",
            f"2 workers, a call of a publish ({self.call})",
            f"its worker frozen {self.seconds:.0f} s",
            self.name,
            seconds,
            found.wrong,
            found.lost,
            found.doubled,
            f"{outlived} calls dropped that came too late",
        )

    async def _freeze(self, stage: Stage, scene: PublishScene, company: Company, link: Proxy) -> tuple[Verdict, float]:
        """Answers what was wrong, and how long after the thaw the card told how it ended."""
        trigger = Trigger(company, CALLS[self.call])
        link.gate = trigger.see
        await scene.begin(stage)
        with anyio.fail_after(COMES_SECONDS):
            await trigger.sprung.wait()
        await anyio.sleep(self.seconds)
        assert trigger.frozen is not None
        company.thaw(trigger.frozen)
        began = anyio.current_time()
        try:
            await stage.until(lambda: scene.is_told(stage), scene.truth_seconds)
        except TimeoutError:
            rows = await stage.database.fetchval("select state from items")
            words = f"the card does not tell the truth after {scene.truth_seconds:.0f} s; the item is {rows}"
            return Verdict(words), scene.truth_seconds
        seconds = anyio.current_time() - began
        await anyio.sleep(CALM_SECONDS)
        workers = [member.played for member in company.members]
        return await complete(await scene.verdict(stage), stage, scene, workers), seconds


FROZEN_PUBLISHES: Final = tuple(
    FrozenPublish(call, seconds) for call in CALLS for seconds in (SHORT_SECONDS, LONG_SECONDS)
)
