"""decide(item, message): what one queue item becomes, and what to do about it. Pure and total."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from actors.domain.item import Row, State, Step
from actors.domain.messages import (
    AskExpired,
    Barred,
    CardNotSent,
    CardSent,
    Changed,
    Checked,
    Forbidden,
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
from actors.domain.taps import (
    AskAboutDoubt,
    AskToReject,
    KeepIt,
    LeaveIt,
    NotYours,
    Press,
    Pressed,
    SendOriginal,
    Tap,
    TapRight,
)
from actors.item import texts as words
from actors.item.decide_checks import draw_checked, unless_listed
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
    SendCard,
    ShowCard,
    ShowLine,
    ShowQuestion,
    StartPublish,
    WatchRecording,
)
from actors.item.foreign_messages import answer, barred, gone, look_first, not_ours, refusal, refuse, unvouched
from actors.item.memory import Decision, Item
from actors.item.questions import (
    ASK,
    KEEP,
    LEAVE,
    ask,
    asked_about,
    give_way,
    not_yours,
    original_not_sent,
    original_sent,
    send_original,
    take_back,
    visibly,
)
from actors.item.texts import rehearse


def decide(item: Item, message: Message) -> Decision:  # noqa: C901, PLR0911, PLR0912 - table: one clause a message
    """Answer any message in any state; one that comes too late changes nothing."""
    match message:
        case pressed if isinstance(pressed, Pressed) and pressed.press.standing in {TapRight.REFUSED, TapRight.CROWDED}:
            return _refuse(item, pressed)
        case Tap() if (holder := item.holder(message.press)) is not None:
            return _busy(item, holder, message)
        case Tap():
            return _try(item, message)
        case AskToReject() | AskAboutDoubt() if (holder := item.holder(message.press)) is not None:
            return _busy(item, holder, message)
        case AskToReject() | AskAboutDoubt() | KeepIt() | LeaveIt() | SendOriginal():
            return _view(item, message) if _may_view(item, message.press) else look_first(item, message)
        case NotYours():
            return not_yours(item, message)
        case Vouched():
            return _vouched(item, message)
        case Barred() | Forbidden():
            return barred(item, message)
        case Unvouched():
            return unvouched(item, message)
        case GiveUp(press) if (held := item.holder(press)) is not None and held.press.id == press.id:
            return Decision(item, (AbandonRecording(press),))
        case GiveUp():
            return Decision(item)
        case Recorded():
            return _recorded(item, message)
        case Stale():
            return _stale(item, message)
        case Gone():
            return gone(item, message)
        case NotOurs():
            return not_ours(item, message)
        case NotRecorded():
            return _not_recorded(item, message)
        case StillRecording(tap) if _shows_progress(item, tap):
            line = words.in_progress(tap.step, tap.press.person.name)
            return Decision(item, (_line(item, tap, line, needed=False),))
        case StillRecording():
            return Decision(item)
        case AskExpired(press) if item.asking == press:
            question = ShowQuestion(press, item.known_to(press), asking=None)
            return Decision(replace(item, asking=None), (question, CheckCard(press)))
        case AskExpired():
            return Decision(item)
        case Checked(row=row):
            return Decision(item.learn(row), draw_checked(_newest(item, row), message))
        case Present(row):
            known = item.learn(row)
            return Decision(known, (SendCard(row),) if known.row == row else ())
        case Resume(row):
            known = item.learn(row)
            return Decision(known, (_publish(row),) if known.row == row else ())
        case Changed(row, cause):
            known = item.learn(row)
            return Decision(known, (ShowCard(_newest(item, row), None, cause),))
        case CardSent(row, shown):
            known = item.learn(row)
            behind = _newest(item, row)
            return Decision(known, () if behind.revision == shown else (ShowCard(behind, None, "sent"),))
        case CardNotSent(row, sentence):
            return Decision(item.learn(row), (ReportLost(row, sentence),) if row.card_lost else ())
        case OriginalSent(press):
            return original_sent(item, press)
        case OriginalNotSent():
            return original_not_sent(item, message)
        case OutcomeNotRecorded():
            return Decision(item)
        case _:
            assert_never(message)


def _newest(item: Item, row: Row) -> Row:
    return row if item.row is None or row.revision >= item.row.revision else item.row


def _may_view(item: Item, press: Press) -> bool:
    """Nothing is shown before the person's right and the message are known."""
    return press.standing is TapRight.MAY and item.owns(press)


def _refuse(item: Item, pressed: Pressed) -> Decision:
    """The same press in another update is still being recorded; any other is answered from memory."""
    held = item.holder(pressed.press)
    if held is not None and held.press.id == pressed.press.id:
        return Decision(item, _came_again(pressed.press, held.press))
    return refuse(item, pressed)


def _shows_progress(item: Item, tap: Tap) -> bool:
    """Tell whether the card says that this is being recorded; whose right is not known draws nothing meanwhile."""
    is_open = item.recording == tap or tap in item.aside
    return is_open and tap.press.standing.draws and item.owns(tap.press)


