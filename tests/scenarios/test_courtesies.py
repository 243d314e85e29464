"""What people send that the bot cannot use: one polite answer an hour, and silence for what is not addressed to it."""

from infra.sandbox.telegram.arguments import ReceivedFile
from infra.sandbox.telegram.model import User
from infra.sandbox.telegram.world import NewChat, Words
from tests.scenarios.conversations import all_confirmed, cards, said, says
from tests.stage import ANNA, BEN, CHAT, Stage

STRANGER = User(666, "Stranger")


def photo(stage: Stage) -> ReceivedFile:
    return ReceivedFile("me.jpg", "image/jpeg", stage.picture)


async def test_photo_for_the_bot_is_answered_once_and_a_photo_for_the_team_never(stage: Stage) -> None:
    await stage.add_chat()
    file = photo(stage)

    async with stage.worker():
        await stage.present()
        stage.sandbox.show(Words(CHAT, ANNA.id, "look what I made", None, file, "photo"))
        stage.sandbox.show(Words(CHAT, ANNA.id, "/pause", None, file, "photo"))
        await all_confirmed(stage)
        assert said(stage) == []
        await stage.until(lambda: bool(cards(stage)))
        for _ in range(10):
            stage.sandbox.show(Words(CHAT, ANNA.id, "@everytap_sandbox_bot for tonight", None, file, "photo"))
        stage.sandbox.show(Words(CHAT, BEN.id, "", cards(stage)[0], file, "document"))
        stage.sandbox.say(CHAT, BEN.id, "/unknown@everytap_sandbox_bot")
        await all_confirmed(stage)

    (answer,) = said(stage)
    assert answer.startswith("Nothing was queued: I take no stories from chats.")
    assert not await stage.database.fetchval("select paused from chats")


async def test_unknown_command_is_answered_once_if_it_is_ours(stage: Stage) -> None:
    await stage.add_chat()

    async with stage.worker():
        await says(stage, "I do not know this command", "/settings@everytap_sandbox_bot")
        for text in ("/settings", "/settings@dj_music_bot", "/settings@everytap_sandbox_bot"):
            stage.sandbox.say(CHAT, BEN.id, text)
        await all_confirmed(stage)

    assert len(said(stage)) == 1


async def test_photo_from_a_person_alone_says_where_stories_are_queued(stage: Stage) -> None:
    stage.sandbox.create_chat(NewChat("Stranger", [STRANGER], "private"))

    async with stage.worker():
        stage.sandbox.show(Words(STRANGER.id, STRANGER.id, "", None, photo(stage), "photo"))
        await stage.until(lambda: bool(said(stage, STRANGER.id)))
        await all_confirmed(stage)

    assert "python main.py media add" in said(stage, STRANGER.id)[0]
    assert await stage.database.fetchval("select count(*) from chats") == 0
