"""A worker is killed between the toast and the card, and started again."""

from pathlib import Path

import asyncpg
import pytest

from infra.sandbox.common.faults import Fault, FaultKind
from tests.crowd import Shown, put_in_review, tap_all
from tests.stage import Stage
from tests.understudy import understudy

CLAIM_RUNS_OUT = "update cards set claimed_until = now() where claimed_until is not null"


@pytest.fixture
async def shown(stage: Stage) -> Shown:
    """One card in review."""
    return (await put_in_review(stage, 1))[0]


async def test_killed_after_the_record_the_next_worker_shows_the_truth(
    stage: Stage, shown: Shown, tmp_path: Path
) -> None:
    stage.sandbox.set_fault(Fault(FaultKind.HANG_BEFORE, "editMessageCaption"))
    async with understudy(stage, tmp_path, "first") as first:
        (tap,) = tap_all(stage, [shown])
        assert await stage.answered(tap) == "Skipping…"
        await stage.row_is(shown.item_id, "skipped")
        await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])
        await first.kill()
    assert "Skipped" not in stage.text(shown.message_id, shown.chat_id)
    stage.sandbox.clear_faults()
    await stage.database.execute(CLAIM_RUNS_OUT)

    async with understudy(stage, tmp_path, "second") as second:
        await stage.says(shown.message_id, "Skipped by", shown.chat_id)
        await second.until("tap")

    assert stage.buttons(shown.message_id, shown.chat_id) == []
    assert await stage.events(shown.item_id) == [("skip", "Person 0")]
    assert [line["cause"] for line in stage.lines.of(tap)] == ["recovered"]


async def test_killed_before_the_update_was_confirmed_the_tap_comes_again_and_counts_once(
    stage: Stage, shown: Shown, tmp_path: Path
) -> None:
    async with understudy(stage, tmp_path, "first") as first:
        await stage.until(stage.sandbox.bot_api.polls.is_waiting)  # the first poll is out: the second one shall hang
        stage.sandbox.set_fault(Fault(FaultKind.HANG_BEFORE, "editMessageCaption"))
        stage.sandbox.set_fault(Fault(FaultKind.HANG_BEFORE, "getUpdates"))
        (tap,) = tap_all(stage, [shown])
        assert await stage.answered(tap) == "Skipping…"
        await stage.row_is(shown.item_id, "skipped")
        await first.kill()
    assert stage.sandbox.stats()["updates_waiting"] == 1
    stage.sandbox.clear_faults()

    async with understudy(stage, tmp_path, "second") as second:
        await stage.says(shown.message_id, "Skipped by", shown.chat_id)
        await second.until("tap")

    assert await stage.events(shown.item_id) == [("skip", "Person 0")]
    (line,) = stage.lines.of(tap)
    assert line["cause"] in {"replayed", "recovered"}  # once, by whichever of the two comes first


async def test_killed_while_recording_the_tap_is_recorded_by_the_next_worker(
    stage: Stage, shown: Shown, tmp_path: Path
) -> None:
    other = await asyncpg.connect(stage.dsn)
    held = other.transaction()
    await held.start()
    await other.execute("select from items where item_id = $1 for update", shown.item_id)
    async with understudy(stage, tmp_path, "first") as first:
        (tap,) = tap_all(stage, [shown])
        assert await stage.answered(tap) == "Skipping…"
        await first.kill()
    await held.rollback()
    await other.close()

    async with understudy(stage, tmp_path, "second") as second:
        await stage.says(shown.message_id, "Skipped by", shown.chat_id)
        await second.until("tap")

    assert await stage.events(shown.item_id) == [("skip", "Person 0")]
    assert [line["outcome"] for line in stage.lines.of(tap)] == ["recorded"]
