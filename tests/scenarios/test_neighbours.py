"""B4, B14: several bots in one group. A command for another one is not ours, whatever our start was answered."""

from __future__ import annotations

import pytest

from infra.sandbox.common.faults import Fault, FaultKind
from tests.scenarios.conversations import all_confirmed, cards, said, says
from tests.stage import ANNA, CHAT, Stage

FOR_THE_NEIGHBOUR = ("/pause@dj_music_bot", "/next@dj_music_bot", "/requeue@dj_music_bot", "/status@dj_music_bot")
LATER = "update items set due_at = now() + interval '2 hours' where item_id = $1"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.DELAY, "getMe", seconds=3),
        Fault(FaultKind.SERVER_ERROR, "getMe", times=2),
        Fault(FaultKind.DELAY, "setMyCommands", seconds=3),
        Fault(FaultKind.TOO_MANY, "setMyCommands", seconds=700),
        Fault(FaultKind.SERVER_ERROR, "setMyCommands", code=400),
        Fault(FaultKind.TOO_MANY, "getMyCommands", seconds=700),
    ],
    ids=lambda fault: f"{fault.method} {fault.kind.value}",
)
async def test_b4_command_of_a_neighbour_is_not_obeyed_whatever_the_start_was_told(stage: Stage, fault: Fault) -> None:
    await stage.add_chat()
    item = await stage.queue()
    await stage.database.execute(LATER, item)
    stage.sandbox.set_fault(fault)
    for text in FOR_THE_NEIGHBOUR:  # these wait for whoever starts
        stage.sandbox.say(CHAT, ANNA.id, text)

    async with stage.worker():
        await says(stage, "Next:", "/status")
        for text in FOR_THE_NEIGHBOUR:
            stage.sandbox.say(CHAT, ANNA.id, text)
        await says(stage, "Next:", "/status@everytap_sandbox_bot")
        await all_confirmed(stage)

    assert len(said(stage)) == 2
    assert cards(stage) == []
    assert await stage.database.fetchval("select count(*) from commands") == 0
    assert not await stage.database.fetchval("select paused from chats")


async def test_b4_our_own_named_command_in_the_backlog_of_a_start_is_done_once_the_name_is_known(stage: Stage) -> None:
    await stage.add_chat()
    stage.sandbox.set_fault(Fault(FaultKind.DELAY, "getMe", seconds=1))
    stage.sandbox.say(CHAT, ANNA.id, "/pause@everytap_sandbox_bot")

    async with stage.worker():
        await says(stage, "Database: answers.", "/status")
        assert stage.sandbox.stats()["updates_waiting"]
        await stage.until(lambda: any("Paused." in text for text in said(stage)))
        await all_confirmed(stage)

    assert await stage.database.fetchval("select paused from chats")


async def test_b14_rename_in_botfather_is_followed_without_a_restart(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.commands.bot_name.STRANGE_SECONDS", 0.0)
    await stage.add_chat()

    async with stage.worker():
        await says(stage, "Database: answers.", "/status@everytap_sandbox_bot")
        stage.sandbox.rename_bot("stories_bot")
        await says(stage, "Database: answers.", "/status@stories_bot")
        stage.sandbox.say(CHAT, ANNA.id, "/pause@everytap_sandbox_bot")
        await all_confirmed(stage)

    assert len(said(stage)) == 2
    assert not await stage.database.fetchval("select paused from chats")


async def test_menu_that_is_right_already_is_not_set_at_the_next_start(stage: Stage) -> None:
    for start in range(1, 4):
        async with stage.worker():
            await stage.until(lambda start=start: stage.sandbox.stats()["calls"].get("getMyCommands", 0) == start)  # type: ignore[misc]
            await stage.until(lambda: bool(stage.sandbox.telegram.commands))

    assert stage.sandbox.stats()["calls"]["setMyCommands"] == 1
