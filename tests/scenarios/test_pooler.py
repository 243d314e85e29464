"""Behind a transaction pooler: no session settings, no prepared statements kept, no LISTEN."""

import pytest

from tests import tools
from tests.poolers import PGBOUNCER, pooled
from tests.stage import ANNA, BEN, Stage


@pytest.fixture(autouse=True)
def pgbouncer() -> str:
    """The pooler, if there is one."""
    return tools.need(PGBOUNCER, "pgbouncer", tools.POOLER)


async def test_taps_settle_through_a_transaction_pooler(stage: Stage) -> None:
    await stage.add_chat()

    with pooled(stage.dsn) as dsn:
        async with stage.worker(dsn=dsn, pooled=True):
            first, first_card = await stage.present("First")
            second, second_card = await stage.present("Second")
            stage.tap(first_card, ANNA, "Skip")
            stage.tap(second_card, BEN, "Posted")

            await stage.says(first_card, "Skipped by")
            await stage.says(second_card, "Posted by")

    assert await stage.events(first) == [("skip", "Anna")]
    assert await stage.events(second) == [("posted", "Ben")]
