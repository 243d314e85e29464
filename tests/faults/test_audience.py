"""Whoever watches the taps of a fault notices what must not be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from infra.sandbox.sandbox import Sandbox
from infra.sandbox.telegram.model import Content, User
from infra.sandbox.telegram.queries import QueryAnswer
from infra.sandbox.telegram.rules import Rules
from infra.sandbox.telegram.world import ButtonTap, NewChat
from tests.crowd import Shown
from tests.faults import outage, overlap
from tests.faults.audience import Audience
from tests.faults.results import Settings
from tests.stage import Stage
from tests.tap_lines import TapLines

ANNA = User(11, "Anna")
CHAT = -1001000000001
ITEM = 7
SKIP = ({"text": "Skip", "callback_data": f"skip:{ITEM}:0"},)


@dataclass
class Rows:
    """A database with the decisions that a test says."""

    steps: list[str] = field(default_factory=list)

    async def fetch(self, _: str) -> list[dict[str, Any]]:
        """Say them."""
        return [{"item_id": ITEM, "steps": self.steps}] if self.steps else []


@dataclass
class Scene:
    """Anna has tapped Skip on the one card that there is, and a toast told her so."""

    rows: Rows = field(default_factory=Rows)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(lambda: 100.0, Rules(limits=False), 0)
        self.sandbox.create_chat(NewChat("Team", [ANNA], id=CHAT))
        self.sandbox.telegram.send(str(CHAT), Content("photo", "Sunset", keyboard=(SKIP,)), 99.0)
        stage = Stage(self.sandbox, cast("Any", self.rows), "", b"", TapLines())
        self.audience = Audience(stage, [])
        self.card = Shown(CHAT, ITEM, 1, ANNA)

    async def tap(self) -> dict[str, Any]:
        """Let her tap; answers the line that explains it."""
        await self.audience.tap_again([self.card])
        (tap,) = self.audience.tapped
        self.sandbox.telegram.queries.answer(tap, QueryAnswer(101.0, "Skipping…", alert=False))
        self.sandbox.telegram.updates.clear()
        return {"event": "tap", "tap_id": tap}

    def show(self, text: str, *, live: bool) -> None:
        """Edit the card."""
        keyboard = (SKIP,) if live else ()
        place = (str(CHAT), self.card.message_id)
        self.sandbox.telegram.edit(place, lambda shown: replace(shown, text=text, keyboard=keyboard), 102.0)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_tap_that_landed_is_right(scene: Scene) -> None:
    line = await scene.tap()
    scene.rows.steps = ["skip Anna"]
    scene.show("Skipped by Anna", live=False)

    found = await scene.audience.finding([line])

    assert (found.landed, found.refused, found.wrong) == (1, 0, [])


async def test_tap_that_was_refused_on_a_live_card_is_right(scene: Scene) -> None:
    line = await scene.tap()
    scene.show("Anna's Skip was not saved, tap again.", live=True)

    found = await scene.audience.finding([line])

    assert (found.landed, found.refused, found.wrong) == (0, 1, [])


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("⚠️ Anna's Skip was not saved, tap again.", False),
        ("⚠️ Ben's Skip was not saved, tap again.", True),
        ("Skipped by Anna", True),
    ],
)
async def test_tap_on_a_card_that_no_worker_knows_as_its_own_is_refused_in_the_chat(
    scene: Scene, text: str, lost: bool
) -> None:
    line = await scene.tap()
    scene.sandbox.telegram.send(str(CHAT), Content("text", text), 102.0)

    found = await scene.audience.finding([line])

    assert found.lost is lost


async def test_tap_of_which_nobody_ever_tells_is_lost(scene: Scene) -> None:
    line = await scene.tap()

    found = await scene.audience.finding([line])

    assert found.lost


async def test_card_that_claims_what_no_row_knows_lies(scene: Scene) -> None:
    line = await scene.tap()
    scene.rows.steps = ["posted Ben"]
    scene.show("Skipped by Anna", live=False)

    found = await scene.audience.finding([line])

    assert "1 cards that lie" in found.wrong


async def test_update_that_was_never_confirmed_is_noticed(scene: Scene) -> None:
    line = await scene.tap()
    scene.rows.steps = ["skip Anna"]
    scene.show("Skipped by Anna", live=False)
    scene.sandbox.tap(ButtonTap(CHAT, scene.card.message_id, ANNA.id, "skip:7:0", force=True))

    found = await scene.audience.finding([line])

    assert found.wrong == ["1 updates that Telegram still holds"]


async def test_item_that_was_decided_twice_is_doubled(scene: Scene) -> None:
    line = await scene.tap()
    scene.rows.steps = ["skip Anna", "skip Anna"]
    scene.show("Skipped by Anna", live=False)

    found = await scene.audience.finding([line])

    assert found.doubled


async def test_buttons_that_were_gone_for_a_while_are_noticed(scene: Scene) -> None:
    line = await scene.tap()
    scene.show("⏳ Anna is skipping this…", live=False)
    scene.rows.steps = ["skip Anna"]
    scene.show("Skipped by Anna", live=False)

    found = await scene.audience.finding([line])

    assert found.wrong == ["1 cards whose buttons were gone before it was decided"]


async def test_a_second_worker_may_explain_a_tap_and_the_same_one_may_not(scene: Scene) -> None:
    line = await scene.tap()
    scene.rows.steps = ["skip Anna"]
    scene.show("Skipped by Anna", live=False)

    by_two = await scene.audience.finding([line], [line])
    by_one = await scene.audience.finding([line, line])

    assert (by_two.wrong, by_two.explained_again) == ([], 1)
    assert by_one.wrong == ["1 taps that a worker explained twice"]


def test_each_play_has_a_name_that_plays_it_alone() -> None:
    names = [play.name for play in overlap.plan(Settings())]

    assert len(names) == len(set(names))
    assert [play.name for play in overlap.plan(Settings(quick=True, run="4/FREEZE"))] == ["4/FREEZE"]


def test_an_outage_that_is_named_lasts_as_long_as_it_did() -> None:
    assert [one.seconds for one in outage.plan(Settings(run="SILENT/600", quick=True))] == [600.0]
    assert [one.seconds for one in outage.plan(Settings(run="SILENT/25"))] == [25.0]
