"""Two workers on one database: one polls, the other takes over, and nothing happens twice."""

from pathlib import Path

import anyio

from tests.crowd import all_settled, counts, put_in_review, tap_all
from tests.stage import CHAT, Stage
from tests.understudy import understudy

TAKE_OVER_SECONDS = 15.0
HELD_BY_TWO = "select standby_at > now() - interval '5 seconds' from leases"


async def test_after_a_kill_the_standby_takes_over_within_15_seconds(stage: Stage, tmp_path: Path) -> None:
    cards = await put_in_review(stage, 20)

    async with understudy(stage, tmp_path / "one", "first") as first:
        await first.until("lease.held")
        async with understudy(stage, tmp_path / "two", "second") as second:
            await stage.until_rows_say(True, HELD_BY_TWO)
            await first.kill()
            taps = tap_all(stage, cards)
            with anyio.fail_after(TAKE_OVER_SECONDS):
                await second.until("lease.held")
            await all_settled(stage, cards)
            await second.until("tap", times=20)

    assert await counts(stage) == {"skipped": 20, "decisions": 20}
    assert {line["outcome"] for tap in taps for line in stage.lines.of(tap)} == {"recorded"}


async def test_when_the_poller_stops_in_order_its_standby_goes_on_and_nothing_is_doubled(stage: Stage) -> None:
    cards = await put_in_review(stage, 20)

    async with stage.worker("one") as one:
        await stage.lines.until("lease.held", 5.0)
        async with stage.worker("two"):
            await stage.until_rows_say("two", "select standby from leases")
            early = tap_all(stage, cards[:10])
            one.supervisor.stop()
            late = tap_all(stage, cards[10:])
            await all_settled(stage, cards)
            lines = [await stage.line(tap) for tap in early + late]

    assert await counts(stage) == {"skipped": 20, "decisions": 20}
    assert {line["outcome"] for line in lines} == {"recorded"}


async def test_two_workers_send_each_card_once(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker("one"), stage.worker("two"):
        items = [await stage.queue(title) for title in ("First", "Second", "Third")]
        for item in items:
            await stage.card(item)
            await stage.row_is(item, "in_review")
        stage.wake()
        await stage.until_rows_say(3, "select count(*)::int from cards")

    assert len(stage.messages(CHAT)) == 3
