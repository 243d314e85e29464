"""A day of an idle worker: the whole worker in virtual time, over a database in memory that counts what it is asked.

Every operation is one statement (tests/scenarios/test_cost.py counts that on a real link), so an hour's worst is exact.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import anyio

from tests.actors.fakes_worker import TreeStage
from tests.backends import BACKENDS

HOUR = 3600.0
START_SECONDS = 60.0  # in which everything is looked at twice
SLEEPLESS_SECONDS = 60.0  # statements closer than this are one burst: the database does not fall asleep between them


def idle_day() -> dict[str, int]:
    """Count the statements and the bursts of the busiest hour of a day, after the start."""
    backend, options = BACKENDS["trio_virtual"]()
    return anyio.run(_idle_day, backend=backend, backend_options=options)


async def _idle_day() -> dict[str, int]:
    stage = TreeStage()
    async with stage.playing():
        await anyio.sleep(25 * HOUR)
    moments = [at for at, _ in stage.pool.asked if at >= START_SECONDS]
    bursts = [at for before, at in pairwise([-HOUR, *moments]) if at - before > SLEEPLESS_SECONDS]
    return {"statements": _most_in_an_hour(moments), "bursts": _most_in_an_hour(bursts)}


def _most_in_an_hour(moments: list[float]) -> int:
    return max(Counter(int((at - START_SECONDS) // HOUR) for at in moments).values(), default=0)
