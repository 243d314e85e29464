"""Commands: answered at once and in their order, whatever the database and Telegram do; confirmed when answered."""

from dataclasses import replace

import anyio
import pytest

from actors.cards.rate_limit import COURTESIES
from actors.commands import texts
from actors.commands.conversation import MOST_OPEN, MOST_OPEN_OF_ONE
from actors.commands.delivery import ROOM_SECONDS
from actors.database.request import Priority
from actors.domain.item import Person, State
from actors.domain.messages import Present
from actors.operations.commands import CommandKey, CommandOutcome, LookAtChat, PresentNext, Told
from tests.actors.commands.fakes import CommandStage
from tests.actors.fakes import After, Never
from tests.actors.updates.fakes import said
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT, row

anyio_backend = virtual_time

CLAIMED = row(State.PRESENTING)
OTHER_CHAT = CHAT - 1
STRANGER = 666
DONE = "Paused. No story comes by itself until /resume; /next still shows one."


async def test_next_is_claimed_told_to_its_item_answered_and_confirmed(stage: CommandStage) -> None:
    stage.store.will("PresentNext", Told(CommandOutcome.DONE, CLAIMED, claimed=True))

    async with stage.playing():
        stage.commands.tell_nowait(said(10))
        await stage.confirmed.until("10")

    assert stage.store.asked == [PresentNext(CommandKey(CHAT, 10, ANNA), "w1")]
    assert stage.items.told == [((CHAT, 7), Present(CLAIMED))]
    assert stage.chat.texts == [(CHAT, "Here comes \u2068Sunset\u2069 (item 7).")]
    assert stage.looks.lines == ["look"]


async def test_next_that_is_not_ours_to_send_is_told_to_nobody(stage: CommandStage) -> None:
    stage.store.will("PresentNext", Told(CommandOutcome.BEING_SENT, CLAIMED))

    async with stage.playing():
        stage.commands.tell_nowait(said(10))
        await stage.confirmed.until("10")

    assert stage.items.told == []
    assert stage.looks.lines == []
    assert stage.texts == [texts.REFUSED[CommandOutcome.BEING_SENT]]


async def test_next_while_items_stop_is_left_to_the_schedule(stage: CommandStage) -> None:
    stage.store.will("PresentNext", Told(CommandOutcome.DONE, CLAIMED, claimed=True))
    stage.items.closed = True

    async with stage.playing():
        stage.commands.tell_nowait(said(10))
        await stage.confirmed.until("10")

    assert [line["event"] for line in stage.logs] == ["name.learnt", "item", "command.stopped", "command"]


async def test_one_line_explains_a_command(stage: CommandStage) -> None:
    stage.store.will("PauseChat", After(0.5, Told(CommandOutcome.DONE)))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        await stage.confirmed.until("10")

    (line,) = stage.lines
    assert (line["verb"], line["outcome"], line["db_attempts"], line["answered"]) == ("pause", "done", 1, True)
    assert (line["chat_id"], line["message_id"], line["user_id"]) == (CHAT, 10, ANNA.id)
    assert line["answered_ms"] == pytest.approx(500)


async def test_what_people_tell_each_other_is_confirmed_at_once_and_answered_by_nobody(stage: CommandStage) -> None:
    async with stage.playing():
        for number, text in enumerate(("hello", "/unknown", "see /next"), 10):
            stage.commands.tell_nowait(said(number, text))
        assert stage.confirmed.lines == ["10", "11", "12"]

    assert (stage.store.asked, stage.texts) == ([], [])


async def test_commands_of_one_chat_are_done_and_answered_in_their_order(stage: CommandStage) -> None:
    """The first one's database is slow, and its answer, too."""
    stage.store.will("PauseChat", After(1.0, Told(CommandOutcome.DONE)), Told(CommandOutcome.AS_IT_WAS))
    stage.chat.will("send_text", After(2.0))

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        stage.commands.tell_nowait(said(11, "/pause"))
        await stage.confirmed.until("11")

    assert stage.store.when("PauseChat") == pytest.approx([0.0, 1.0])
    assert stage.texts == [DONE, "It is paused already."]
    assert stage.confirmed.lines == ["10", "11"]


async def test_chats_do_not_wait_for_each_other(stage: CommandStage) -> None:
    stage.store.will("PauseChat", Never())

    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/pause"))
        await stage.store.journal.until("PauseChat")
        stage.commands.tell_nowait(said(11, "/status", OTHER_CHAT))
        await stage.confirmed.until("11")
        assert anyio.current_time() == pytest.approx(0.0)


async def test_too_many_commands_of_one_chat_are_refused_at_once(stage: CommandStage) -> None:
    stage.store.always("PauseChat", Never())

    async with stage.playing():
        for number in range(MOST_OPEN + 1):
            stage.commands.tell_nowait(said(number, "/pause"))
        await stage.confirmed.until(str(MOST_OPEN_OF_ONE))
        assert anyio.current_time() == pytest.approx(0.0)
        assert stage.texts == [texts.BUSY]

    assert len(stage.confirmed.lines) == MOST_OPEN + 1


