"""decide: total over every state and message, and one test for each row of the table."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from actors.domain.item import FINAL, PROGRESS, TRANSITIONS, Action, State
from actors.domain.messages import (
    AskExpired,
    Barred,
    CardNotSent,
    CardSent,
    Changed,
    Checked,
    Forbidden,
    Foreign,
    GiveUp,
    Gone,
    Message,
    NotOurs,
    NotRecorded,
    OriginalNotSent,
    OriginalSent,
    OutcomeNotRecorded,
    Present,
    Recorded,
    Resume,
    Stale,
    StillRecording,
    Unvouched,
    Vouched,
)
from actors.domain.publish_phase import Phase
from actors.domain.taps import (
    AskAboutDoubt,
    AskToReject,
    KeepIt,
    LeaveIt,
    NotYours,
    Pressed,
    Question,
    SendOriginal,
    Tap,
)
from actors.item import texts
from actors.item.decide import decide
from actors.item.effects import (
    AbandonRecording,
    After,
    AnswerTap,
    CheckCard,
    CloseUnconfirmedTap,
    Conclude,
    ConfirmUpdate,
    Effect,
    LogInteraction,
    Outcome,
    Record,
    RecordOutcome,
    ReportLost,
    SayInChat,
    SendCard,
    SendFile,
    ShowCard,
    ShowLine,
    ShowQuestion,
    StartPublish,
    WatchQuestion,
    WatchRecording,
)
from actors.item.memory import ItemMemory
from actors.item.texts import rehearse
from tests.stories import ANNA, BEN, press, remembered, row, settled

ANNAS = Tap(press("anna-1", ANNA), Action.SKIP)
BENS = Tap(press("ben-1", BEN), Action.POSTED)
COLD = remembered()
RECORDING = remembered(recording=ANNAS)
ROW = row(State.IN_REVIEW)
SKIPPED = settled(row(State.SKIPPED, version=1), Action.SKIP, ANNA)

MESSAGES: tuple[Message, ...] = (
    ANNAS,
    BENS,
    AskToReject(BENS.press),
    AskAboutDoubt(BENS.press, Action.IT_IS_LIVE),
    KeepIt(BENS.press),
    LeaveIt(BENS.press),
    NotYours(BENS.press, Action.IT_IS_LIVE, ANNA.id),
    SendOriginal(BENS.press),
    Present(ROW),
    Resume(ROW),
    Changed(ROW, "recovered"),
    GiveUp(ANNAS.press),
    Recorded(ANNAS, SKIPPED),
    Stale(ANNAS, SKIPPED),
    Forbidden(ANNAS, ROW),
    Gone(ANNAS),
    NotOurs(ANNAS, Foreign.EARLIER_QUEUE, ROW),
    Barred(SendOriginal(BENS.press), ROW),
    Vouched(SendOriginal(BENS.press), ROW),
    Unvouched(KeepIt(BENS.press)),
    NotRecorded(ANNAS, certain=True),
    NotRecorded(ANNAS, certain=False),
    StillRecording(ANNAS),
    AskExpired(BENS.press),
    CardSent(ROW, 0),
    CardNotSent(ROW, "not sent"),
    OriginalSent(BENS.press),
    OriginalNotSent(BENS.press, True, "no such file"),
    OriginalNotSent(BENS.press, False, "no answer"),
    OutcomeNotRecorded(ROW),
    Checked(BENS.press, ROW, None),
)


def of(kind: type[Effect], effects: tuple[Effect, ...]) -> list[Effect]:
    return [effect for effect in effects if isinstance(effect, kind)]


def test_messages_of_this_file_are_all_that_an_item_can_be_told() -> None:
    assert {type(message) for message in MESSAGES} == set(get_args(Message))


@pytest.mark.parametrize(("state", "message"), list(product([None, *State], MESSAGES)))
def test_every_message_has_an_answer_in_every_state(state: State | None, message: Message) -> None:
    """Total: a row in any state, a cold item, with and without a recording or a question open."""
    known = None if state is None else row(state)

    for recording, asking in product((None, ANNAS), (None, BENS.press)):
        decision = decide(remembered(known, recording, asking), message)

        assert isinstance(decision.memory, ItemMemory)
        assert decision.memory.id == 7


@pytest.mark.parametrize("message", [message for message in MESSAGES if isinstance(message, Pressed)])
@pytest.mark.parametrize("memory", [COLD, remembered(ROW), remembered(SKIPPED)])
def test_every_press_is_answered_once_and_before_anything_else(memory: ItemMemory, message: Message) -> None:
    effects = decide(memory, message).effects

    assert isinstance(effects[0], AnswerTap)
    assert len(of(AnswerTap, effects)) == 1


def test_tap_on_a_cold_item_is_toasted_and_recorded_at_once() -> None:
    decision = decide(COLD, ANNAS)

    assert decision.effects == (AnswerTap(ANNAS.press, "Skipping…"), Record(ANNAS), WatchRecording(ANNAS))
    assert decision.memory == RECORDING


def test_memory_of_a_settled_row_sharpens_the_toast_and_refuses_nothing() -> None:
    decision = decide(remembered(SKIPPED), BENS)

    assert decision.effects[0] == AnswerTap(BENS.press, "Marking as posted… It looks skipped by Anna already.")
    assert Record(BENS) in decision.effects


def test_second_tap_during_a_recording_learns_whose_it_is() -> None:
    decision = decide(RECORDING, BENS)

    assert decision.memory == RECORDING
    assert decision.effects[0] == AnswerTap(BENS.press, "⏳ Anna is skipping this…", alone=True)
    assert of(Record, decision.effects) == []
    assert of(Conclude, decision.effects) == [Conclude(BENS.press, "posted", Outcome.BUSY, "tap", 0)]
    assert ConfirmUpdate(BENS.press, After.ANSWER) in decision.effects


def test_same_tap_delivered_twice_is_recorded_once() -> None:
    assert decide(RECORDING, ANNAS).effects == ()


def test_same_tap_in_another_update_lets_telegram_forget_the_repetition() -> None:
    recording = remembered(recording=ANNAS)
    repetition = replace(ANNAS.press, update_id=ANNAS.press.update_id + 1)

    decision = decide(recording, Tap(repetition, Action.SKIP))

    assert decision.memory == recording
    assert decision.effects == (ConfirmUpdate(repetition, After.NOTHING),)


def test_recorded_tap_is_shown_logged_and_confirmed() -> None:
    decision = decide(RECORDING, Recorded(ANNAS, SKIPPED))

    assert decision.memory == remembered(SKIPPED)
    assert decision.effects == (
        ShowCard(SKIPPED, ANNAS.press, "tap"),
        LogInteraction(ANNAS.press, "skip"),
        Conclude(ANNAS.press, "skip", Outcome.RECORDED, "tap", 1),
        ConfirmUpdate(ANNAS.press, After.NOTHING),
    )


def test_replayed_tap_says_so_in_its_line() -> None:
    effects = decide(COLD, Recorded(ANNAS, SKIPPED, replayed=True)).effects

    assert Conclude(ANNAS.press, "skip", Outcome.RECORDED, "replayed", 1) in effects


def test_recorded_auto_post_is_published() -> None:
    publishing = replace(settled(row(State.PUBLISHING, version=1), Action.AUTO_POST, ANNA), phase=Phase.CREATING)
    auto_post = replace(ANNAS, action=Action.AUTO_POST)

    effects = decide(remembered(recording=auto_post), Recorded(auto_post, publishing)).effects

    assert StartPublish(publishing) in effects


def test_auto_post_without_a_publish_is_rehearsed() -> None:
    publishing = settled(row(State.PUBLISHING, version=1), Action.AUTO_POST, ANNA)
    auto_post = replace(ANNAS, action=Action.AUTO_POST)

    effects = decide(remembered(recording=auto_post), Recorded(auto_post, publishing)).effects

    assert of(StartPublish, effects) == []
    assert RecordOutcome(publishing, Action.REHEARSED, rehearse(publishing)) in effects


def test_auto_post_that_was_overtaken_publishes_nothing() -> None:
    publishing = settled(row(State.PUBLISHING, version=1), Action.AUTO_POST, ANNA)
    cancelled = settled(row(State.SKIPPED, version=2), Action.SKIP, BEN)

    effects = decide(remembered(cancelled), Recorded(replace(ANNAS, action=Action.AUTO_POST), publishing)).effects

    assert of(StartPublish, effects) == []
    assert ShowCard(cancelled, ANNAS.press, "tap") in effects


def test_loser_is_shown_the_row_that_names_who_was_first() -> None:
    decision = decide(remembered(recording=BENS), Stale(BENS, SKIPPED))

    assert decision.memory == remembered(SKIPPED)
    assert decision.effects[0] == ShowCard(SKIPPED, BENS.press, "stale")
    assert Conclude(BENS.press, "posted", Outcome.STALE, "tap", 1) in decision.effects


def test_forbidden_tap_draws_nothing_and_is_told_in_the_chat() -> None:
    decision = decide(remembered(recording=BENS), Forbidden(BENS, ROW))

    assert decision.memory == remembered(ROW)
    assert decision.effects == (
        SayInChat(BENS.press, texts.barred("Ben"), seldom=True),
        Conclude(BENS.press, "posted", Outcome.FORBIDDEN, "tap", 0),
        ConfirmUpdate(BENS.press, After.SHOWN),
    )


def test_tap_that_is_certainly_not_stored_is_refused_with_its_buttons_live() -> None:
    decision = decide(RECORDING, NotRecorded(ANNAS, certain=True))

    assert decision.memory == COLD
    line = "⚠️ Anna's Skip was not saved, tap again."
    assert decision.effects[0] == ShowLine(ANNAS.press, None, line, needed=True, check=True)
    assert Conclude(ANNAS.press, "skip", Outcome.REFUSED, "tap", 0) in decision.effects
    assert ConfirmUpdate(ANNAS.press, After.SHOWN) in decision.effects


def test_tap_that_may_be_stored_is_closed_by_its_key_and_not_confirmed_before() -> None:
    decision = decide(RECORDING, NotRecorded(ANNAS, certain=False))

    assert decision.memory == RECORDING
    assert decision.effects[1] == CloseUnconfirmedTap(ANNAS)
    assert of(ConfirmUpdate, decision.effects) == []
    assert "not confirmed yet" in str(decision.effects[0])


def test_outcome_of_an_earlier_tap_leaves_the_open_recording_alone() -> None:
    decision = decide(remembered(recording=BENS), NotRecorded(ANNAS, certain=True))

    assert decision.memory.recording == BENS


def test_recording_still_open_after_a_while_is_shown_with_the_name() -> None:
    line = "⏳ Anna is skipping this…"

    assert decide(RECORDING, StillRecording(ANNAS)).effects == (ShowLine(ANNAS.press, None, line, needed=False),)


def test_recording_that_ended_in_time_shows_no_progress() -> None:
    assert decide(COLD, StillRecording(ANNAS)).effects == ()
    assert decide(remembered(recording=BENS), StillRecording(ANNAS)).effects == ()


def test_recording_is_abandoned_when_too_many_wait() -> None:
    assert decide(RECORDING, GiveUp(ANNAS.press)).effects == (AbandonRecording(ANNAS.press),)
    assert decide(COLD, GiveUp(ANNAS.press)).effects == ()
    assert decide(RECORDING, GiveUp(BENS.press)).effects == ()


def test_reject_asks_first_and_records_nothing() -> None:
    decision = decide(COLD, AskToReject(ANNAS.press))

    assert decision.memory == remembered(asking=ANNAS.press)
    assert of(Record, decision.effects) == []
    assert ShowQuestion(ANNAS.press, None, asking=Question(Action.REJECT, ANNA.id)) in decision.effects
    assert decision.effects[-1] == WatchQuestion(ANNAS.press)


def test_question_is_taken_away_after_a_minute_or_by_a_no() -> None:
    asking = remembered(asking=ANNAS.press)

    shown = (ShowQuestion(ANNAS.press, None, asking=None), CheckCard(ANNAS.press))
    assert decide(asking, AskExpired(ANNAS.press)).effects == shown
    assert decide(asking, KeepIt(BENS.press)).memory == COLD
    assert ShowQuestion(BENS.press, None, asking=None) in decide(asking, KeepIt(BENS.press)).effects
    assert decide(remembered(asking=BENS.press), AskExpired(ANNAS.press)).effects == ()


def test_reject_during_a_recording_is_told_who_is_at_it() -> None:
    assert decide(RECORDING, AskToReject(BENS.press)).effects[0] == AnswerTap(
        BENS.press, "⏳ Anna is skipping this…", alone=True
    )


def test_original_is_sent_without_deciding_anything() -> None:
    decision = decide(remembered(ROW), SendOriginal(ANNAS.press))

    assert decision.effects == (
        AnswerTap(ANNAS.press, "Sending the original…"),
        SendFile(ANNAS.press, ROW),
        ConfirmUpdate(ANNAS.press, After.ANSWER),
    )
    assert decision.memory == remembered(ROW, original=ANNAS.press)


def test_second_original_while_one_is_on_its_way_is_told_so_and_not_sent() -> None:
    """Thirty presses made thirty uploads, and kept another chat's card away for minutes."""
    decision = decide(remembered(ROW, original=ANNAS.press), SendOriginal(BENS.press))

    assert of(SendFile, decision.effects) == []
    assert of(AnswerTap, decision.effects) == [AnswerTap(BENS.press, texts.FILE_ON_ITS_WAY, alone=True)]
    assert of(Conclude, decision.effects) == [Conclude(BENS.press, "send_original", Outcome.BUSY, "tap", 0)]
    assert decision.memory.original == ANNAS.press


