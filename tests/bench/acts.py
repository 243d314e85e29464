"""What is measured, in which order, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from tests.bench.idle import idle_day
from tests.bench.media import MediaCosts, beside, measure_media
from tests.bench.pipes import part
from tests.bench.rounds import BATCHES_SECONDS, IDEAL, OURS, Scene, Taps, in_turn, steadily
from tests.bench.stage import seconds_to_first_poll

MIDDLE_RTT = 5
COMMITS = "select pg_current_xact_id()::text::bigint"  # each commit that wrote has drawn a number; so does this look
CUT_IDLE = """select count(pg_terminate_backend(pid)) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and query not ilike 'listen%'"""


@dataclass(frozen=True, slots=True)
class Measure:
    """How much of each."""

    rtts: tuple[int, ...] = (0, 5, 20)
    rounds: tuple[tuple[int, int], ...] = ((1, 40), (20, 15), (100, 15))
    steady_seconds: float = 20.0
    after_idle: int = 8
    starts: int = 3
    looks: int = 5
    messages: int = 1_000_000
    asks: int = 100_000
    idle_items: tuple[tuple[int, int], ...] = ((10_000, 10_000), (10_000, 1_000_000))
    film_seconds: float = 20.0  # 0: files are not made fit
    beside_taps: int = 200

    @classmethod
    def quick(cls) -> Measure:
        """Under a minute."""
        return cls(
            rounds=((1, 4), (20, 1), (100, 2)),
            steady_seconds=1.5,
            after_idle=1,
            starts=1,
            looks=1,
            messages=300_000,
            asks=20_000,
            idle_items=((10_000, 100_000),),
            film_seconds=0.0,
        )


@dataclass
class Findings:
    """Everything that was measured, as it was measured."""

    taps: dict[tuple[int, int], dict[str, Taps]] = field(default_factory=dict)
    steady: dict[str, dict[str, Any]] = field(default_factory=dict)
    after_idle: dict[str, Taps] = field(default_factory=dict)
    without_database: Taps = field(default_factory=Taps)
    commits: float = 0.0
    starts: dict[str, list[float]] = field(default_factory=dict)
    idle: dict[str, int] = field(default_factory=dict)
    messages: dict[str, float] = field(default_factory=dict)
    asks: dict[str, float] = field(default_factory=dict)
    items: dict[int, dict[str, float]] = field(default_factory=dict)
    beside: dict[str, Taps] = field(default_factory=dict)
    media: MediaCosts | None = None
    lost: int = 0


async def measure_starts(findings: Findings, folder: Path, measure: Measure) -> None:
    """Start workers on a warm embedded database."""
    async with part("telegram") as telegram:
        findings.starts = await seconds_to_first_poll(folder, telegram, measure.starts)


async def measure_scene(
    findings: Findings, scene: Scene, measure: Measure, console: Console, profile: Path | None
) -> None:
    """Everything that needs the whole stage."""
    for rtt in measure.rtts:
        await scene.link.ask("rtt", ms=rtt)
        await _warm_up(scene)
        for at_once, rounds in measure.rounds:
            console.print(f"round-trip time {rtt} ms, {at_once} at once …", style="dim")
            findings.taps[rtt, at_once] = await in_turn(scene, at_once, rounds)
    console.print("a hundred taps a second, connections that idled away, no database …", style="dim")
    await scene.link.ask("rtt", ms=MIDDLE_RTT)
    await _measure_steady(findings, scene, measure)
    await _measure_after_idle(findings, scene, measure)
    if measure.film_seconds:
        await _measure_beside(findings, scene, measure)
    if profile is not None:
        await _profile(scene, profile)
    await _measure_without_database(findings, scene)


async def _warm_up(scene: Scene) -> None:
    """Have each connection opened and each statement prepared."""
    for bot in (OURS, IDEAL):
        await scene.tap(bot, 100)
    await asyncio.sleep(BATCHES_SECONDS)


async def _measure_steady(findings: Findings, scene: Scene, measure: Measure) -> None:
    before = await scene.deck.value(COMMITS)
    findings.steady[OURS] = await steadily(scene, OURS, measure.steady_seconds)
    findings.commits = (await scene.deck.value(COMMITS) - before - 1) / (measure.steady_seconds * 100)
    findings.steady[IDEAL] = await steadily(scene, IDEAL, measure.steady_seconds)


async def _measure_after_idle(findings: Findings, scene: Scene, measure: Measure) -> None:
    """The first tap after its connections idled away; here the server closes them, which saves two minutes."""
    findings.after_idle = {OURS: Taps(), IDEAL: Taps()}
    for _ in range(measure.after_idle):
        for bot, taps in findings.after_idle.items():
            await scene.deck.value(CUT_IDLE)
            await asyncio.sleep(0.2)
            taps.join(await scene.tap(bot, 1))
            await asyncio.sleep(0.5)


async def _measure_beside(findings: Findings, scene: Scene, measure: Measure) -> None:
    """The same taps beside a process that does nothing, and beside one that makes eight files fit."""
    for name in ("idle", "making"):
        async with beside(name):
            findings.beside[name] = await scene.tap(OURS, measure.beside_taps, every_seconds=0.05)


async def _measure_without_database(findings: Findings, scene: Scene) -> None:
    """A second of taps while nothing answers: each toast leaves all the same; then each tap is settled."""
    await scene.link.ask("cut", refuse=True)
    findings.without_database = await scene.tap(OURS, 80, every_seconds=0.01, awaited="toast")
    await scene.link.ask("cut", refuse=False)
    findings.lost = await _until_settled(scene)


async def _until_settled(scene: Scene) -> int:
    """Wait until the rows say that each tapped item is settled; answers how many are not, in the end."""
    left = 0
    for _ in range(100):
        left = await scene.deck.value("select count(*) from items where state = 'in_review'")
        if left == 0:
            break
        await asyncio.sleep(0.1)
    return left


async def _profile(scene: Scene, path: Path) -> None:
    await scene.worker.ask("profile")
    for _ in range(10):
        await scene.tap(OURS, 100)
        await asyncio.sleep(0.5)
    await scene.worker.ask("profiled", path=str(path))


async def measure_files(findings: Findings, folder: Path, measure: Measure) -> None:
    """What it costs to make files fit."""
    if measure.film_seconds:
        findings.media = await asyncio.to_thread(measure_media, folder, measure.film_seconds)


async def measure_kernel(findings: Findings, measure: Measure) -> None:
    """Everything that needs no stage; memory in a process of its own each time."""
    findings.idle = await asyncio.to_thread(idle_day)
    async with part("kernel") as kernel:
        findings.messages = await _medians(lambda: kernel.ask("messages", count=measure.messages), measure.looks)
        findings.asks = await _medians(lambda: kernel.ask("asks", count=measure.asks), measure.looks)
    for warm, cold in measure.idle_items:
        async with part("kernel") as kernel:
            findings.items[cold] = await kernel.ask("idle_items", warm=warm, cold=cold)


async def _medians(look: Callable[[], Awaitable[dict[str, float]]], times: int) -> dict[str, float]:
    looks = [await look() for _ in range(times)]
    return {name: median(one[name] for one in looks) for name in looks[0]}
