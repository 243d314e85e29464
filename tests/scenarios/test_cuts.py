"""Connections to the database die while people tap."""

import anyio

from tests.crowd import all_settled, counts, put_in_review, tap_all
from tests.stage import Stage

CUT = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'one' and datname = $1"


async def test_connections_cut_mid_tap_lose_and_double_nothing(stage: Stage) -> None:
    cards = await put_in_review(stage, 60)
    name = await stage.database.fetchval("select current_database()")
    cuts: list[int] = []

    async def cut_again_and_again() -> None:
        for _ in range(40):
            cuts.append(len(await stage.database.fetch(CUT, name)))
            await anyio.sleep(0.02)

    async with stage.worker():
        async with anyio.create_task_group() as cutting:
            cutting.start_soon(cut_again_and_again)
            taps = tap_all(stage, cards)
        await all_settled(stage, cards)
        outcomes = {(await stage.line(tap))["outcome"] for tap in taps}

    assert sum(cuts) > 0
    assert outcomes == {"recorded"}
    assert await counts(stage) == {"skipped": 60, "decisions": 60}
    assert await stage.database.fetchval("select sum(skipped) from members") == 60
