"""Presses on messages that may be no card of the item: answered at once, and drawn on only once the row has vouched."""

from dataclasses import replace

import pytest

from actors.domain.item import Action, Card, State
from actors.domain.messages import (
    Foreign,
    Gone,
    Message,
    NotOurs,
    NotRecorded,
    Recorded,
    Stale,
    StillRecording,
    Unvouched,
    Vouched,
)
from actors.domain.taps import AskAboutDoubt, AskToReject, KeepIt, LeaveIt, Press, Pressed, Question, SendOriginal, Tap
from actors.item import texts
from actors.item.decide import decide
from actors.item.effects import (
    After,
    AnswerTap,
    CheckCard,
    CloseUnconfirmedTap,
    Conclude,
    ConfirmUpdate,
    Effect,
    Outcome,
    Record,
    SayInChat,
    SendFile,
    ShowCard,
    ShowLine,
    ShowQuestion,
    VerifyButton,
    WatchQuestion,
)
from actors.item.memory import Decision, ItemMemory, Known
from tests.stories import ANNA, BEN, CHAT, MARK, press, remembered, row

ROW = row(State.IN_REVIEW)
HERS = press("anna-1", ANNA)
FORGED = replace(HERS, mark="others")
COLD = ItemMemory(7)
TAP = Tap(HERS, Action.SKIP)
VIEWS: dict[str, tuple[Pressed, str]] = {
    "ask_to_reject": (AskToReject(HERS), texts.SURE),
    "ask_whether_it_is_live": (AskAboutDoubt(HERS, Action.IT_IS_LIVE), texts.SURE),
    "ask_whether_it_is_not": (AskAboutDoubt(HERS, Action.IT_IS_NOT), texts.SURE),
    "keep_it": (KeepIt(HERS), texts.KEPT),
    "leave_it": (LeaveIt(HERS), texts.LEFT),
    "send_original": (SendOriginal(HERS), texts.SENDING_FILE),
}
DRAWN = (ShowCard, ShowLine, ShowQuestion, SendFile, CheckCard)


def drawn(effects: tuple[Effect, ...]) -> list[Effect]:
    return [effect for effect in effects if isinstance(effect, DRAWN)]


@pytest.mark.parametrize("action", VIEWS)
def test_press_on_a_message_that_nobody_knows_is_answered_and_looked_at_first(action: str) -> None:
    pressed, text = VIEWS[action]

    decision = decide(COLD, pressed)

    assert decision == Decision(COLD, (AnswerTap(HERS, text), VerifyButton(pressed)))


@pytest.mark.parametrize("action", VIEWS)
def test_what_was_vouched_for_goes_on_without_a_second_toast(action: str) -> None:
    pressed, _ = VIEWS[action]

    decision = decide(COLD, Vouched(pressed, ROW))

    assert decision.memory.owns(HERS)
    assert drawn(decision.effects)
    assert not [effect for effect in decision.effects if isinstance(effect, AnswerTap)]
    concluded = [effect.action for effect in decision.effects if isinstance(effect, Conclude)]
    assert concluded == ([] if action == "send_original" else [action])  # how a file's sending ends is told then
    assert ConfirmUpdate(HERS, After.ANSWER) in decision.effects


def test_question_is_asked_on_a_card_that_the_row_vouched_for() -> None:
    effects = decide(COLD, Vouched(AskToReject(HERS), ROW)).effects

    assert effects[0] == ShowQuestion(HERS, ROW, Question(Action.REJECT, ANNA.id))
    assert effects[-1] == WatchQuestion(HERS)


@pytest.mark.parametrize("why", Foreign)
@pytest.mark.parametrize("action", VIEWS)
def test_press_that_is_none_of_the_item_is_told_and_explained_and_touches_nothing(action: str, why: Foreign) -> None:
    pressed, _ = VIEWS[action]

    decision = decide(COLD, NotOurs(pressed, why))

    assert decision == Decision(
        COLD,
        (
            SayInChat(HERS, texts.foreign(why, "Anna"), seldom=True),
            Conclude(HERS, action, Outcome.UNKNOWN_BUTTON, why.value, 0),
            ConfirmUpdate(HERS, After.ANSWER),
        ),
    )


def test_tap_that_is_none_of_the_item_ends_its_recording() -> None:
    """It was accepted, so it is held until its refusal was heard; what decides nothing is held for its toast alone."""
    decision = decide(replace(COLD, recording=TAP), NotOurs(TAP, Foreign.ANOTHER_ITEM, ROW))

    assert decision.memory.recording is None
    assert ConfirmUpdate(TAP.press, After.SHOWN) in decision.effects
    assert decision.memory.row == ROW
    assert not decision.memory.owns(HERS) or HERS.message_id in {card.message_id for card in ROW.cards}
    assert drawn(decision.effects) == []
    assert Conclude(HERS, "skip", Outcome.UNKNOWN_BUTTON, "another_item", 0) in decision.effects