def test_original_whose_press_comes_again_is_not_sent_again() -> None:
    again = replace(ANNAS.press, update_id=ANNAS.press.update_id + 1)

    assert decide(remembered(ROW, original=ANNAS.press), SendOriginal(again)).effects == (
        ConfirmUpdate(again, After.NOTHING),
    )


@pytest.mark.parametrize(
    "ended",
    [OriginalSent(ANNAS.press), OriginalNotSent(ANNAS.press, True, "no"), OriginalNotSent(ANNAS.press, False, "no")],
)
def test_original_can_be_asked_for_again_once_it_has_ended(ended: Message) -> None:
    memory = decide(remembered(ROW, original=ANNAS.press), ended).memory

    assert of(SendFile, decide(memory, SendOriginal(BENS.press)).effects) == [SendFile(BENS.press, ROW)]


@pytest.mark.parametrize(
    ("message", "outcome", "cause"),
    [
        (OriginalSent(ANNAS.press), Outcome.ORIGINAL_SENT, "tap"),
        (OriginalNotSent(ANNAS.press, True, "no such file"), Outcome.ORIGINAL_NOT_SENT, "no such file"),
        (OriginalNotSent(ANNAS.press, False, "no answer"), Outcome.ORIGINAL_LOST, "no answer"),
    ],
)
def test_how_the_sending_of_an_original_ended_is_concluded_then_and_not_before(
    message: Message, outcome: Outcome, cause: str
) -> None:
    effects = decide(remembered(ROW), message).effects

    assert of(Conclude, effects) == [Conclude(ANNAS.press, "send_original", outcome, cause, 0)]
    assert of(LogInteraction, effects) == [LogInteraction(ANNAS.press, outcome.value)]
    assert of(ConfirmUpdate, effects) == []


