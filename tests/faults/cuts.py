"""Connections cut at each byte: after every cut the caller has the answer and the rows stand as if nothing had been.

The tap is cut at every byte, the other operations at bytes that the seed picks. A run is compared with the same run
without a cut: the same answer, and the same rows in every table, so an effect that is missing or there twice is seen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

import anyio

from tests import tools
from tests.faults.cases import OTHERS, TAP, Case
from tests.faults.lane import Lane, open_lane
from tests.faults.pooler import pooler
from tests.faults.results import Result, Settings, never_sprung
from tests.faults.runs import Job, Truth, cut, undisturbed
from tests.faults.server import open_server
from tests.faults.setups import Setup, Surroundings, road, setups, surroundings
from tests.poolers import PGBOUNCER
from tests.tcp_proxy import Cut, Ending, Way

LANES = 16  # each has three sessions, or five while it is cut, and the server a hundred
CASES = (TAP, *OTHERS)
SAMPLES, QUICK_SAMPLES = 24, 2  # cuts each way of an operation that is not a tap
QUICK_TAPS = 48  # cuts each way of a tap
SPARE_BYTES = 8


class Cuts:
    """The section."""

    name = "cuts"

    def least(self, settings: Settings) -> int:
        """In each setup, the cuts of which there are so many however long an answer is."""
        of_each = QUICK_SAMPLES if settings.quick else SAMPLES
        return len(asked_for(PGBOUNCER)) * len(CASES) * len(Way) * of_each

    async def run(self, settings: Settings) -> list[Result]:
        """Cut in every setup that this machine has."""
        results: list[Result] = []
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(open_server())
            # The server does not crash here, and what it has promised need not be on the disk.
            await server.set("synchronous_commit", "off")
            databases = [await server.create(f"lane_{number}") for number in range(LANES)]
            # A worker sets it itself, but cannot behind a pooler: there its operator is told to, from PostgreSQL 17 on.
            await server.set("transaction_timeout", "3800")
            port = await stack.enter_async_context(pooler(databases[0])) if PGBOUNCER is not None else None
            around = surroundings(server.folder, port)
            for setup in setups(around):
                async with open_lanes(databases, setup, around) as lanes:
                    results += await cut_everything(lanes, setup, settings)
        return results


def asked_for(pooler: str | None) -> list[Setup]:
    """The setups that this machine has, and those that were promised."""
    without = pooler is None and not tools.is_required(tools.POOLER)
    return [setup for setup in Setup if setup is not Setup.POOLER or not without]


@asynccontextmanager
async def open_lanes(databases: Sequence[str], setup: Setup, around: Surroundings) -> AsyncIterator[list[Lane]]:
    """A lane to each database."""
    async with AsyncExitStack() as stack:
        lanes = []
        for dsn in databases:
            there = await stack.enter_async_context(road(setup, dsn, around))
            lanes.append(await stack.enter_async_context(open_lane(there, dsn)))
        yield lanes


async def cut_everything(lanes: Sequence[Lane], setup: Setup, settings: Settings) -> list[Result]:
    """Plan the cuts of this setup, and make them."""
    truths = {case.step: await undisturbed(lanes[0], case) for case in CASES}
    results = await cut_all(lanes, plan(setup, truths, settings), truths)
    return sorted(results, key=_place_in_table)


async def cut_all(lanes: Sequence[Lane], jobs: Iterable[Job], truths: Mapping[str, Truth]) -> list[Result]:
    """Let the lanes share the jobs; of the bytes beyond the last one some never come, and have no result."""
    pending = iter(jobs)
    results: list[Result | None] = []

    async def work(lane: Lane) -> None:
        results.extend(
            [await cut(lane, job, truths[job.case.step]) or missed(job, truths[job.case.step]) for job in pending]
        )

    async with anyio.create_task_group() as tasks:
        for lane in lanes:
            tasks.start_soon(work, lane)
    return [result for result in results if result is not None]


def missed(job: Job, truth: Truth) -> Result | None:
    """Tell of a byte that should have come; an answer may be some bytes shorter than the one that was measured."""
    if job.cut.after_bytes >= truth.passed[job.cut.way] - SPARE_BYTES:
        return None
    found = job.result(0.0)
    return never_sprung("cuts", (found.stage, found.step, found.fault), found.name)


def plan(setup: Setup, truths: Mapping[str, Truth], settings: Settings) -> list[Job]:
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
