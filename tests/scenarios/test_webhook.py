"""Telegram brings updates to a worker, as a process of its own; and the ways of getting them change under way."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import anyio
import pytest

from tests.crowd import all_settled, counts, put_in_review, tap_all
from tests.links import link_to
from tests.stage import Stage
from tests.understudy import understudy

AWAY_SECONDS = 1.5


@pytest.fixture
def webhook(free_tcp_port: int) -> dict[str, str]:
    """The settings of a worker to which Telegram brings updates."""
    return {"PORT": str(free_tcp_port), "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{free_tcp_port}/telegram"}


def refused(stage: Stage) -> list[object]:
    """How deliveries failed, in order."""
    entries = stage.sandbox.telegram.journal.entries
    return [entry.details["reason"] for entry in entries if entry.kind == "update.not_taken"]


def waiting(stage: Stage) -> int:
    """How many updates Telegram still keeps."""
    return len(stage.sandbox.telegram.updates)


async def is_answered(stage: Stage, taps: list[str]) -> list[str]:
    """Wait for the toasts."""
    return [await stage.answered(tap) for tap in taps]


async def test_tap_is_brought_recorded_and_taken_also_when_the_database_was_away(
    stage: Stage, tmp_path: Path, webhook: dict[str, str]
) -> None:
    first, second = await put_in_review(stage, 2)

    async with link_to(stage.dsn) as link:
        changes = {**webhook, "DATABASE_URL": link.dsn}
        async with understudy(stage, tmp_path, "one", changes) as worker:
            await worker.until("webhook.registered")
            tap_all(stage, [first])
            await all_settled(stage, [first])
            await stage.until(lambda: waiting(stage) == 0)

            link.refuse()
            held = tap_all(stage, [second])
            assert await is_answered(stage, held) == ["Skipping…"]
            await anyio.sleep(AWAY_SECONDS)
            assert waiting(stage) == 1
            link.refuse(False)
            await all_settled(stage, [second])
            await stage.until(lambda: waiting(stage) == 0)
            forged = await bring(webhook["TELEGRAM_WEBHOOK_URL"], {"update_id": 1})
            await worker.until("webhook.refused")
            await worker.stop()
            await worker.until("worker.stopped")

    assert await counts(stage) == {"skipped": 2, "decisions": 2}
    assert (forged, set(refused(stage))) == (401, {"503"})  # given back while the database was away, and brought again
    assert stage.sandbox.stats()["calls"].get("getUpdates", 0) == 0


async def test_from_polls_to_a_webhook_and_back_no_tap_is_lost_or_doubled(
    stage: Stage, tmp_path: Path, webhook: dict[str, str]
) -> None:
    cards = await put_in_review(stage, 3)

    async with link_to(stage.dsn) as link:
        over_link = {"DATABASE_URL": link.dsn}
        async with understudy(stage, tmp_path, "polls", over_link) as polls:
            await stage.until(stage.sandbox.bot_api.polls.is_waiting)
            link.refuse()
            await is_answered(stage, tap_all(stage, cards[:1]))
            await polls.kill()
        link.refuse(False)
        assert waiting(stage) == 1

        async with understudy(stage, tmp_path, "brought", webhook | over_link) as brought:
            await all_settled(stage, cards[:1])
            await brought.until("tap")
            link.refuse()
            await is_answered(stage, tap_all(stage, cards[1:2]))
            await brought.stop()
            (late,) = tap_all(stage, cards[2:])
            await stage.until(lambda: bool(refused(stage)))
            link.refuse(False)
            await all_settled(stage, cards[1:2])
            await brought.until("worker.stopped")
        assert (waiting(stage), stage.toast(late)) == (1, None)

        async with understudy(stage, tmp_path, "polls again", over_link) as again:
            await all_settled(stage, cards[2:])
            await again.until("webhook.ended")
            await again.until("tap")

    assert await counts(stage) == {"skipped": 3, "decisions": 3}
    assert refused(stage)[0] == "503"


async def bring(url: str, update: dict[str, object]) -> int:
    """Bring an update as somebody who does not know the secret."""
    async with aiohttp.ClientSession() as http, http.post(url, json=update) as reply:
        return reply.status