@pytest.mark.parametrize(
    ("certain", "line"),
    [
        (True, "⚠️ The original could not be sent, tap again."),
        (False, "⚠️ The original may not have been sent: if it does not come, tap again."),
    ],
)
def test_original_that_did_not_come_is_told_on_the_card(certain: bool, line: str) -> None:
    effects = decide(remembered(ROW), OriginalNotSent(ANNAS.press, certain, "no")).effects

    assert of(ShowLine, effects) == [ShowLine(ANNAS.press, ROW, line, needed=True, check=True, view=True)]


def test_line_of_a_doubt_that_nobody_has_loaded_keeps_the_buttons_of_a_doubt() -> None:
    """What the shell once read off the type of a message is decided here."""
    live = Tap(press("anna-1", ANNA), Action.IT_IS_LIVE)
    messages: list[Message] = [StillRecording(live), NotRecorded(live, certain=True), NotRecorded(live, certain=False)]

    lines = [line for each in messages for line in of(ShowLine, decide(remembered(recording=live), each).effects)]
    of_a_skip = of(ShowLine, decide(RECORDING, StillRecording(ANNAS)).effects)

    assert [isinstance(line, ShowLine) and line.in_doubt for line in (*lines, *of_a_skip)] == [True, True, True, False]


def test_claimed_item_is_presented() -> None:
    presenting = row(State.PRESENTING)

    assert decide(COLD, Present(presenting)).effects == (SendCard(presenting),)