def _view(item: Item, message: AskToReject | AskAboutDoubt | KeepIt | LeaveIt | SendOriginal) -> Decision:
    """What decides nothing, on a message that is surely a card of the item."""
    press = message.press
    match message:
        case AskToReject():
            return ask(item, press, Step.REJECT)
        case AskAboutDoubt(_, step):
            return ask(item, press, step)
        case KeepIt():
            return take_back(item, Conclude(press, KEEP, Outcome.KEPT, "tap", press.version), words.KEPT)
        case LeaveIt():
            return take_back(item, Conclude(press, LEAVE, Outcome.KEPT, "tap", press.version), words.LEFT)
        case SendOriginal():
            return send_original(item, press)
        case _:
            assert_never(message)


def _vouched(item: Item, message: Vouched) -> Decision:
    """Its toast is out; the rest follows."""
    about = message.about
    assert not isinstance(about, Tap | NotYours), "what decides, or draws nothing, is not looked at first"
    item = item.learn(message.row, about.press)
    viewed = _view(replace(item, told=item.told - {about.press.id}), about)
    return Decision(viewed.item, tuple(effect for effect in viewed.effects if not isinstance(effect, AnswerTap)))


def _try(item: Item, tap: Tap) -> Decision:
    """Toast at once, record at once: neither waits for the other, and nothing is loaded first.

    A person not known to have the right is recorded aside: another's tap goes on, and no question gives way.
    """
    first = next((words.in_progress(other.step, other.press.person.name) for other in item.aside), None)
    item, toast = answer(item, tap.press, words.toast(tap.step, item.row, first))
    if tap.press.standing is not TapRight.MAY:
        return Decision(replace(item, aside=(*item.aside, tap)), (toast, Record(tap), WatchRecording(tap)))
    effects = (toast, Record(tap), WatchRecording(tap), *give_way(item, tap.press))
    return Decision(replace(item, recording=tap, asking=None), effects)


def _publish(row: Row) -> Effect:
    """A saga publishes what was accepted in a live chat; in a dry run the team hears what would have happened."""
    return RecordOutcome(row, Step.REHEARSED, rehearse(row)) if row.phase is None else StartPublish(row)


def _busy(item: Item, recording: Tap, message: Tap | AskToReject | AskAboutDoubt) -> Decision:
    """Refuse by memory: the card will tell how the open recording ended."""
    press = message.press
    if press.id == recording.press.id:
        return Decision(item, _came_again(press, recording.press))
    action = message.step.value if isinstance(message, Tap) else ASK[asked_about(message)]
    text = words.in_progress(recording.step, recording.press.person.name)
    conclusion = Conclude(press, action, Outcome.BUSY, "tap", press.version)
    return Decision(item, visibly(text, conclusion))


def _came_again(press: Press, first: Press) -> tuple[Effect, ...]:
    """The same press in another update: Telegram may forget the repetition, since it still keeps the first."""
    return () if press.update_id == first.update_id else (ConfirmUpdate(press, After.NOTHING),)


def _recorded(item: Item, message: Recorded) -> Decision:
    press, row = message.tap.press, message.row
    item = replace(item.close(press), asking=None).learn(row, press)
    newest = _newest(item, row)
    goes_on = (_publish(row),) if row.state is State.PUBLISHING and newest == row else ()
    cause = "replayed" if message.replayed else "tap"
    return Decision(
        item,
        (
            ShowCard(newest, press, cause),
            *unless_listed(press, row),
            *goes_on,
            LogInteraction(press, message.tap.step.value),
            Conclude(press, message.tap.step.value, Outcome.RECORDED, cause, row.version),
            ConfirmUpdate(press, After.NOTHING),
        ),
    )


def _stale(item: Item, message: Stale) -> Decision:
    """The refusal is stored in the row's late lines, so drawing the row tells the person."""
    press, row = message.tap.press, message.row
    item = item.close(press).learn(row, press)
    cause = "lost_past" if press.version > row.version else "tap"
    return Decision(
        item,
        (
            ShowCard(_newest(item, row), press, Outcome.STALE.value),
            *unless_listed(press, row),
            LogInteraction(press, Outcome.STALE.value),
            Conclude(press, message.tap.step.value, Outcome.STALE, cause, row.version),
            ConfirmUpdate(press, After.NOTHING),
        ),
    )


def _line(item: Item, tap: Tap, line: str, *, needed: bool) -> ShowLine:
    """A line below the tapped card, which was in doubt if its button was one of a doubt."""
    press = tap.press
    return ShowLine(press, item.known_to(press), line, needed, doubtful=tap.step in words.DOUBT_STEPS)


def _not_recorded(item: Item, message: NotRecorded) -> Decision:
    tap, press = message.tap, message.tap.press
    if not message.certain:
        line = words.not_confirmed(tap.step, press.person.name)
        return Decision(item, (refusal(item, _line(item, tap, line, needed=True)), CloseUnconfirmedTap(tap)))
    line = words.not_saved(tap.step, press.person.name)
    return Decision(
        item.close(press),
        (
            refusal(item, replace(_line(item, tap, line, needed=True), check=True)),
            LogInteraction(press, Outcome.REFUSED.value),
            Conclude(press, tap.step.value, Outcome.REFUSED, "tap", press.version),
            ConfirmUpdate(press, After.SHOWN),
        ),
    )
