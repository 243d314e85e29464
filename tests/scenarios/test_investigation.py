"""The five findings about the replaced system, and its scheduler that ran twice, each as a fact of this one."""

from itertools import chain

import anyio
import asyncpg

from tests.crowd import all_settled, put_in_review, tap_all
from tests.fakes.instagram import FakeInstagram
from tests.links import link_to
from tests.observers import sampled_activity
from tests.stage import ANNA, BEN, CHAT, Stage

CUT_IDLE = """select count(pg_terminate_backend(pid)) from pg_stat_activity
  where application_name = 'one' and datname = current_database() and state = 'idle'"""


async def test_connection_leak_no_connection_is_ever_idle_in_transaction(stage: Stage) -> None:
    cards = await put_in_review(stage, 100)

    async with stage.worker(), sampled_activity(stage.dsn) as seen:
        tap_all(stage, cards)
        await all_settled(stage, cards)
        await stage.until_rows_say(100, "select count(*)::int from interactions")

    assert "active" in chain(*seen)
    assert not [state for state in chain(*seen) if state.startswith("idle in transaction")]
    assert max(map(len, seen)) <= 5


async def test_pool_exhaustion_interaction_logging_never_takes_a_connection_that_a_tap_needs(stage: Stage) -> None:
    cards = await put_in_review(stage, 20)
    other = await asyncpg.connect(stage.dsn)
    held = other.transaction()
    await held.start()
    await other.execute("lock table interactions in access exclusive mode")

    async with stage.worker():
        taps = [await stage.line(tap) for tap in tap_all(stage, cards[:10])]
        await anyio.sleep(1.1)  # the batch of the logger is at the lock by now
        taps += [await stage.line(tap) for tap in tap_all(stage, cards[10:])]
        await held.rollback()
        await stage.until_rows_say(20, "select count(*)::int from interactions")

    await other.close()
    assert {line["outcome"] for line in taps} == {"recorded"}


async def test_ssl_staleness_the_tap_after_dropped_idle_connections_settles(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        assert await stage.database.fetchval(CUT_IDLE) > 0
        tap = stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

    assert line["outcome"] == "recorded"
    assert await stage.events(item) == [("skip", "Anna")]


async def test_race_of_autopost_and_skip_the_loser_learns_who_did_what_and_when(stage: Stage) -> None:
    instagram = FakeInstagram()
    stage.instagram = instagram
    await stage.add_chat(live=True)
    await stage.connect()

    async with stage.worker():
        item, card = await stage.present()
        stage.tap(card, ANNA, "Auto Post")
        await stage.row_is(item, "posted")
        late = stage.tap(card, BEN, f"skip:{item}:0")
        await stage.says(card, "too late, posted via Instagram by")
        toast = await stage.answered(late)
        line = await stage.line(late)

    assert toast.startswith("Skipping…")
    assert line["outcome"] == "stale"
    assert "Ben" in stage.text(card)
    assert len(instagram.live) == 1
    assert await stage.events(item) == [("auto_post", "Anna"), ("published", "Anna")]


async def test_ux_timing_the_toast_comes_before_any_statement(stage: Stage) -> None:
    await stage.add_chat()

    async with link_to(stage.dsn) as link, stage.worker(dsn=link.dsn):
        item, card = await stage.present()
        link.swallows = True
        tap = stage.tap(card, ANNA, "Skip")
        assert await stage.answered(tap) == "Skipping…"
        assert await stage.events(item) == []
        link.swallows = False
        link.cut()
        await stage.says(card, "Skipped by")
        line = await stage.line(tap)

    assert line["recorded_ms"] > line["toast_ms"]


async def test_duplicate_scheduler_runs_two_workers_and_a_half_set_up_chat_make_one_card(stage: Stage) -> None:
    half = CHAT - 1
    await stage.add_chat()
    await stage.add_chat(half, account=None)

    async with stage.worker("one"), stage.worker("two"):
        item = await stage.queue()
        await stage.card(item)
        await stage.row_is(item, "in_review")
        for _ in range(10):
            stage.wake()
            await stage.database.fetchval("select claim_due('three')")

    assert len(stage.messages()) == 1
    assert stage.messages(half) == []