def test_claim_that_is_older_than_what_is_known_presents_nothing() -> None:
    assert decide(remembered(SKIPPED), Present(row(State.PRESENTING))).effects == ()
    assert decide(remembered(SKIPPED), Resume(row(State.PUBLISHING))).effects == ()


def test_publish_left_behind_is_resumed() -> None:
    publishing = replace(row(State.PUBLISHING, version=1), phase=Phase.PUBLISHING)

    assert decide(COLD, Resume(publishing)).effects == (StartPublish(publishing),)


def test_rehearsal_left_behind_is_repeated() -> None:
    publishing = row(State.PUBLISHING, version=1)

    (effect,) = decide(COLD, Resume(publishing)).effects
    assert effect == RecordOutcome(publishing, Action.REHEARSED, rehearse(publishing))


@pytest.mark.parametrize("action", [Action.IT_IS_LIVE, Action.IT_IS_NOT])
def test_what_became_of_a_doubt_is_asked_first_and_of_one_person(action: Action) -> None:
    decision = decide(COLD, AskAboutDoubt(ANNAS.press, action))

    assert decision.memory == remembered(asking=ANNAS.press)
    assert of(Record, decision.effects) == []
    assert ShowQuestion(ANNAS.press, None, asking=Question(action, ANNA.id)) in decision.effects
    assert decision.effects[-1] == WatchQuestion(ANNAS.press)


