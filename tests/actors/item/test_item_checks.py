"""The shell of an item: cards that were drawn without their row, and refusals that no card can show."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from actors.database.request import Cause, NotStored
from actors.domain.item import Action, State
from actors.domain.messages import Recorded, StillRecording
from actors.domain.taps import AskToReject, SendOriginal, Tap
from actors.errors import AnswerLost, PortError, Refused, Unreachable
from actors.item import texts
from actors.item.actor import QUESTION_SECONDS
from actors.operations.cards import Shown
from actors.operations.taps import LookAtCard
from actors.peers import Drawn
from actors.ports import Face
from tests.actors.fakes import After, FakeCards
from tests.actors.item.fakes import ItemStage, playing
from tests.kit.clock import virtual_time
from tests.stories import ANNA, BEN, CHAT, press, row, settled

anyio_backend = virtual_time

ANNAS = Tap(press("anna-1", ANNA), Action.SKIP)
IN_REVIEW = row(State.IN_REVIEW)
SKIPPED = settled(row(State.SKIPPED, 1), Action.SKIP, ANNA)
AWAY = NotStored(Cause.EXPIRED, certain=True)
GONE = Drawn(gone=True)
NOT_SAVED = texts.not_saved(Action.SKIP, "Anna")


async def test_card_under_a_question_is_drawn_from_its_row_afterwards(stage: ItemStage) -> None:
    stage.store.will("LookAtCard", SKIPPED)

    async with playing(stage):
        stage.tell(AskToReject(ANNAS.press))
        await stage.cards.journal.until("draw")
        assert stage.cards.when("draw") == [pytest.approx(QUESTION_SECONDS)]

    assert stage.store.of(LookAtCard) == [LookAtCard(CHAT, 7, 501)]
    assert [face.row for face, _ in stage.cards.drawn] == [SKIPPED]


async def test_check_is_asked_until_it_is_answered(stage: ItemStage) -> None:
    stage.store.will("LookAtCard", AWAY, AWAY, SKIPPED)

    async with playing(stage):
        stage.tell(AskToReject(ANNAS.press))
        await stage.cards.journal.until("draw")

    assert stage.store.when("LookAtCard") == pytest.approx([60.0, 61.0, 62.0])


async def test_check_that_is_hopeless_is_given_up(stage: ItemStage) -> None:
    stage.store.will("LookAtCard", NotStored(Cause.REFUSED, certain=True))

    async with playing(stage):
        stage.tell(AskToReject(ANNAS.press))
        await stage.cards.journal.until("show_view", 2)

    assert len(stage.store.of(LookAtCard)) == 1
    assert stage.cards.drawn == []


async def test_check_of_an_item_that_is_gone_draws_nothing_and_harms_nobody(stage: ItemStage) -> None:
    stage.store.will("LookAtCard", None)

    async with playing(stage):
        stage.tell(AskToReject(ANNAS.press))
        await anyio.sleep(QUESTION_SECONDS + 1.0)

    assert len(stage.store.of(LookAtCard)) == 1
    assert stage.cards.drawn == []
    assert [line for line in stage.logs if line["log_level"] == "error"] == []


async def test_stop_ends_a_check(stage: ItemStage) -> None:
    stage.store.will("LookAtCard", AWAY, AWAY)

    async with playing(stage):
        stage.tell(AskToReject(ANNAS.press))
        await stage.cards.journal.until("show_view", 2)

    assert stage.cards.drawn == []


async def test_one_check_a_message_is_under_way_and_the_last_refusal_stays(stage: ItemStage) -> None:
    """An outage refuses many taps; each leaves a line, and only what stands there last is worth keeping."""
    second = Tap(press("anna-2", ANNA), Action.POSTED)
    stage.store.will("RecordTap", AWAY, AWAY)
    stage.store.will("LookAtCard", After(5.0, IN_REVIEW), After(5.0, IN_REVIEW), IN_REVIEW)

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.cards.journal.until("add_line")
        stage.tell(second)
        await stage.cards.journal.until("add_line", 3)

    assert stage.store.when("LookAtCard") == pytest.approx([0.0, 5.0, 10.0])
    assert stage.lines == [NOT_SAVED, texts.not_saved(Action.POSTED, "Anna"), texts.not_saved(Action.POSTED, "Anna")]


async def test_refusal_that_was_drawn_late_over_a_newer_card_gives_way_to_it(stage: ItemStage) -> None:
    """Simulation, seed 10493: Telegram allowed no edits for 30 s; meanwhile another worker had shown the decision."""
    stage.store.will("RecordTap", AWAY)
    stage.store.will("LookAtCard", IN_REVIEW, SKIPPED)
    stage.cards.will("add_line", 1, After(30.0, 1))

    async with playing(stage):
        stage.tell(ANNAS)
        await stage.cards.journal.until("draw")

    assert stage.cards.when("draw") == pytest.approx([30.0])
    assert [face.row for face, _ in stage.cards.drawn] == [SKIPPED]


async def test_refusal_on_a_deleted_message_is_said_in_the_chat(stage: ItemStage) -> None:
    """Simulation, seed 2284: an outage refused the tap, its message was deleted meanwhile, and nobody heard of it."""
    stage.store.will("RecordTap", AWAY)
    stage.cards.will("add_line", GONE)

    async with playing(stage):
        stage.tell(ANNAS)

    assert stage.chat.texts == [(CHAT, NOT_SAVED)]
    assert stage.taps[0]["edit_attempts"] == 0


async def test_refusal_that_the_group_may_not_hear_yet_is_said_later(stage: ItemStage) -> None:
    """Simulation, many tap in an outage: the group's limit was spent, and a refusal for which no card had room lost."""
    stage.store.will("RecordTap", AWAY)
    stage.cards.will("add_line", GONE)
    stage.chat.will("send_text", Unreachable("too many", 40.0))

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(39.0)
        assert (stage.chat.texts, stage.confirmed) == ([], [])
        await anyio.sleep(2.0)

    assert stage.chat.texts == [(CHAT, NOT_SAVED)]
    assert stage.confirmed == [ANNAS.press.update_id]


