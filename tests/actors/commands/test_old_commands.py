"""Commands that lay at Telegram for long: not done, one answer for all of them, and what had been done is told."""

from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from actors.commands import texts
from actors.commands.conversation import GATHER_SECONDS
from actors.commands.delivery import ASK_SECONDS
from actors.commands.parsing import OLD_SECONDS
from actors.database.request import Cause, NotStored
from actors.domain.item import State
from actors.domain.updates import Said
from actors.operations.commands import CommandKey, CommandOutcome, LookAtChat, PauseChat, PresentNext, SetAside, Told
from tests.actors.commands.fakes import VIEW, CommandStage
from tests.actors.fakes import After, Bug, Never
from tests.actors.updates.fakes import said
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT, NOON, row

anyio_backend = virtual_time

HOURS_AGO = NOON - timedelta(hours=9, minutes=50)
STRANGER = 666


@pytest.fixture
def stage() -> CommandStage:
    stage = CommandStage()
    stage.store.always("SetAside", Told(CommandOutcome.TOO_OLD))
    stage.store.always("LookAtChat", replace(VIEW, timezone="Europe/Berlin"))
    return stage


def old(update_id: int, text: str = "/next", age_seconds: float = 35_400.0) -> Said:
    """What Anna wrote at 03:10 in Berlin, by Telegram's clock."""
    sent_at = NOON - timedelta(seconds=age_seconds)
    return replace(said(update_id, text), redelivered=True, sent_at=sent_at, age_seconds=age_seconds)


async def test_old_command_is_answered_with_its_time_and_not_done(stage: CommandStage) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(old(10))
        await stage.confirmed.until("10")

    assert stage.texts == ["/next was sent at 03:10, not done: send it again if it is still wanted."]
    assert stage.store.of(SetAside) == [SetAside(CommandKey(CHAT, 10, ANNA), "next")]
    assert stage.store.of(PresentNext) == []
    assert [(line["verb"], line["outcome"], line["answered"]) for line in stage.lines] == [("next", "too_old", True)]


async def test_heap_of_old_commands_gets_one_answer(stage: CommandStage) -> None:
    texts = ["/next", "/next", "/pause", "/requeue 7", "/next"] * 12

    async with stage.playing():
        for number, text in enumerate(texts):
            stage.commands.tell_nowait(old(number, text, 35_400.0 - 10 * number))
            await anyio.sleep(0.001)
        await stage.confirmed.until("59")

    (text,) = stage.texts
    when = "between 03:10 and 03:19"
    assert text == f"60 commands (/next, /pause, /requeue) were sent {when}, not done: send again what is still wanted."
    assert len(stage.lines) == len(stage.confirmed.lines) == 60
    assert (stage.store.of(PresentNext), stage.store.of(PauseChat)) == ([], [])


async def test_old_command_that_was_done_before_its_worker_died_is_told_as_it_was_done(stage: CommandStage) -> None:
    stage.store.will("SetAside", Told(CommandOutcome.DONE, row(State.IN_REVIEW)), Told(CommandOutcome.TOO_OLD))

    async with stage.playing():
        stage.commands.tell_nowait(old(10))
        stage.commands.tell_nowait(old(11))
        await stage.confirmed.until("11")

    (text,) = stage.texts
    assert text.startswith("Here comes \u2068Sunset\u2069 (item 7).\n/next was sent at 03:10, not done")
    assert stage.items.told == []


@pytest.mark.parametrize("age", [0.0, -4000.0, OLD_SECONDS])
async def test_command_of_two_minutes_is_done_whatever_our_own_clock_says(stage: CommandStage, age: float) -> None:
    """The clock of the stage stands hours beside Telegram's."""
    command = replace(said(10, "/pause"), sent_at=HOURS_AGO, age_seconds=age)

    async with stage.playing():
        stage.commands.tell_nowait(command)
        await stage.confirmed.until("10")

    assert len(stage.store.of(PauseChat)) == 1


