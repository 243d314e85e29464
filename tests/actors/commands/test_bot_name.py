"""Our name and our menu: learnt apart, again and again; until a name is known to be ours, nobody obeys its command."""

import anyio
import pytest

from actors.commands.actor import MENU_EVERY_SECONDS, MENU_REFUSED_SECONDS
from actors.commands.bot_name import ASK_SECONDS, EVERY_SECONDS, HOLD_SECONDS, MOST_HELD, STRANGE_SECONDS
from actors.commands.texts import MENU
from actors.errors import AnswerLost, MailboxClosed, Refused, Unreachable
from actors.operations.commands import PauseChat
from tests.actors.commands.fakes import CommandStage
from tests.actors.fakes import After, Never
from tests.actors.updates.fakes import said
from tests.kit.clock import virtual_time

anyio_backend = virtual_time

OURS, OLD, THEIRS = "/pause@everytap_bot", "/pause@old_bot", "/pause@dj_music_bot"


def obeyed(stage: CommandStage) -> list[int]:
    """The messages in which something was asked that we did."""
    return [operation.key.message_id for operation in stage.store.of(PauseChat)]


async def test_b4_command_of_a_neighbour_is_never_obeyed_once_our_name_is_known(stage: CommandStage) -> None:
    async with stage.playing():
        await anyio.sleep(0.1)
        stage.commands.tell_nowait(said(10, THEIRS))
        stage.commands.tell_nowait(said(11, OURS.upper().replace("/PAUSE", "/pause")))
        await stage.confirmed.until("11")

    assert stage.confirmed.lines == ["10", "11"]
    assert obeyed(stage) == [11]


@pytest.mark.parametrize(
    "answers",
    [
        (After(8.0),),
        (Never(), After(3.0)),
        (Unreachable("no network"), AnswerLost("cut"), Refused("odd"), Unreachable("limited", 12.0), After(1.0)),
    ],
)
async def test_b4_named_commands_wait_unconfirmed_and_in_their_order_until_our_name_is_known(
    stage: CommandStage, answers: tuple[object, ...]
) -> None:
    stage.chat.will("own_name", *answers)

    async with stage.playing():
        for number, text in enumerate((OURS, THEIRS, OURS), 10):
            stage.commands.tell_nowait(said(number, text))
        await anyio.sleep(2.9)
        assert (stage.confirmed.lines, obeyed(stage)) == ([], [])
        await stage.confirmed.until("12")

    assert obeyed(stage) == [10, 12]


async def test_b4_whatever_becomes_of_the_menu_the_name_is_learnt(stage: CommandStage) -> None:
    stage.chat.always("show_menu", Refused("BOT_COMMANDS_INVALID"))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, THEIRS))
        stage.commands.tell_nowait(said(11, OURS))
        await stage.confirmed.until("11")
        assert anyio.current_time() == pytest.approx(0.0)

    assert obeyed(stage) == [11]


async def test_commands_without_a_name_wait_for_no_name(stage: CommandStage) -> None:
    stage.chat.always("own_name", Never())

    async with stage.playing():
        stage.commands.tell_nowait(said(10, THEIRS))
        stage.commands.tell_nowait(said(11, "/pause"))
        await stage.confirmed.until("11")
        assert anyio.current_time() == pytest.approx(0.0)

    assert obeyed(stage) == [11]


async def test_b4_what_cannot_be_told_for_long_is_ignored_in_one_line(stage: CommandStage) -> None:
    stage.chat.always("own_name", Unreachable("limited", 600.0))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, OURS))
        await stage.confirmed.until("10")
        assert anyio.current_time() == pytest.approx(HOLD_SECONDS)

    assert obeyed(stage) == []
    assert [line["event"] for line in stage.logs] == ["name.not_learnt", "command.ignored"]


async def test_of_too_many_named_commands_the_oldest_is_ignored(stage: CommandStage) -> None:
    stage.chat.will("own_name", After(1.0))

    async with stage.playing():
        for number in range(MOST_HELD + 1):
            stage.commands.tell_nowait(said(number, OURS, -1001 - number))
        assert stage.confirmed.lines == ["0"]
        await stage.confirmed.until(str(MOST_HELD))

    assert sorted(obeyed(stage)) == list(range(1, MOST_HELD + 1))


