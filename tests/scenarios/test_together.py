"""Several fingers on one card."""

from infra.sandbox.telegram.model import User
from tests.stage import ANNA, BEN, CHAT, Stage

LATE = {"busy", "stale"}


async def test_two_people_at_once_one_effect_and_the_loser_sees_who_was_first(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        first, second = stage.tap(card, ANNA, "Skip"), stage.tap(card, BEN, "Posted")
        await stage.says(card, "Skipped by")
        toasts = [await stage.answered(first), await stage.answered(second)]
        lines = [await stage.line(first), await stage.line(second)]

    assert toasts == ["Skipping…", "⏳ Anna is skipping this…"]
    assert [line["outcome"] for line in lines] == ["recorded", "busy"]
    assert await stage.events(item) == [("skip", "Anna")]


async def test_loser_who_taps_a_moment_later_finds_who_and_when_on_the_card(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        shown = [
            button["callback_data"] for button in stage.messages()[0].content.buttons() if button["text"] == "Skip"
        ]
        stage.tap(card, ANNA, "Posted")
        await stage.says(card, "Posted by")
        late = stage.tap(card, BEN, shown[0])
        await stage.says(card, "too late, posted by")
        line = await stage.line(late)

    assert "Anna" in stage.text(card)
    assert "Ben" in stage.text(card)
    assert (line["action"], line["outcome"]) == ("skip", "stale")
    assert await stage.events(item) == [("posted", "Anna")]


async def test_same_person_twice_is_one_effect(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        taps = [stage.tap(card, ANNA, "Skip"), stage.tap(card, ANNA, "Skip")]
        await stage.says(card, "Skipped by")
        lines = [await stage.line(tap) for tap in taps]

    assert lines[0]["outcome"] == "recorded"
    assert lines[1]["outcome"] in LATE
    assert await stage.events(item) == [("skip", "Anna")]
    assert await stage.database.fetchval("select skipped from members where user_id = $1", ANNA.id) == 1


async def test_twenty_people_at_once_are_all_answered_and_one_of_them_decides(stage: Stage) -> None:
    crowd = [User(100 + number, f"Person {number}") for number in range(20)]
    await stage.add_chat(CHAT, *crowd)

    async with stage.worker():
        item, card = await stage.present()
        taps = [stage.tap(card, person, "Skip") for person in crowd]
        toasts = [await stage.answered(tap) for tap in taps]
        await stage.says(card, "Skipped by")
        outcomes = [(await stage.line(tap))["outcome"] for tap in taps]

    assert all("kipping" in toast for toast in toasts)
    assert outcomes[0] == "recorded"
    assert set(outcomes[1:]) <= LATE
    assert await stage.events(item) == [("skip", "Person 0")]
    assert stage.buttons(card) == []
