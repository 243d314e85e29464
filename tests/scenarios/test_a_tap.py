"""One tap, from the finger to the card."""

from tests.stage import ANNA, Stage


async def test_skip_is_toasted_recorded_and_shown(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        item, card = await stage.present()
        tap = stage.tap(card, ANNA, "Skip")

        assert await stage.answered(tap) == "Skipping…"
        await stage.says(card, "Skipped by")
        assert stage.buttons(card) == []
        assert await stage.events(item) == [("skip", "Anna")]
