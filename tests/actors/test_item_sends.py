"""The shell of an item: a card is sent once and saved, a publish's outcome is stored before it is shown."""

from dataclasses import replace

import anyio
import pytest

from actors.errors import AnswerLost, Refused, Unreachable
from actors.item import SEND_SECONDS
from actors.rules.item import State, Step
from actors.rules.messages import Changed, Present, Recorded, Resume, Tap
from actors.rules.operations import SaveCard, SendFailed, StoreOutcome
from actors.rules.publish_phase import Phase
from actors.rules.rehearsal import rehearse
from actors.rules.requests import Cause, NotStored
from tests.actors.fakes_item import ItemStage, playing
from tests.actors.fakes_shell import After, Never
from tests.kit.clock import virtual_time
from tests.stories import press, row

anyio_backend = virtual_time

CLAIMED = row(State.PRESENTING)
IN_REVIEW = row(State.IN_REVIEW)
PUBLISHING = row(State.PUBLISHING, 1)
REHEARSED = row(State.IN_REVIEW, 2)
AWAY = NotStored(Cause.EXPIRED, certain=False)


@pytest.fixture
def stage() -> ItemStage:
    return ItemStage()


async def test_card_is_sent_and_its_message_saved(stage: ItemStage) -> None:
    stage.store.will("SaveCard", IN_REVIEW)

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.store.asked == [SaveCard(CLAIMED, 502, "file-1", "w1")]
    assert (stage.cards.drawn, stage.wakes) == ([], [])


async def test_card_that_was_overtaken_while_it_was_sent_is_drawn_again(stage: ItemStage) -> None:
    stage.store.will("SaveCard", row(State.SKIPPED, 1))

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert [face.version for face, _ in stage.cards.drawn] == [1]


async def test_card_that_could_not_be_saved_is_left_to_the_reconciler(stage: ItemStage) -> None:
    stage.store.will("SaveCard", AWAY)

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert len(stage.chat.times) == 1
    assert stage.cards.drawn == []
    assert [line for line in stage.logs if line["log_level"] == "error"] == []


@pytest.mark.parametrize(
    ("failure", "ambiguous", "pause_seconds"),
    [
        (Unreachable("no network"), False, 0.0),
        (Unreachable("429", retry_after_seconds=17.0), False, 17.0),
        (Refused("chat not found"), False, 60.0),
        (AnswerLost("timeout"), True, 0.0),
    ],
)
async def test_send_that_failed_is_stored_with_what_is_known_of_it(
    stage: ItemStage, failure: Exception, ambiguous: bool, pause_seconds: float
) -> None:
    stage.chat.will("send_card", failure)
    stage.store.will("SendFailed", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.store.asked == [SendFailed(CLAIMED, "w1", ambiguous, pause_seconds)]
    assert stage.wakes == ["scheduler"]


async def test_card_that_was_sent_is_looked_ahead_for(stage: ItemStage) -> None:
    saved = row(State.IN_REVIEW)
    stage.store.will("SaveCard", saved)

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.looked_ahead == [saved]


async def test_card_that_is_drawn_again_is_looked_ahead_for(stage: ItemStage) -> None:
    """Another account may be the chat's, or the worker that sent it was gone before it could look."""
    again = row(State.IN_REVIEW)

    async with playing(stage):
        stage.tell(Changed(again, "drawn again"))

    assert stage.looked_ahead == [again]


async def test_send_without_an_answer_is_ambiguous_after_30_s(stage: ItemStage) -> None:
    stage.chat.will("send_card", Never())
    stage.store.will("SendFailed", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.store.when("SendFailed") == [pytest.approx(SEND_SECONDS)]
    assert stage.store.of(SendFailed)[0].ambiguous


async def test_failed_send_that_could_not_be_stored_wakes_the_schedule_all_the_same(stage: ItemStage) -> None:
    stage.chat.will("send_card", Unreachable("no network"))
    stage.store.will("SendFailed", AWAY)

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.wakes == ["scheduler"]


async def test_outcome_of_a_rehearsal_is_stored_before_it_is_shown(stage: ItemStage) -> None:
    stage.store.will("StoreOutcome", After(5.0, REHEARSED))

    async with playing(stage):
        stage.tell(Resume(PUBLISHING))
        await stage.cards.journal.until("draw")
        assert anyio.current_time() == pytest.approx(5.0)

    assert stage.store.asked == [StoreOutcome(PUBLISHING, Step.REHEARSED, rehearse(PUBLISHING), "w1")]
    assert [face.row for face, _ in stage.cards.drawn] == [REHEARSED]


async def test_outcome_that_could_not_be_stored_is_not_shown(stage: ItemStage) -> None:
    stage.store.will("StoreOutcome", AWAY)

    async with playing(stage):
        stage.tell(Resume(PUBLISHING))

    assert stage.cards.drawn == []


async def test_outcome_that_lost_to_a_person_shows_what_the_person_decided(stage: ItemStage) -> None:
    skipped = row(State.SKIPPED, 2)
    stage.store.will("StoreOutcome", skipped)

    async with playing(stage):
        stage.tell(Resume(PUBLISHING))

    assert [face.row for face, _ in stage.cards.drawn] == [skipped]


async def test_auto_post_is_published_after_it_was_recorded(stage: ItemStage) -> None:
    tap = Tap(press("anna-1"), Step.AUTO_POST)
    publishing = replace(PUBLISHING, phase=Phase.CREATING)
    stage.store.will("RecordTap", After(2.0, lambda asked: Recorded(asked.tap, publishing)))

    async with playing(stage):
        stage.tell(tap)
        await stage.journal.until("publish")
        assert anyio.current_time() == pytest.approx(2.0)

    assert stage.published == [publishing]
    assert stage.store.journal.lines == ["RecordTap"]