async def test_refusal_is_not_said_for_ever(stage: ItemStage) -> None:
    stage.store.will("RecordTap", AWAY)
    stage.cards.will("add_line", GONE)
    stage.chat.always("send_text", Unreachable("too many", 25.0))

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(100.0)

    assert stage.chat.when("send_text") == pytest.approx([0.0, 25.0, 50.0])
    assert len(stage.taps) == 1


@pytest.mark.parametrize("trouble", [Refused("the bot was removed"), AnswerLost("no answer")])
async def test_refusal_that_the_group_will_not_hear_or_may_have_heard_is_said_once(
    stage: ItemStage, trouble: PortError
) -> None:
    stage.store.will("RecordTap", AWAY)
    stage.cards.will("add_line", GONE)
    stage.chat.always("send_text", trouble)

    async with playing(stage):
        stage.tell(ANNAS)
        await anyio.sleep(100.0)

    assert stage.chat.when("send_text") == pytest.approx([0.0])
    assert [line["reason"] for line in stage.logs if line["event"] == "tap.not_answered"] == [str(trouble)]


async def test_deleted_message_takes_no_edit(stage: ItemStage) -> None:
    stage.cards.will("show_view", GONE)
    stage.cards.will("draw", GONE)
    stage.store.will("RecordTap", lambda asked: Recorded(asked.tap, SKIPPED))

    async with playing(stage):
        stage.tell(AskToReject(press("ben-1", BEN)))
        stage.tell(ANNAS)

    assert [line["edit_attempts"] for line in stage.taps] == [0, 0]


async def test_file_that_was_not_sent_is_told_and_the_card_is_checked(stage: ItemStage) -> None:
    stage.store.will("LoadItem", IN_REVIEW)
    stage.store.will("LookAtCard", SKIPPED)
    stage.chat.will("send_original", AnswerLost("lost"))

    async with playing(stage):
        stage.tell(SendOriginal(ANNAS.press))
        await stage.cards.journal.until("draw")

    assert stage.lines == [texts.FILE_LOST]
    assert [face.row for face, _ in stage.cards.drawn] == [SKIPPED]


async def test_wishes_come_to_the_drawer_in_the_order_of_decisions(stage: ItemStage) -> None:
    """Simulation, seed 89: a line of progress that was wished for in a task came after the card that settled it.

    Its worker had been frozen: the answer and the reminder met it at one moment, and tasks run in any order.
    """
    stage.cards = cards = CardsInOrder()
    stage.store.will("RecordTap", After(2.0, lambda asked: Recorded(asked.tap, SKIPPED)))

    async with playing(stage):
        stage.tell(ANNAS)
        stage.tell(StillRecording(ANNAS))
        stage.tell(Recorded(ANNAS, SKIPPED))

    assert cards.order[:2] == ["line", "card"]


class CardsInOrder(FakeCards):
    """Keeps what was wished for in the order of the calls, not of the tasks that wait."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []

    def draw(  # type: ignore[override]  # a call, as the real one
        self, face: Face, shown: Shown, logged: Callable[[], bool] | None = None, *, late: bool = False
    ) -> Awaitable[Drawn]:
        self.order.append("card")
        return super().draw(face, shown, logged, late=late)

    def add_line(self, face: Face, needed: bool) -> Awaitable[Drawn]:  # type: ignore[override]
        self.order.append("line")
        return super().add_line(face, needed)
