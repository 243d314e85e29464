"""The bot is brought into groups and thrown out again: the group hears what to do next, the log says who did it."""

from __future__ import annotations

from typing import Any

from structlog.testing import capture_logs

from infra.sandbox.telegram.world import NewChat
from tests.scenarios.conversations import all_confirmed, said, says
from tests.stage import ANNA, BEN, CHAT, EVE, Stage

OTHER_CHAT = CHAT - 1


def members(lines: list[Any]) -> list[tuple[object, ...]]:
    """What the log says of the bot in a chat."""
    keys = ("chat_id", "user_id", "before", "after", "known")
    return [tuple(line[key] for key in keys) for line in lines if line["event"] == "chat.member"]


async def test_bot_that_is_brought_into_a_group_of_strangers_says_the_line_for_the_operator(stage: Stage) -> None:
    """F34: nothing is created."""
    stage.sandbox.create_chat(NewChat("Elsewhere", [EVE], id=OTHER_CHAT))
    stage.sandbox.set_bot_standing(OTHER_CHAT, EVE.id, "left")

    with capture_logs() as lines:
        async with stage.worker():
            await all_confirmed(stage)
            stage.sandbox.set_bot_standing(OTHER_CHAT, EVE.id, "member")
            await stage.until(lambda: bool(said(stage, OTHER_CHAT)))
            await all_confirmed(stage)
            await says(stage, f"chat add {OTHER_CHAT}", "/start", EVE, OTHER_CHAT)

    assert said(stage, OTHER_CHAT)[0] == (
        f"Hello! This chat's id is {OTHER_CHAT}. It is not set up yet."
        f" My operator does that with: python main.py chat add {OTHER_CHAT}"
    )
    assert members(lines) == [
        (OTHER_CHAT, EVE.id, "administrator", "left", False),
        (OTHER_CHAT, EVE.id, "left", "member", False),
    ]
    assert await stage.database.fetchval("select count(*) from chats") == 0


async def test_bot_that_comes_back_to_its_team_says_that_it_works_there(stage: Stage) -> None:
    await stage.add_chat()

    with capture_logs() as lines:
        async with stage.worker():
            stage.sandbox.set_bot_standing(CHAT, BEN.id, "kicked")
            stage.sandbox.set_bot_standing(CHAT, ANNA.id, "member")
            await stage.until(lambda: bool(said(stage)))
            stage.sandbox.set_bot_standing(CHAT, ANNA.id, "administrator")
            await all_confirmed(stage)

    (greeting,) = said(stage)
    assert greeting.startswith("Hello! This chat is set up. When a story's slot comes, its card comes into this group.")
    assert members(lines) == [
        (CHAT, BEN.id, "administrator", "kicked", True),
        (CHAT, ANNA.id, "kicked", "member", True),
        (CHAT, ANNA.id, "member", "administrator", True),
    ]


async def test_bot_that_is_thrown_out_before_it_greets_says_so_in_the_log_and_goes_on(stage: Stage) -> None:
    await stage.add_chat()

    with capture_logs() as lines:
        async with stage.worker():
            for standing in ("left", "member", "left"):
                stage.sandbox.set_bot_standing(CHAT, ANNA.id, standing)
            await all_confirmed(stage)
            stage.sandbox.set_bot_standing(CHAT, ANNA.id, "member")
            await says(stage, "This chat is set up.", "/start")

    refused = [line for line in lines if line["event"] == "chat.not_greeted"]
    assert ["is not a member of" in line["reason"] for line in refused] == [True]
    assert len(said(stage)) == 1