@pytest.mark.parametrize(("seconds", "asked"), [(119.0, PauseChat), (121.5, SetAside)])
async def test_our_own_clock_serves_where_the_platform_shows_none(
    stage: CommandStage, seconds: float, asked: type[PauseChat | SetAside]
) -> None:
    command = replace(said(10, "/pause"), sent_at=NOON - timedelta(seconds=seconds))

    async with stage.playing():
        stage.commands.tell_nowait(command)
        await stage.confirmed.until("10")

    assert [type(one) for one in stage.store.asked if not isinstance(one, LookAtChat)] == [asked]


async def test_what_only_looks_is_answered_late_as_things_are_now(stage: CommandStage) -> None:
    async with stage.playing():
        for number, text in enumerate(("/status", "/help", "/start", "/requeue seven"), 10):
            stage.commands.tell_nowait(old(number, text))
            await stage.confirmed.until(str(number))

    assert len(stage.texts) == 4
    assert stage.store.of(SetAside) == []


async def test_command_of_yesterday_says_the_day(stage: CommandStage) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(old(10, age_seconds=15 * 3600.0))
        await stage.confirmed.until("10")

    assert stage.texts == ["/next was sent at Tue 24 Feb, 22:00, not done: send it again if it is still wanted."]


async def test_fresh_command_behind_old_ones_is_done_at_once(stage: CommandStage) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(old(10))
        stage.commands.tell_nowait(said(11, "/pause"))
        await stage.confirmed.until("11")
        assert anyio.current_time() == pytest.approx(0.0)
        await stage.confirmed.until("10")


async def test_old_commands_without_a_database_are_told_so_and_then_what_they_came_to(stage: CommandStage) -> None:
    stage.store.will("LookAtChat", Never(certain=True), After(20.0, VIEW))

    async with stage.playing():
        stage.commands.tell_nowait(old(10))
        await stage.confirmed.until("10")
        assert anyio.current_time() == pytest.approx(GATHER_SECONDS + ASK_SECONDS)
        await anyio.sleep(60.0)

    assert stage.texts[0] == texts.EARLIER_NOT_KNOWN_YET
    assert stage.texts[1].startswith("/next was sent at 02:10, not done")
    assert stage.confirmed.lines == ["10"]


async def test_old_commands_of_which_nobody_ever_learns_are_not_passed_over_in_silence(stage: CommandStage) -> None:
    stage.store.always("SetAside", NotStored(Cause.BUSY, certain=True))

    async with stage.playing():
        stage.commands.tell_nowait(old(10))
        await anyio.sleep(700.0)

    assert stage.texts == [texts.EARLIER_NOT_KNOWN_YET, texts.NEVER_KNOWN]


async def test_old_commands_of_a_stranger_hear_one_sentence_an_hour(stage: CommandStage) -> None:
    stage.store.always("LookAtChat", None)
    stage.store.always("SetAside", Told(CommandOutcome.UNKNOWN_CHAT))
    command = replace(old(10), chat_id=STRANGER, private=True)

    async with stage.playing():
        stage.commands.tell_nowait(command)
        await stage.confirmed.until("10")
        stage.commands.tell_nowait(replace(command, update_id=11))
        await stage.confirmed.until("11")

    assert stage.texts == [texts.STRANGER]


async def test_person_without_a_role_hears_of_the_role_and_not_of_the_age(stage: CommandStage) -> None:
    stage.store.always("SetAside", Told(CommandOutcome.FORBIDDEN))

    async with stage.playing():
        for number in (10, 11):
            stage.commands.tell_nowait(replace(old(number), person=BEN))
        await stage.confirmed.until("11")

    assert stage.texts == [f"\u2068Ben\u2069: {texts.FORBIDDEN}"]


async def test_crash_over_old_commands_is_answered_and_leaves_none_of_them_open(stage: CommandStage) -> None:
    stage.store.will("SetAside", Bug("not a NotStored"))

    async with stage.playing():
        for number in (10, 11, 12):
            stage.commands.tell_nowait(old(number))
        await stage.confirmed.until("10")

    assert sorted(stage.confirmed.lines) == ["10", "11", "12"]
    assert stage.texts == [texts.BROKEN]