async def test_too_many_commands_of_many_people_are_refused_at_once(stage: CommandStage) -> None:
    stage.store.always("PauseChat", Never())

    async with stage.playing():
        for number in range(MOST_OPEN + 1):
            stage.commands.tell_nowait(replace(said(number, "/pause"), person=Person(100 + number, "Ben")))
        await stage.confirmed.until(str(MOST_OPEN))
        assert anyio.current_time() == pytest.approx(0.0)
        assert stage.texts == [texts.BUSY]


async def test_flood_of_one_person_is_answered_in_part_told_once_and_confirmed_at_once(stage: CommandStage) -> None:
    async with stage.playing():
        for number in range(160):
            stage.commands.tell_nowait(said(number, "/status"))
        await stage.confirmed.until("2")
        assert anyio.current_time() == pytest.approx(0.0)

    assert sorted(map(int, stage.confirmed.lines)) == list(range(160))
    assert stage.texts.count(texts.BUSY) == 1
    assert len(stage.texts) == len(stage.lines) == MOST_OPEN_OF_ONE + 1


async def test_person_who_goes_on_hears_a_minute_later_that_it_is_too_much_and_how_many_were_passed_over(
    stage: CommandStage,
) -> None:
    async with stage.playing():
        for number in range(20):
            stage.commands.tell_nowait(said(number, "/help"))
        await anyio.sleep(59.0)
        for number in range(20, 30):
            stage.commands.tell_nowait(said(number, "/help"))
        await anyio.sleep(2.0)
        for number in range(30, 40):
            stage.commands.tell_nowait(said(number, "/help"))
        await anyio.sleep(60.0)

    assert stage.texts.count(texts.BUSY) == 2
    assert sum(line["passed_over"] for line in stage.lines) == 40 - len(stage.texts)


async def test_flood_of_one_person_leaves_the_others_of_the_chat_their_answers(stage: CommandStage) -> None:
    async with stage.playing():
        for number in range(10, 170):
            stage.commands.tell_nowait(said(number, "/status"))
        await stage.confirmed.until("15")
        stage.commands.tell_nowait(replace(said(200, "/pause"), person=BEN))
        await stage.confirmed.until("200")
        assert anyio.current_time() == pytest.approx(0.0)

    assert stage.texts[-1] == DONE


async def test_answers_leave_cards_and_decisions_their_room(stage: CommandStage) -> None:
    """Of the twenty changes that Telegram takes in a minute."""
    async with stage.playing():
        for number in range(30):
            stage.commands.tell_nowait(replace(said(number, "/help"), person=Person(100 + number, "Ben")))
            await stage.confirmed.until(str(number))
            if anyio.current_time() > 0:
                break

    assert stage.chat.when("send_text")[: COURTESIES + 1] == pytest.approx([0.0] * COURTESIES + [ROOM_SECONDS])


async def test_person_who_cannot_be_told_now_is_passed_over(stage: CommandStage) -> None:
    """The chat takes no more than what is left to cards and decisions."""
    async with stage.playing():
        for _ in range(COURTESIES):
            stage.paces.of(CHAT).spend(anyio.current_time())
        for number in range(20):
            stage.commands.tell_nowait(said(number, "/help"))
        await stage.confirmed.until("19")
        assert stage.texts == []


async def test_stranger_hears_one_sentence_an_hour(stage: CommandStage) -> None:
    stage.store.always("LookAtChat", None)
    stage.store.always("PresentNext", Told(CommandOutcome.UNKNOWN_CHAT))

    async with stage.playing():
        for number, text in enumerate(("/start", "hello", "/next"), 10):
            stage.commands.tell_nowait(said(number, text, STRANGER, private=True))
        await stage.confirmed.until("12")
        await anyio.sleep(3601.0)
        stage.commands.tell_nowait(said(13, "hello?", STRANGER, private=True))
        await stage.confirmed.until("13")

    assert stage.chat.texts == [(STRANGER, texts.STRANGER)] * 2
    assert len(stage.store.of(LookAtChat)) == 2


async def test_chatter_of_somebody_whose_own_chat_is_set_up_is_not_answered(stage: CommandStage) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(said(10, "hello", STRANGER, private=True))
        await stage.confirmed.until("10")

    assert stage.texts == []


async def test_strangers_never_come_before_a_tap(stage: CommandStage) -> None:
    async with stage.playing():
        stage.commands.tell_nowait(said(10, "/status", STRANGER, private=True))
        stage.commands.tell_nowait(said(11, "/status"))
        await stage.confirmed.until("10")
        await stage.confirmed.until("11")

    assert sorted(priority.name for priority in stage.store.lanes) == [Priority.HIGH.name, Priority.LOW.name]
