"""What is left of the rows once they are too old, and whether the counters add up."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from tests.soak.eyes import Eyes
from tests.soak.lives import Lives

YOUNG = 1000
SWEPT_SECONDS = 600.0
# Each person's counters are what the taps of that person come to.
MEMBERS_WRONG = """
with said as (
  select chat_key, user_id, count(*) as taps,
    count(*) filter (where outcome = 'recorded' and step = 'posted') as posted,
    count(*) filter (where outcome = 'recorded' and step = 'skip') as skipped,
    count(*) filter (where outcome = 'recorded' and step = 'reject') as rejected
  from taps where outcome in ('recorded', 'stale', 'forbidden') group by chat_key, user_id)
select count(*) from members m full join said s using (chat_key, user_id)
where (m.taps, m.posted, m.skipped, m.rejected) is distinct from (s.taps, s.posted, s.skipped, s.rejected)"""
OLD = "at < now() - interval '30 days'"


@dataclass(frozen=True, slots=True)
class Retained:
    """Rows of interactions and of taps: before, how many were made too old, and what a sweep left."""

    interactions: int
    taps: int
    interactions_left: int
    taps_left: int
    seconds: float


async def members_wrong(eyes: Eyes) -> int:
    """Count people whose counters do not add up."""
    found: int = await eyes.value(MEMBERS_WRONG)
    return found


async def sweep(eyes: Eyes, lives: Lives) -> Retained:
    """Let all but the newest thousand rows grow older than they may, start a worker, and wait for what it leaves."""
    before = await _rows(eyes, "interactions"), await _rows(eyes, "taps")
    for table, key in (("interactions", "id"), ("taps", "tap_id")):
        await eyes.fetch(
            f"update {table} set at = at - interval '31 days' where {key} not in"
            f" (select {key} from {table} order by at desc limit {YOUNG})"
        )
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lives.run)
        with anyio.move_on_after(SWEPT_SECONDS):
            while await _old(eyes):  # noqa: ASYNC110 - rows announce nothing
                await anyio.sleep(1.0)
        seconds = anyio.current_time() - began
        tasks.cancel_scope.cancel()
    return Retained(*before, await _rows(eyes, "interactions"), await _rows(eyes, "taps"), seconds)


async def _rows(eyes: Eyes, table: str) -> int:
    found: int = await eyes.value(f"select count(*) from {table}")
    return found


async def _old(eyes: Eyes) -> bool:
    found: bool = await eyes.value(
        f"select exists (select from interactions where {OLD}) or exists (select from taps where {OLD})"
    )
    return found
