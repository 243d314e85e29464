"""Cards in a chat in which somebody taps without end: decisions of others are drawn in their turn."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from actors.cards.rate_limit import COURTESIES
from actors.domain.item import State
from tests.actors.cards.fakes import CardStage
from tests.actors.fakes import After
from tests.kit.clock import virtual_time
from tests.stories import row

anyio_backend = virtual_time

SKIPPED = row(State.SKIPPED, 1)


async def test_card_that_is_wished_for_again_and_again_keeps_no_other_one_waiting(stage: CardStage) -> None:
    """Of two that are as urgent, the one that was drawn last is the later one, whichever was there first."""
    stage.chat.will("edit 501", After(2.0))

    async with stage.playing():
        await stage.spend(20)
        await stage.draw(SKIPPED, message=501)
        await stage.draw(SKIPPED, "Ben's", message=502)
        await anyio.sleep(3.5)
        await stage.draw(replace(SKIPPED, revision=2), message=501)
        await stage.journal.until("Ben's")

        assert anyio.current_time() == pytest.approx(6.0, abs=0.01)


async def test_card_that_shows_nothing_but_a_late_tap_leaves_others_their_room(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(COURTESIES)
        await stage.draw(SKIPPED, "late", message=501, late=True)
        await anyio.sleep(1.0)
        await stage.draw(SKIPPED, "Ben's", message=502)
        await stage.journal.until("Ben's")
        assert anyio.current_time() == pytest.approx(1.0)

        await stage.journal.until("late")
        assert anyio.current_time() == pytest.approx(60.0)


async def test_question_too_much_waits_for_room_and_the_decision_that_follows_does_not(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(COURTESIES)
        await stage.view("question", message=501)
        await anyio.sleep(1.0)
        assert "question" not in stage.shown
        await stage.draw(SKIPPED, "Ben's", message=501)
        await stage.journal.until("Ben's")

        assert anyio.current_time() == pytest.approx(1.0)
    assert stage.seen[COURTESIES:] == ["card 1"]


async def test_decision_is_drawn_before_the_questions_that_came_before_it(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(20)
        for number in range(3):
            await stage.view(f"question {number}", message=501 + number, admitted=True)
        await stage.draw(SKIPPED, "Ben's", message=510)

        await stage.journal.until("Ben's")
        assert anyio.current_time() == pytest.approx(3.0)
        await stage.journal.until("question 0")
        assert anyio.current_time() == pytest.approx(6.0)


async def test_stop_draws_late_taps_without_waiting_for_room(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(COURTESIES)
        await stage.draw(SKIPPED, "late", message=501, late=True)
        assert "late" not in stage.shown

    assert stage.shown["late"] == 1
    assert anyio.current_time() < 60.0


async def test_late_tap_on_a_card_whose_decision_waits_is_drawn_with_it_in_its_turn(stage: CardStage) -> None:
    async with stage.playing():
        await stage.spend(20)
        await stage.draw(SKIPPED, "Ben's", message=502)
        await stage.draw(replace(SKIPPED, revision=2), "late", message=502, late=True)

        await stage.journal.until("late")
        assert anyio.current_time() == pytest.approx(3.0)