def test_doubt_is_left_by_a_no() -> None:
    decision = decide(remembered(asking=ANNAS.press), LeaveIt(BENS.press))

    assert decision.memory == COLD
    assert decision.effects[0] == AnswerTap(BENS.press, "Left in doubt. Nothing was changed.")
    assert ShowQuestion(BENS.press, None, asking=None) in decision.effects


@pytest.mark.parametrize(
    ("memory", "name"),
    [
        (remembered(asking=ANNAS.press), "Anna"),
        (remembered(asking=BENS.press), "who was asked"),
        (COLD, "who was asked"),
    ],
)
def test_answer_to_the_question_of_another_person_changes_nothing(memory: ItemMemory, name: str) -> None:
    decision = decide(memory, NotYours(BENS.press, Action.IT_IS_LIVE, ANNA.id))

    assert decision.memory == memory
    toast = f"Only {name} can confirm this. Tap “It is live” yourself to be asked, too."
    assert decision.effects[0] == AnswerTap(BENS.press, toast, alone=True)
    assert of(Record, decision.effects) == []
    assert of(Conclude, decision.effects) == [Conclude(BENS.press, "it_is_live", Outcome.NOT_YOURS, "tap", 0)]


@pytest.mark.parametrize(
    ("state", "phase", "action", "toast"),
    [
        (State.IN_DOUBT, Phase.IN_DOUBT, Action.IT_IS_LIVE, "Confirming that it is live…"),
        (State.IN_DOUBT, Phase.IN_DOUBT, Action.SKIP, "Skipping… It looks in doubt already."),
        (State.PUBLISHING, Phase.READY, Action.SKIP, "Skipping… This cancels the publish, if it is not too late."),
        (State.PUBLISHING, Phase.READY, Action.AUTO_POST, "Auto posting… It looks being published already."),
        (State.PUBLISHING, Phase.PUBLISHING, Action.SKIP, "Skipping… It looks being published already."),
    ],
)
def test_toast_during_a_publish_says_what_a_tap_may_do(state: State, phase: Phase, action: Action, toast: str) -> None:
    memory = remembered(replace(row(state, 1), phase=phase))

    assert decide(memory, replace(ANNAS, action=action)).effects[0] == AnswerTap(ANNAS.press, toast)


def test_row_changed_elsewhere_is_drawn() -> None:
    assert decide(COLD, Changed(SKIPPED, "expired")).effects == (ShowCard(SKIPPED, None, "expired"),)


def test_older_row_never_replaces_a_newer_one() -> None:
    decision = decide(remembered(SKIPPED), Changed(ROW, "recovered"))

    assert decision.memory == remembered(SKIPPED)
    assert decision.effects == (ShowCard(SKIPPED, None, "recovered"),)


def test_card_that_shows_its_row_is_not_drawn_again() -> None:
    assert decide(COLD, CardSent(ROW, ROW.revision)).effects == ()


def test_card_that_was_settled_while_it_was_sent_is_drawn() -> None:
    assert decide(COLD, CardSent(SKIPPED, 0)).effects == (ShowCard(SKIPPED, None, "sent"),)


def test_card_that_was_not_sent_changes_nothing_but_what_is_known() -> None:
    assert decide(COLD, CardNotSent(ROW, "not sent")).effects == ()


def test_card_that_is_lost_is_told_to_the_operator_and_the_chat() -> None:
    lost = replace(ROW, card_lost=True)

    assert decide(COLD, CardNotSent(lost, "no answer")).effects == (ReportLost(lost, "no answer"),)


def test_nothing_leads_out_of_a_final_state_but_a_requeue() -> None:
    actions = {action for state, action in TRANSITIONS if state in FINAL}

    assert actions == {Action.REQUEUE}


def test_every_state_can_be_reached_and_every_open_one_can_be_left() -> None:
    assert set(TRANSITIONS.values()) == set(State)
    assert {state for state, _ in TRANSITIONS} >= set(State) - FINAL


def test_progress_moves_between_open_states_only() -> None:
    moved = {target for (_, action), target in TRANSITIONS.items() if action in PROGRESS}

    assert moved & FINAL == set()
