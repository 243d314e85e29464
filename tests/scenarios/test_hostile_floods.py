"""Somebody floods a group with commands, under the limits of Telegram: that one is passed over, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from infra.sandbox.telegram.rules import Rules
from tests.scenarios.conversations import all_confirmed, said
from tests.stage import BEN, CHAT, EVE, Stage, open_stage

MANY = 160
MOST_CALLS = 25  # answers, one that says it is too much, and what Telegram refused of them before it named a pause


@pytest.fixture
async def limited(database_url: str) -> AsyncIterator[Stage]:
    """A stage on which a bot may send and edit no more than Telegram lets it."""
    async with open_stage(database_url, Rules()) as opened:
        yield opened
        assert opened.unexplained() == {}


async def test_flood_of_commands_costs_one_person_their_answers_and_nobody_a_tap(limited: Stage) -> None:
    await limited.add_chat()

    async with limited.worker():
        item, card = await limited.present()
        for _ in range(MANY):
            limited.sandbox.say(CHAT, EVE.id, "/status")
        tap = limited.tap(card, BEN, "Skip")
        await limited.says(card, "Skipped by")
        line = await limited.line(tap)
        await all_confirmed(limited)

    calls = limited.sandbox.stats()["calls"]
    assert await limited.events(item) == [("skip", "Ben")]
    assert (line["outcome"], line["cause"]) == ("recorded", "tap")
    assert calls["sendMessage"] + calls["editMessageCaption"] < MOST_CALLS
    assert sum("Too many commands" in text for text in said(limited)) == 1