def test_memory_of_another_mark_sharpens_the_toast_and_the_row_still_decides() -> None:
    decision = decide(remembered(), Tap(FORGED, Action.SKIP))

    assert decision.effects[:2] == (
        AnswerTap(FORGED, texts.EARLIER_QUEUE, alone=True),
        Record(Tap(FORGED, Action.SKIP)),
    )


@pytest.mark.parametrize("forged", [Tap(FORGED, Action.SKIP), AskToReject(FORGED), SendOriginal(FORGED)])
def test_what_the_toast_said_is_not_said_again(forged: Pressed) -> None:
    told = decide(remembered(), forged).memory

    decision = decide(told, NotOurs(forged, Foreign.EARLIER_QUEUE, ROW))

    assert not [effect for effect in decision.effects if isinstance(effect, SayInChat)]
    assert (decision.memory.told, decision.memory.recording) == (frozenset(), None)


def test_no_such_item_is_told_in_the_chat() -> None:
    decision = decide(replace(COLD, recording=TAP), Gone(TAP))

    assert decision.memory == COLD
    assert decision.effects[0] == SayInChat(HERS, f"Anna: {texts.EARLIER_QUEUE}", seldom=True)
    assert decision.effects[1] == Conclude(HERS, "skip", Outcome.GONE, "no_such_item", 0)
    assert drawn(decision.effects) == []


def test_press_of_which_nobody_could_say_whose_card_it_is_may_be_tried_again() -> None:
    decision = decide(COLD, Unvouched(SendOriginal(HERS)))

    assert decision.effects[0] == SayInChat(HERS, texts.not_looked_at("Anna"))
    assert Conclude(HERS, "send_original", Outcome.REFUSED, "tap", 0) in decision.effects


@pytest.mark.parametrize(
    ("certain", "line"),
    [
        (True, texts.not_saved(Action.SKIP, "Anna")),
        (False, texts.not_confirmed(Action.SKIP, "Anna")),
    ],
)
def test_refusal_on_a_message_that_nobody_knows_is_said_in_the_chat(certain: bool, line: str) -> None:
    effects = decide(replace(COLD, recording=TAP), NotRecorded(TAP, certain)).effects

    assert effects[0] == SayInChat(HERS, line)
    assert drawn(effects) == []
    assert (CloseUnconfirmedTap(TAP) in effects) != certain


def test_progress_is_not_drawn_on_a_message_that_nobody_knows() -> None:
    assert decide(replace(COLD, recording=TAP), StillRecording(TAP)).effects == ()


@pytest.mark.parametrize("outcome", [Recorded(TAP, replace(ROW, cards=())), Stale(TAP, replace(ROW, cards=()))])
def test_message_that_the_row_took_a_tap_from_is_known_from_then_on(outcome: Message) -> None:
    assert decide(COLD, outcome).memory.owns(HERS)


def test_message_of_the_group_that_was_is_not_known_in_the_one_that_is() -> None:
    moved = replace(ROW, chat_id=CHAT - 1, cards=(Card(1, CHAT - 1, 501),))

    assert not decide(COLD, Recorded(TAP, moved)).memory.owns(HERS)


def test_card_of_a_time_that_the_database_lost_is_shown_the_row_and_logged_so() -> None:
    seen = Tap(replace(HERS, version=4), Action.SKIP)

    effects = decide(COLD, Stale(seen, ROW)).effects

    assert effects[0] == ShowCard(ROW, seen.press, "stale")
    assert Conclude(seen.press, "skip", Outcome.STALE, "lost_past", 0) in effects


@pytest.mark.parametrize(
    ("known", "pressed", "owned"),
    [
        (None, HERS, False),
        (Known(MARK), HERS, False),
        (Known(MARK, frozenset({(CHAT, 502)})), HERS, False),
        (Known(MARK, frozenset({(CHAT - 1, 501)})), HERS, False),
        (Known(MARK, frozenset({(CHAT, 501)})), HERS, True),
        (Known(MARK, frozenset({(CHAT, 501)})), FORGED, False),
        (Known(MARK, frozenset({(CHAT, 501)})), replace(HERS, mark=None), True),
    ],
)
def test_message_is_owned_if_the_row_named_it_and_the_mark_agrees(
    known: Known | None, pressed: Press, owned: bool
) -> None:
    assert ItemMemory(7, known=known).owns(pressed) is owned


def test_item_of_another_database_under_the_same_number_shares_no_card() -> None:
    reborn = remembered().learn(replace(ROW, mark="reborn", cards=()))

    assert reborn.known == Known("reborn")
    assert not reborn.owns(replace(HERS, mark="reborn"))


def test_other_peoples_presses_stay_told() -> None:
    memory = remembered(told=("anna-1", "ben-1"))

    assert decide(memory, NotOurs(Tap(press("ben-1", BEN), Action.SKIP), Foreign.EARLIER_QUEUE)).memory.told == {
        "anna-1"
    }
