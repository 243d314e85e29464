"""A thousand taps at once, and what one tap costs."""

import pytest

from tests.crowd import all_settled, counts, put_in_review, tap_all
from tests.observers import sampled_activity
from tests.stage import Stage

pytestmark = pytest.mark.timeout(150)  # eight seconds of a core, on a machine that may be busy

MANY = 1000
RECORDED = """select coalesce(sum(calls), 0)::int from pg_stat_statements
  where dbid = (select oid from pg_database where datname = current_database()) and query like 'select record_tap(%'"""


async def test_thousand_taps_on_a_thousand_items_are_all_settled_over_five_connections(stage: Stage) -> None:
    cards = await put_in_review(stage, MANY)
    await stage.database.execute("create extension if not exists pg_stat_statements")

    async with stage.worker(), sampled_activity(stage.dsn) as seen:
        taps = tap_all(stage, cards)
        await all_settled(stage, cards)
        lines = [await stage.line(tap) for tap in taps]

    assert {line["outcome"] for line in lines} == {"recorded"}
    assert await counts(stage) == {"skipped": MANY, "decisions": MANY}
    assert max(map(len, seen)) <= 5
    assert not [state for sample in seen for state in sample if state.startswith("idle in transaction")]
    # The server counts what ended well. What gave up a locked row (members share theirs) ran once, whatever it took.
    ended_well = [1 if "lock" in line.get("waited_for", ()) else line["db_attempts"] for line in lines]
    assert await stage.database.fetchval(RECORDED) == sum(ended_well)
    assert sum(line["db_attempts"] for line in lines) <= MANY * 1.05