async def test_b14_strange_name_makes_us_ask_whether_it_is_ours_meanwhile(stage: CommandStage) -> None:
    stage.chat.will("own_name", "old_bot", After(0.2, "everytap_bot"))

    async with stage.playing():
        await anyio.sleep(STRANGE_SECONDS + 1)
        stage.commands.tell_nowait(said(10, OURS))
        assert stage.confirmed.lines == []
        await stage.confirmed.until("10")
        stage.commands.tell_nowait(said(11, OLD))

    assert obeyed(stage) == [10]
    assert stage.chat.when("own_name") == pytest.approx([0.0, STRANGE_SECONDS + 1])


async def test_neighbour_who_is_much_used_makes_us_ask_once_a_minute(stage: CommandStage) -> None:
    async with stage.playing():
        await anyio.sleep(0.1)
        for number in range(1000):
            stage.commands.tell_nowait(said(number, THEIRS))
            await anyio.sleep(0.6)

    assert len(stage.confirmed.lines) == 1000
    assert len(stage.chat.when("own_name")) == 1 + 9


async def test_strange_name_does_not_shorten_the_pause_that_telegram_asks_for(stage: CommandStage) -> None:
    stage.chat.will("own_name", "everytap_bot", Unreachable("limited", 900.0))

    async with stage.playing():
        await anyio.sleep(STRANGE_SECONDS + 1)
        for number in range(8):
            stage.commands.tell_nowait(said(number, THEIRS))
            await anyio.sleep(100.0)

    assert len(stage.chat.when("own_name")) == 2
    assert len(stage.confirmed.lines) == 8


async def test_b14_name_is_asked_for_again_every_few_hours(stage: CommandStage) -> None:
    stage.chat.will("own_name", "old_bot")

    async with stage.playing():
        await anyio.sleep(EVERY_SECONDS + 1)
        stage.commands.tell_nowait(said(10, OURS))
        stage.commands.tell_nowait(said(11, OLD))
        assert stage.confirmed.lines == ["11"]

    assert obeyed(stage) == [10]
    assert [(line["name"], line["before"]) for line in stage.logs if line["event"] == "name.learnt"] == [
        ("old_bot", None),
        ("everytap_bot", "old_bot"),
    ]


async def test_name_is_asked_for_after_failures_as_often_as_telegram_allows(stage: CommandStage) -> None:
    stage.chat.will("own_name", Never(), Unreachable("limited", 77.0), *[Refused("no such bot")] * 4, AnswerLost("cut"))

    async with stage.playing():
        await anyio.sleep(1000.0)

    began = ASK_SECONDS + 1.0
    assert stage.chat.when("own_name") == pytest.approx(
        [0.0, *(began + later for later in (0, 77, 82, 87, 97, 127, 187))]
    )


async def test_b4_menu_is_looked_after_for_ever_whatever_was_answered(stage: CommandStage) -> None:
    stage.chat.will("show_menu", Never(), Refused("odd"), Unreachable("limited", 1140.0), AnswerLost("cut"))

    async with stage.playing():
        await anyio.sleep(30.0 + MENU_REFUSED_SECONDS + 1140.0 + 300.0 + MENU_EVERY_SECONDS + 1)

    refused_at = 30.0
    limited_at = refused_at + MENU_REFUSED_SECONDS
    lost_at = limited_at + 1140.0
    shown_at = lost_at + 300.0
    assert stage.chat.when("show_menu") == pytest.approx(
        [0.0, refused_at, limited_at, lost_at, shown_at, shown_at + MENU_EVERY_SECONDS]
    )
    assert stage.chat.menu == MENU
    assert stage.chat.when("own_name") == pytest.approx([0.0, EVERY_SECONDS])


async def test_stop_leaves_unconfirmed_what_waits_for_a_name(stage: CommandStage) -> None:
    """It comes again, to whoever polls next."""
    stage.chat.always("own_name", Never())

    async with stage.playing():
        stage.commands.tell_nowait(said(10, OURS))

    assert (stage.confirmed.lines, obeyed(stage)) == ([], [])
    with pytest.raises(MailboxClosed):
        stage.commands.tell_nowait(said(11, OURS))


async def test_name_that_is_learnt_while_we_stop_lets_nothing_begin(stage: CommandStage) -> None:
    stage.chat.will("own_name", After(1.0))
    stage.store.will("PauseChat", After(2.0))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        stage.commands.tell_nowait(said(11, OURS))
        await stage.store.journal.until("PauseChat")

    assert stage.confirmed.lines == ["10"]
    assert "command.stopped" in [line["event"] for line in stage.logs]
