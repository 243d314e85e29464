"""The shell of an item: a card is sent once and saved, a publish's outcome is stored before it is shown."""

from dataclasses import replace

import anyio
import pytest

from actors.bounds import KEEP_CLAIM_SECONDS
from actors.commands.texts import card_lost, chat_closed, story_refused
from actors.database.request import Cause, NotStored
from actors.domain.item import Action, State
from actors.domain.messages import CardNotSent, Changed, Present, Recorded, Resume
from actors.domain.publish_phase import Phase
from actors.domain.taps import Tap
from actors.errors import AnswerLost, ChatMoved, ChatRefused, Refused, Unreachable
from actors.item.sending import LONGEST_SECONDS, QUIET_SECONDS, SAY_RETRY, STILL, STOPPED, TOO_LONG, UNANSWERED
from actors.item.texts import rehearse
from actors.operations.cards import KeepClaim, SaveCard, SendFailed
from actors.operations.refusals import ChatPause, PauseRefusedChat, SetStoryAside
from actors.operations.schedule import StoreOutcome
from actors.ports import SentCard
from tests.actors.fakes import After, Creep, Never
from tests.actors.item.fakes import ItemStage, playing
from tests.kit.clock import virtual_time
from tests.stories import press, row, settled

anyio_backend = virtual_time

