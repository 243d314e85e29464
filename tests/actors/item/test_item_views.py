"""The shell of an item: questions, originals, and cards that are drawn for nobody's tap."""

from dataclasses import replace

import anyio
import pytest

from actors.database.request import Cause, NotStored
from actors.domain.flood_limit import MOST_VIEWS
from actors.domain.item import Action, State
from actors.domain.messages import RECOVERED, Changed, Recorded
from actors.domain.taps import AskToReject, KeepIt, Question, SendOriginal, Tap
from actors.errors import AnswerLost, Refused
from actors.item import texts
from actors.item.actor import QUESTION_SECONDS
from actors.item.card_requests import LATE_SECONDS
from actors.item.sending import STILL
from actors.operations.housekeeping import Interaction
from actors.operations.taps import LoadItem
from actors.runtime.cell import RegistryLimits
from tests.actors.fakes import Creep, Never
from tests.actors.item.fakes import ItemStage, playing
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT, NOON, press, row, settled

anyio_backend = virtual_time
PASSIVE_SECONDS = RegistryLimits().idle_seconds

ANNAS = Tap(press("anna-1", ANNA), Action.SKIP)
BENS = Tap(press("ben-1", BEN), Action.POSTED)
IN_REVIEW = row(State.IN_REVIEW)
SKIPPED = settled(row(State.SKIPPED, 1), Action.SKIP, ANNA)
GONE_AWAY = NotStored(Cause.BUSY, certain=True)


async def test_every_decided_tap_is_noted_as_an_interaction(stage: ItemStage) -> None:
    stage.store.will("RecordTap", lambda asked: Recorded(asked.tap, SKIPPED))

    async with playing(stage):
        stage.tell(ANNAS)

    at_ms = int(NOON.timestamp() * 1000)
    assert stage.notes == [Interaction(CHAT, "skip", ANNA.id, "Anna", 7, "anna-1", at_ms)]


async def test_question_stands_for_60_s_and_is_taken_away(stage: ItemStage) -> None:
    async with playing(stage):
        stage.tell(AskToReject(ANNAS.press))
        await stage.cards.journal.until("show_view", 2)
        assert stage.cards.when("show_view")[-1] == pytest.approx(QUESTION_SECONDS)

    assert [face.asking for face in stage.line_faces] == [Question(Action.REJECT, ANNA.id), None]
    assert stage.chat.toasts == [("anna-1", texts.SURE)]


async def test_question_that_was_answered_does_not_come_back(stage: ItemStage) -> None:
    async with playing(stage):
        stage.tell(AskToReject(ANNAS.press))
        await anyio.sleep(1.0)
        stage.tell(KeepIt(BENS.press))
        await anyio.sleep(2 * QUESTION_SECONDS)

    assert [face.asking for face in stage.line_faces] == [Question(Action.REJECT, ANNA.id), None]
    assert [line["outcome"] for line in stage.taps] == ["asked", "kept"]


async def test_question_after_question_of_one_person_waits_for_room_and_holds_no_update_up(stage: ItemStage) -> None:
    stage.cards.always("show_view", Never())
    asked = [replace(ANNAS.press, id=f"anna-{number}", update_id=100 + number) for number in range(MOST_VIEWS + 2)]

    async with playing(stage):
        for one in asked:
            stage.tell(AskToReject(one))
        await stage.cards.journal.until("show_view", MOST_VIEWS + 2)
        stage.tell(AskToReject(BENS.press))
        await stage.cards.journal.until("show_view", MOST_VIEWS + 3)
        await anyio.sleep(LATE_SECONDS + 1)
        assert set(stage.confirmed) >= {one.update_id for one in asked}

    assert sorted(admitted for _, admitted in stage.cards.views) == [False] * 2 + [True] * (MOST_VIEWS + 1)
    assert [line["outcome"] for line in stage.taps if line["user_id"] == ANNA.id] == ["asked"] * len(asked)


async def test_original_of_a_known_item_is_sent_without_the_database(stage: ItemStage) -> None:
    async with playing(stage):
        stage.tell(Changed(IN_REVIEW, "queued"))
        stage.tell(SendOriginal(ANNAS.press))

    assert stage.chat.originals == [(IN_REVIEW, 501)]
    assert stage.store.asked == []


async def test_original_of_a_cold_item_is_loaded_first(stage: ItemStage) -> None:
    stage.store.will("LoadItem", IN_REVIEW)

    async with playing(stage):
        stage.tell(SendOriginal(ANNAS.press))

    assert stage.store.asked == [LoadItem(CHAT, 7)]
    assert stage.chat.originals == [(IN_REVIEW, 501)]
    assert stage.taps[0]["outcome"] == "original_sent"


