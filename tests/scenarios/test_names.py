"""Names of people, stories and files that would break the markup of a card."""

import pytest

from infra.sandbox.telegram.model import User
from tests.stage import ANNA, CHAT, Stage

NAMES = {
    "markdown": "_*`~[]()#+-=|{}.!",
    "html": "<b>&amp;</b> & <i",
    "underscores": "snake_case_ *and* [more]",
    "emoji": "👩‍👩‍👧‍👦 Zoë 🏳️‍🌈",
    "right_to_left": "دانا בן",
    "long": "X" * 64,
}


def refusals(stage: Stage) -> set[str]:
    """What Telegram said no to; an edit that changes nothing was made before, and is no failure."""
    return {reason for reason in stage.sandbox.stats()["refusals"] if "message is not modified" not in reason}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_person_is_named_literally_and_no_edit_fails(stage: Stage, name: str) -> None:
    person = User(77, name)
    await stage.add_chat(CHAT, person)

    async with stage.worker():
        item, card = await stage.present()
        stage.tap(card, person, "Auto Post")
        await stage.says(card, "Dry run: the picture")
        stage.tap(card, person, "Skip")
        await stage.says(card, "Skipped by")

    assert name in stage.text(card)
    assert refusals(stage) == set()
    assert [who for _, who in await stage.events(item)] == [name] * 3


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_title_is_shown_literally_and_a_file_name_in_its_place(stage: Stage, name: str) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, titled = await stage.present(name)
        untitled = await stage.card(await stage.queue("", file_name=f"{name}.jpg"))
        stage.tap(untitled, ANNA, "Original")
        await stage.until(lambda: len(stage.messages()) == 3)
        stage.tap(titled, ANNA, "Posted")
        stage.tap(untitled, ANNA, "Skip")
        await stage.says(titled, "Posted by")
        await stage.says(untitled, "Skipped by")

    assert name in stage.text(titled)
    assert f"{name}.jpg" in stage.text(untitled)
    assert refusals(stage) == set()
    assert await stage.events(item) == [("posted", "Anna")]
