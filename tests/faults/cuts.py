"""Connections cut at each byte: after every cut the caller has the answer and the rows stand as if nothing had been.

The tap is cut at every byte, the other operations at bytes that the seed picks. A run is compared with the same run
without a cut: the same answer, and the same rows in every table, so an effect that is missing or there twice is seen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import anyio

from tests.faults.cases import OTHERS, TAP, Case
from tests.faults.lane import Lane, open_lane
from tests.faults.proxy import Cut, Ending, Way
from tests.faults.results import Result, Settings
from tests.faults.runs import Job, Truth, cut, undisturbed
from tests.faults.server import Server, open_server
from tests.faults.setups import Certificates, Setup, road
from tests.poolers import PGBOUNCER

LANES = 20  # each has three sessions or four, and the server a hundred
POOLER_LANES = 10
CASES = (TAP, *OTHERS)
SAMPLES, QUICK_SAMPLES = 24, 2  # cuts each way of an operation that is not a tap
QUICK_TAPS = 48  # cuts each way of a tap
SPARE_BYTES = 8


class Cuts:
    """The section."""

    name = "cuts"

    async def run(self, settings: Settings) -> list[Result]:
        """Cut in every setup that this machine has."""
        results: list[Result] = []
        async with open_server() as server:
            certificates = Certificates(server.folder)
            for setup in Setup:
                if setup is Setup.POOLER and PGBOUNCER is None:
                    continue
                async with open_lanes(server, setup, certificates) as lanes:
                    results += await cut_everything(lanes, setup, settings)
        return results


@asynccontextmanager
async def open_lanes(server: Server, setup: Setup, certificates: Certificates) -> AsyncIterator[list[Lane]]:
    """As many lanes as the server has sessions for."""
    async with AsyncExitStack() as stack:
        lanes = []
        for number in range(POOLER_LANES if setup is Setup.POOLER else LANES):
            dsn = await server.create(f"{setup.name.lower()}_{number}")
            there = await stack.enter_async_context(road(setup, dsn, certificates))
            lanes.append(await stack.enter_async_context(open_lane(there, dsn)))
        yield lanes


async def cut_everything(lanes: Sequence[Lane], setup: Setup, settings: Settings) -> list[Result]:
    """Plan the cuts of this setup, and let the lanes share them."""
    truths = {case.step: await undisturbed(lanes[0], case) for case in CASES}
    jobs = plan(setup, truths, settings)
    pending = iter(jobs)
    made: dict[str, Result] = {}

    async def work(lane: Lane) -> None:
        for job in pending:
            if result := await cut(lane, job, truths[job.case.step]):
                made[job.name] = result

    async with anyio.create_task_group() as tasks:
        for lane in lanes:
            tasks.start_soon(work, lane)
    return sorted(made.values(), key=_place_in_table)


def plan(setup: Setup, truths: dict[str, Truth], settings: Settings) -> list[Job]:
    """Name every cut that is to be made: case by case, the quick ones mixed with the silent ones."""
    random = Random(f"{settings.seed} {setup.name}")
    jobs = []
    for case in CASES:
        cuts = [cut for way in Way for cut in _cuts(case, way, truths[case.step].passed[way], random, settings)]
        random.shuffle(cuts)
        jobs += [Job(setup, case, cut) for cut in cuts]
    return [job for job in jobs if settings.run in {None, job.name}]


def _cuts(case: Case, way: Way, size: int, random: Random, settings: Settings) -> list[Cut]:
    """All of a tap's, few of the others'; after the last one nothing is lost but the connection.

    There are a few more bytes than were seen: the driver numbers its statements, and moments have digits.
    """
    every = [Cut(way, after_bytes, ending) for after_bytes in range(size + SPARE_BYTES) for ending in Ending]
    if settings.run is not None or (case is TAP and not settings.quick):
        return every
    few = random.sample(every[: 3 * size], min(3 * size, QUICK_SAMPLES if settings.quick else SAMPLES))
    if case is not TAP:
        return few
    return few + random.sample(every, QUICK_TAPS) + [cut for cut in every if cut.after_bytes in {0, size - 2, size}]


def _place_in_table(result: Result) -> tuple[int, str]:
    return [case.step for case in CASES].index(result.step), result.fault
