"""A chat whose time zone this machine does not know: its cards come, its commands are answered."""

from tests.scenarios.conversations import says
from tests.stage import ANNA, CHAT, EVE, Stage

OTHER_CHAT = CHAT - 1


async def test_chat_with_an_unknown_zone_is_served_like_any_other(stage: Stage) -> None:
    await stage.add_chat(timezone="Mars/Base")
    await stage.add_chat(OTHER_CHAT, EVE)

    async with stage.worker():
        item, message = await stage.present()
        stage.tap(message, ANNA, "Skip")
        await stage.says(message, "Skipped by \u2068Anna\u2069")
        await stage.row_is(item, "skipped")
        await says(stage, "Next: nothing waits.", "/status")
        await says(stage, "The time zone 'Mars/Base' is not known here: times are shown in UTC.", "/status")
        await stage.present(chat_id=OTHER_CHAT)
        await says(stage, "Sunset", "/queue@everytap_sandbox_bot", EVE, OTHER_CHAT)