@pytest.mark.parametrize(
    ("answer", "cause"), [(None, "no such item"), (GONE_AWAY, "the database did not answer")], ids=["gone", "away"]
)
async def test_original_that_cannot_be_found_is_said_so_on_the_card(
    stage: ItemStage, answer: object, cause: str
) -> None:
    stage.store.will("LoadItem", answer)

    async with playing(stage):
        stage.tell(SendOriginal(ANNAS.press))

    assert stage.lines == [texts.FILE_NOT_SENT]
    assert stage.confirmed == [ANNAS.press.update_id]
    assert [(line["outcome"], line["cause"]) for line in stage.taps] == [("original_not_sent", cause)]


async def test_original_that_cannot_be_sent_is_said_so_on_the_card(stage: ItemStage) -> None:
    stage.chat.will("send_original", Refused("no such file"))

    async with playing(stage):
        stage.tell(Changed(IN_REVIEW, "queued"))
        stage.tell(SendOriginal(ANNAS.press))

    assert stage.lines == [texts.FILE_NOT_SENT]
    assert [(line["outcome"], line["cause"]) for line in stage.taps] == [("original_not_sent", "no such file")]
    assert [note.kind for note in stage.notes] == ["original_not_sent"]


async def test_original_that_takes_long_holds_no_update_up(stage: ItemStage) -> None:
    """Telegram shows a hundred unconfirmed updates at once: nobody's tap behind it would be seen."""
    stage.chat.will("send_original", Creep(10, 50.0))

    async with playing(stage):
        stage.tell(Changed(IN_REVIEW, "queued"))
        stage.tell(SendOriginal(ANNAS.press))
        await anyio.sleep(1.0)
        assert stage.confirmed == [ANNAS.press.update_id]
        await stage.chat.journal.until("send_original ended")

    assert [line["outcome"] for line in stage.taps] == ["original_sent"]


async def test_original_that_stands_still_is_given_up_and_certainly_not_sent(stage: ItemStage) -> None:
    stage.chat.will("send_original", Creep(1, 5.0, Never(), kept_back=True))

    async with playing(stage):
        stage.tell(Changed(IN_REVIEW, "queued"))
        stage.tell(SendOriginal(ANNAS.press))
        await stage.cards.journal.until("show_view")

    assert [(line["outcome"], line["cause"]) for line in stage.taps] == [("original_not_sent", STILL)]


async def test_original_that_may_have_come_is_never_said_to_have_or_not(stage: ItemStage) -> None:
    stage.chat.will("send_original", AnswerLost("no answer"))

    async with playing(stage):
        stage.tell(Changed(IN_REVIEW, "queued"))
        stage.tell(SendOriginal(ANNAS.press))

    assert stage.lines == [texts.FILE_LOST]
    assert [(line["outcome"], line["cause"]) for line in stage.taps] == [("original_lost", "no answer")]


async def test_card_found_after_a_crash_writes_the_line_of_its_tap(stage: ItemStage) -> None:
    async with playing(stage):
        stage.tell(Changed(SKIPPED, RECOVERED))

    assert stage.cards.drawn[0][0].row == SKIPPED
    assert [line["cause"] for line in stage.taps] == ["recovered"]


async def test_tap_that_was_explained_is_not_told_again_after_its_item_was_passivated(stage: ItemStage) -> None:
    stage.store.will("RecordTap", lambda asked: Recorded(asked.tap, SKIPPED))

    async with playing(stage):
        stage.tell(replace(ANNAS, press=press("tap-1")))
        await anyio.sleep(3 * PASSIVE_SECONDS)
        stage.tell(Changed(SKIPPED, RECOVERED))

    assert [line["cause"] for line in stage.taps] == ["tap"]


async def test_tap_on_a_card_of_an_earlier_round_waits_for_the_present_ones(stage: ItemStage) -> None:
    stage.store.will("RecordTap", lambda asked: Recorded(asked.tap, SKIPPED))
    stage.store.will("LookAtCard", SKIPPED)

    async with playing(stage):
        stage.tell(replace(ANNAS, press=replace(ANNAS.press, message_id=499)))

    assert stage.cards.drawn[0][0].message_id == 501
    assert (stage.taps[0]["outcome"], stage.taps[0]["card_ms"]) == ("recorded", None)


async def test_card_drawn_again_for_another_reason_writes_no_line(stage: ItemStage) -> None:
    async with playing(stage):
        stage.tell(Changed(SKIPPED, "expired"))

    assert stage.taps == []


async def test_item_that_knows_nothing_is_forgotten_at_once(stage: ItemStage) -> None:
    stage.store.will("RecordTap", GONE_AWAY)

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(1.0)
        assert stage.desk.registry.live == 0
