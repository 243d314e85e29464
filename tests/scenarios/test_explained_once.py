"""One line a tap, also when two ways lead to it: a recovery and a redelivery."""

from pathlib import Path

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


async def test_killed_and_started_again_after_the_claim_ran_out_the_tap_is_explained_once(
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
    await stage.database.execute(CLAIM_RUNS_OUT)

    async with understudy(stage, tmp_path, "second") as second:
        await stage.says(shown.message_id, "Skipped by", shown.chat_id)
        await second.until("tap")

    assert await stage.events(shown.item_id) == [("skip", "Person 0")]
    assert len(stage.lines.of(tap)) == 1, stage.lines.of(tap)


async def test_tap_that_comes_again_in_another_update_is_explained_once(stage: Stage) -> None:
    cards = await put_in_review(stage, 5)
    stage.sandbox.set_fault(Fault(FaultKind.REDELIVER, "getUpdates", times=3))

    async with stage.worker():
        taps = tap_all(stage, cards)
        await stage.until(lambda: not stage.sandbox.stats()["updates_waiting"])

    assert [len(stage.lines.of(tap)) for tap in taps] == [1] * 5
