"""Commands when the database, Telegram or we ourselves fail: said so within seconds, done once, never in silence."""

from dataclasses import replace

import anyio
import pytest

from actors.commands import texts
from actors.commands.delivery import ASK_SECONDS, HOLD_SECONDS
from actors.database.request import Cause, NotStored
from actors.errors import AnswerLost, MailboxClosed, Refused, Unreachable
from actors.operations.commands import CommandOutcome, Told
from tests.actors.commands.fakes import CommandStage
from tests.actors.fakes import After, Bug, Never
from tests.actors.updates.fakes import said
from tests.kit.clock import virtual_time
from tests.stories import CHAT

anyio_backend = virtual_time

OTHER_CHAT = CHAT - 1
STRANGER = 666
DONE = "Paused. No story comes by itself until /resume; /next still shows one."


async def test_nobody_waits_longer_than_two_seconds_for_the_database(stage: CommandStage) -> None:
    stage.store.always("PauseChat", Never(certain=True))
    stage.store.always("LookAtChat", Never(certain=True))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        stage.commands.tell_nowait(said(11, "/queue", OTHER_CHAT))
        await stage.confirmed.until("10")
        await stage.confirmed.until("11")
        assert anyio.current_time() == pytest.approx(ASK_SECONDS)

    assert sorted(stage.texts) == sorted([texts.NOTHING_CHANGED, texts.CANNOT_LOOK])
    assert [line["outcome"] for line in stage.lines] == ["not_stored", "not_stored"]


async def test_change_of_which_nobody_knows_is_said_to_be_so_and_then_what_it_came_to(stage: CommandStage) -> None:
    stage.store.will("PauseChat", Never(certain=False), After(20.0, Told(CommandOutcome.DONE)))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        await stage.confirmed.until("10")
        assert anyio.current_time() == pytest.approx(ASK_SECONDS)
        stage.commands.tell_nowait(said(11, "/status"))
        await stage.confirmed.until("11")
        assert anyio.current_time() == pytest.approx(ASK_SECONDS)
        await stage.looks.until("look")

    assert [stage.texts[0], stage.texts[2]] == [texts.NOT_KNOWN_YET, DONE]
    assert [line["outcome"] for line in stage.lines] == ["unknown", "seen", "done"]


async def test_change_of_which_nobody_ever_learns_is_not_passed_over_in_silence(stage: CommandStage) -> None:
    stage.store.always("PauseChat", Never(certain=False))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        await anyio.sleep(ASK_SECONDS + 600.0 - 1)
        asked_in_vain = list(stage.texts)
        await anyio.sleep(2)

    assert asked_in_vain == [texts.NOT_KNOWN_YET]
    assert stage.texts == [texts.NOT_KNOWN_YET, texts.NEVER_KNOWN]


async def test_stop_does_not_wait_for_what_nobody_knows(stage: CommandStage) -> None:
    stage.store.always("PauseChat", Never(certain=False))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        await stage.confirmed.until("10")

    assert anyio.current_time() == pytest.approx(ASK_SECONDS)
    assert stage.texts == [texts.NOT_KNOWN_YET]


async def test_look_that_failed_in_doubt_is_not_looked_at_again(stage: CommandStage) -> None:
    stage.store.will("LookAtChat", Never(certain=False))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/queue"))
        await anyio.sleep(60.0)

    assert stage.texts == [texts.CANNOT_LOOK]


async def test_nobody_knows_what_an_earlier_process_did_with_the_same_command(stage: CommandStage) -> None:
    stage.store.will("PauseChat", NotStored(Cause.BUSY, certain=True))

    async with stage.playing():
        stage.commands.tell_nowait(replace(said(10, "/pause"), redelivered=True))
        await stage.looks.until("look")

    assert stage.texts == [texts.NOT_KNOWN_YET, DONE]


@pytest.mark.parametrize(("asked", "tries_at"), [(None, [0.0, 1.0]), (7.0, [0.0, 7.0])])
async def test_answer_that_telegram_does_not_take_now_is_said_again(
    stage: CommandStage, asked: float | None, tries_at: list[float]
) -> None:
    stage.chat.will("send_text", Unreachable("busy", asked))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        await stage.confirmed.until("10")

    assert stage.chat.when("send_text") == pytest.approx(tries_at)
    assert stage.texts == [DONE]


@pytest.mark.parametrize("failure", [Refused("thrown out"), AnswerLost("cut"), Never()])
async def test_answer_that_may_stand_there_or_never_will_is_not_said_again(
    stage: CommandStage, failure: object
) -> None:
    stage.chat.will("send_text", failure)

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        await stage.confirmed.until("10")

    assert len(stage.chat.when("send_text")) == 1
    assert stage.lines[0]["answered"] is False


async def test_answer_that_telegram_never_takes_is_given_up_in_the_end(stage: CommandStage) -> None:
    stage.chat.always("send_text", Unreachable("busy"))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        await stage.confirmed.until("10")
        assert anyio.current_time() == pytest.approx(HOLD_SECONDS)

    assert stage.lines[0]["answered"] is False


async def test_chatter_of_a_stranger_without_a_database_is_not_answered(stage: CommandStage) -> None:
    stage.store.will("LookAtChat", NotStored(Cause.EXPIRED, certain=True))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "hello", STRANGER, private=True))
        await stage.confirmed.until("10")

    assert stage.texts == []


async def test_crash_is_answered_confirmed_and_keeps_nobody_waiting(stage: CommandStage) -> None:
    stage.store.will("PauseChat", After(1.0, Bug("not a NotStored")))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        stage.commands.tell_nowait(said(11, "/status"))
        await stage.confirmed.until("10")
        await stage.confirmed.until("11")

    assert texts.BROKEN in stage.texts
    assert len(stage.texts) == 2


async def test_commands_are_heard_only_while_we_live(stage: CommandStage) -> None:
    async with stage.playing():
        pass

    with pytest.raises(MailboxClosed):
        stage.commands.tell_nowait(said(10))


async def test_stop_lets_open_commands_be_answered(stage: CommandStage) -> None:
    stage.store.will("PauseChat", After(1.0, Told(CommandOutcome.DONE)))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))

    assert stage.confirmed.lines == ["10"]


async def test_command_that_a_kill_left_open_is_not_confirmed(stage: CommandStage) -> None:
    """It comes again, to whoever polls next."""
    stage.store.will("PauseChat", Never())

    with anyio.move_on_after(1.0):
        async with stage.playing():
            stage.commands.tell_nowait(said(10, "/pause"))
            await anyio.sleep(60.0)

    assert (stage.confirmed.lines, stage.texts) == ([], [])
