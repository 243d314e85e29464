"""Names of people, stories and files that would break the markup of a card."""

import pytest

from infra.sandbox.model import Person
from tests.stage import ANNA, CHAT, Stage

NAMES = {
    "markdown": "_*`~[]()#+-=|{}.!",
    "html": "<b>&amp;</b> & <i",
    "underscores": "snake_case_ *and* [more]",
    "emoji": "👩‍👩‍👧‍👦 Zoë 🏳️‍🌈",
    "right_to_left": "دانا בן",
    "long": "X" * 64,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_person_is_named_literally_and_no_edit_fails(stage: Stage, name: str) -> None:
    person = Person(77, name)
    await stage.add_chat(CHAT, person)

    async with stage.worker():
        item, card = await stage.present()
        stage.tap(card, person, "Auto Post")
        await stage.says(card, "Dry run: the picture")
        stage.tap(card, person, "Skip")
        await stage.says(card, "Skipped by")

    assert name in stage.text(card)
    assert stage.sandbox.stats()["refusals"] == {}
    assert [who for _, who in await stage.events(item)] == [name] * 3


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_title_is_shown_literally(stage: Stage, name: str) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present(name)
        stage.tap(card, ANNA, "Posted")
        await stage.says(card, "Posted by")

    assert name in stage.text(card)
    assert stage.sandbox.stats()["refusals"] == {}
    assert await stage.events(item) == [("posted", "Anna")]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_file_name_stands_for_a_missing_title_and_on_the_original(stage: Stage, name: str) -> None:
    await stage.add_chat()

    async with stage.worker():
        item = await stage.queue("", file_name=f"{name}.jpg")
        card = await stage.card(item)
        stage.tap(card, ANNA, "Original")
        await stage.until(lambda: len(stage.messages()) == 2)
        stage.tap(card, ANNA, "Skip")
        await stage.says(card, "Skipped by")

    assert f"{name}.jpg" in stage.text(card)
    assert stage.sandbox.stats()["refusals"] == {}