CLAIMED = row(State.PRESENTING)
IN_REVIEW = row(State.IN_REVIEW)
PUBLISHING = row(State.PUBLISHING, 1)
REHEARSED = settled(row(State.IN_REVIEW, 2), Action.REHEARSED, None)
AWAY = NotStored(Cause.EXPIRED, certain=False)


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
    ("failure", "ambiguous", "pause_seconds", "refused"),
    [
        (Unreachable("no network"), False, 0.0, False),
        (Unreachable("429", retry_after_seconds=17.0), False, 17.0, False),
        (ChatMoved("group chat was upgraded", -1002), False, 60.0, True),
        (AnswerLost("timeout"), True, 0.0, False),
    ],
)
async def test_send_that_failed_is_stored_with_what_is_known_of_it(
    stage: ItemStage, failure: Exception, ambiguous: bool, pause_seconds: float, refused: bool
) -> None:
    stage.chat.will("send_card", failure)
    stage.store.will("SendFailed", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.store.asked == [SendFailed(CLAIMED, "w1", ambiguous, pause_seconds, refused, str(failure))]
    assert stage.wakes == ["scheduler"]


async def test_story_that_the_platform_refuses_is_set_aside_and_said_once(stage: ItemStage) -> None:
    """T:MessageContent.cpp: "PHOTO_INVALID_DIMENSIONS" is this picture's, and would be said of it for ever."""
    aside = replace(row(State.WAITING), set_aside="PHOTO_INVALID_DIMENSIONS")
    stage.chat.will("send_card", Refused("PHOTO_INVALID_DIMENSIONS"))
    stage.store.will("SetStoryAside", aside)

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.chat.journal.until("send_text")

    assert stage.store.asked == [SetStoryAside(CLAIMED, "w1", "PHOTO_INVALID_DIMENSIONS")]
    assert stage.wakes == ["scheduler"]
    assert stage.chat.texts == [(CLAIMED.chat_id, story_refused(aside, "PHOTO_INVALID_DIMENSIONS"))]
    changes = [(line["change"], line["cause"]) for line in stage.logs if line["event"] == "item"]
    assert changes == [("card_not_sent", "PHOTO_INVALID_DIMENSIONS"), ("set_aside", "PHOTO_INVALID_DIMENSIONS")]


@pytest.mark.parametrize(("begins", "said"), [(True, 1), (False, 0)])
async def test_chat_that_takes_no_cards_is_told_so_when_that_begins(stage: ItemStage, begins: bool, said: int) -> None:
    """T:MessageContent.cpp:6257: the right to send photos is the chat's, and no story is at fault."""
    words = "not enough rights to send photos to the chat"
    stage.chat.will("send_card", ChatRefused(words))
    stage.store.will("PauseRefusedChat", ChatPause(row(State.WAITING), begins))

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.store.asked == [PauseRefusedChat(CLAIMED, "w1", words)]
    assert stage.wakes == ["scheduler"]
    assert stage.chat.texts == [(CLAIMED.chat_id, chat_closed(words))] * said
    assert [line["reason"] for line in stage.logs if line["event"] == "chat.refuses_cards"] == [words] * said


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


async def test_send_without_an_answer_is_a_doubt(stage: ItemStage) -> None:
    stage.chat.will("send_card", Never())
    stage.store.will("SendFailed", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.store.journal.until("SendFailed")

    assert stage.store.when("SendFailed") == [pytest.approx(QUIET_SECONDS)]
    assert stage.store.of(SendFailed) == [SendFailed(CLAIMED, "w1", True, 0.0, reason=UNANSWERED)]


async def test_film_is_waited_for_as_long_as_it_moves(stage: ItemStage) -> None:
    """A large film on a slow line was given up after 30 s, each time, and went over the line for nothing."""
    stage.chat.will("send_card", Creep(29, 50.0, SentCard(502, "file-1")))
    stage.store.always("KeepClaim", True)
    stage.store.will("SaveCard", IN_REVIEW)

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.store.journal.until("SaveCard")

    assert stage.store.when("SaveCard") == [pytest.approx(29 * 50.0)]
    assert stage.store.of(SendFailed) == []


async def test_film_that_moves_for_ever_is_given_up_in_the_end(stage: ItemStage) -> None:
    stage.chat.will("send_card", Creep(100, 50.0))
    stage.store.always("KeepClaim", True)
    stage.store.will("SendFailed", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.store.journal.until("SendFailed")

    assert stage.store.when("SendFailed") == [pytest.approx(LONGEST_SECONDS)]
    assert stage.store.of(SendFailed) == [SendFailed(CLAIMED, "w1", False, 0.0, reason=TOO_LONG)]


@pytest.mark.parametrize(("kept_back", "reason"), [(True, STILL), (False, UNANSWERED)])
async def test_what_stands_still_is_a_doubt_only_if_its_end_has_left(
    stage: ItemStage, kept_back: bool, reason: str
) -> None:
    """A wait for a turn, and a line that died in the middle of a film, have sent nothing."""
    stage.chat.will("send_card", Creep(1, 5.0, Never(), kept_back))
    stage.store.always("KeepClaim", True)
    stage.store.will("SendFailed", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.store.journal.until("SendFailed")

    assert stage.store.when("SendFailed") == [pytest.approx(5.0 + QUIET_SECONDS)]
    assert stage.store.of(SendFailed) == [SendFailed(CLAIMED, "w1", not kept_back, 0.0, reason=reason)]


async def test_connection_that_broke_before_the_end_had_left_leaves_no_doubt(stage: ItemStage) -> None:
    stage.chat.will("send_card", Creep(1, 5.0, AnswerLost("broken"), kept_back=True))
    stage.store.will("SendFailed", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.store.of(SendFailed) == [SendFailed(CLAIMED, "w1", False, 0.0, reason="broken")]


async def test_claim_lasts_as_long_as_the_send(stage: ItemStage) -> None:
    """Else another worker sends a second card while the first one is on its way."""
    stage.chat.will("send_card", Creep(5, 50.0, SentCard(502, "file-1")))
    stage.store.always("KeepClaim", True)
    stage.store.will("SaveCard", IN_REVIEW)

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.store.journal.until("SaveCard")

    assert stage.store.of(KeepClaim) == [KeepClaim(CLAIMED, "w1")] * 12
    assert stage.store.when("KeepClaim") == pytest.approx([KEEP_CLAIM_SECONDS * number for number in range(1, 13)])


async def test_claim_that_could_not_be_kept_is_kept_again(stage: ItemStage) -> None:
    stage.chat.will("send_card", Creep(2, 45.0, SentCard(502, "file-1")))
    stage.store.will("KeepClaim", AWAY, True, True, True)
    stage.store.will("SaveCard", IN_REVIEW)

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.store.journal.until("SaveCard")

    assert len(stage.store.of(KeepClaim)) == 4


async def test_claim_that_is_somebody_elses_is_left_to_them_and_the_card_is_saved(stage: ItemStage) -> None:
    stage.chat.will("send_card", Creep(2, 50.0, SentCard(502, "file-1")))
    stage.store.will("KeepClaim", False)
    stage.store.will("SaveCard", IN_REVIEW)

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.store.journal.until("SaveCard")

    assert (len(stage.store.of(KeepClaim)), len(stage.store.of(SaveCard))) == (1, 1)


async def test_item_that_is_claimed_again_while_its_card_is_on_its_way_is_not_sent_twice(stage: ItemStage) -> None:
    stage.chat.will("send_card", Creep(2, 50.0, SentCard(502, "file-1")))
    stage.store.always("KeepClaim", True)
    stage.store.will("SaveCard", IN_REVIEW)

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await anyio.sleep(70.0)
        stage.tell(Present(CLAIMED))
        await stage.store.journal.until("SaveCard")

    assert len(stage.chat.sent) == 1


async def test_stop_cuts_a_film_in_time_and_tells_that_nothing_was_sent(stage: ItemStage) -> None:
    stage.chat.will("send_card", Creep(29, 50.0))
    stage.store.always("KeepClaim", True)
    stage.store.will("SendFailed", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await anyio.sleep(120.0)

    assert stage.store.when("SendFailed") == [pytest.approx(135.0)]
    assert stage.store.of(SendFailed) == [SendFailed(CLAIMED, "w1", False, 0.0, reason=STOPPED)]


async def test_send_that_failed_is_told_to_the_operator(stage: ItemStage) -> None:
    stage.chat.will("send_card", Refused("Bad Request: IMAGE_PROCESS_FAILED"))
    stage.store.will("SetStoryAside", row(State.WAITING))

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    (line,) = [line for line in stage.logs if line["event"] == "item"]
    assert (line["log_level"], line["item_id"], line["change"]) == ("warning", CLAIMED.id, "card_not_sent")
    assert (line["outcome"], line["cause"]) == ("refused", "Bad Request: IMAGE_PROCESS_FAILED")
    assert (line["state"], line["version"]) == ("presenting", CLAIMED.version)


LOST = replace(row(State.IN_REVIEW), card_lost=True, cards=())


async def test_card_that_is_lost_is_said_in_the_chat_and_in_the_log(stage: ItemStage) -> None:
    """Its item stood in review without a card, and nobody was told."""
    stage.chat.will("send_card", AnswerLost("Telegram did not answer in time"))
    stage.store.will("SendFailed", LOST)

    async with playing(stage):
        stage.tell(Present(CLAIMED))

    assert stage.chat.texts == [(CLAIMED.chat_id, card_lost(LOST, "Telegram did not answer in time"))]
    assert [line["change"] for line in stage.logs if line["event"] == "item"] == ["card_not_sent", "card_lost"]


async def test_card_that_is_lost_is_said_once_text_gets_through(stage: ItemStage) -> None:
    stage.chat.will("send_text", Unreachable("no network"), Unreachable("429", retry_after_seconds=30.0))

    async with playing(stage):
        stage.tell(CardNotSent(LOST, "no answer"))
        await stage.chat.journal.until("send_text", 3)
        assert anyio.current_time() == pytest.approx(SAY_RETRY.after(1) + 30.0)

    assert len(stage.chat.texts) == 1


async def test_card_that_is_lost_is_not_said_any_more_after_ten_minutes(stage: ItemStage) -> None:
    stage.chat.always("send_text", Unreachable("no network", retry_after_seconds=60.0))

    async with playing(stage):
        stage.tell(CardNotSent(LOST, "no answer"))
        await anyio.sleep(3600.0)

    assert stage.chat.when("send_text") == pytest.approx([60.0 * minute for minute in range(10)])


@pytest.mark.parametrize("failure", [Refused("chat not found"), AnswerLost("timeout")])
async def test_card_that_is_lost_is_not_said_twice(stage: ItemStage, failure: Exception) -> None:
    stage.chat.will("send_text", failure)

    async with playing(stage):
        stage.tell(CardNotSent(LOST, "no answer"))

    assert len(stage.chat.when("send_text")) == 1


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

    assert stage.store.asked == [StoreOutcome(PUBLISHING, Action.REHEARSED, rehearse(PUBLISHING), "w1")]
    assert [face.row for face, _ in stage.cards.drawn] == [REHEARSED]
    assert [(line["change"], line["cause"]) for line in stage.logs if line["event"] == "item"] == [
        ("rehearsed", "dry run")
    ]


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
    assert [line for line in stage.logs if line["event"] == "item"] == []


async def test_auto_post_is_published_after_it_was_recorded(stage: ItemStage) -> None:
    tap = Tap(press("anna-1"), Action.AUTO_POST)
    publishing = replace(PUBLISHING, phase=Phase.CREATING)
    stage.store.will("RecordTap", After(2.0, lambda asked: Recorded(asked.tap, publishing)))

    async with playing(stage):
        stage.tell(tap)
        await stage.journal.until("publish")
        assert anyio.current_time() == pytest.approx(2.0)

    assert stage.published == [publishing]
    assert stage.store.journal.lines == ["RecordTap"]


async def test_row_50_what_is_said_of_a_card_is_said_in_its_topic(stage: ItemStage) -> None:
    aside = replace(row(State.WAITING), set_aside="PHOTO_INVALID_DIMENSIONS", topic=17)
    stage.chat.will("send_card", Refused("PHOTO_INVALID_DIMENSIONS"))
    stage.store.will("SetStoryAside", aside)

    async with playing(stage):
        stage.tell(Present(CLAIMED))
        await stage.chat.journal.until("send_text")

    assert stage.chat.topics == [17]
