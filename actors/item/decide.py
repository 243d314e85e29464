"""decide(memory, message): what one queue item becomes, and what to do about it. Pure and total."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from actors.domain.item import Action, Item, State
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
from actors.item import texts
from actors.item.decide_checks import draw_checked, unless_listed
from actors.item.decide_sends import reported
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
    SendCard,
    ShowCard,
    ShowLine,
    ShowQuestion,
    StartPublish,
    WatchRecording,
)
from actors.item.foreign_messages import answer, barred, gone, look_first, not_ours, refusal, refuse, unvouched
from actors.item.memory import Decision, ItemMemory
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


def decide(memory: ItemMemory, message: Message) -> Decision:  # noqa: C901, PLR0911, PLR0912 - table: one clause a message
    """Answer any message in any state; one that comes too late changes nothing."""
    match message:
        case pressed if isinstance(pressed, Pressed) and pressed.press.standing in {TapRight.REFUSED, TapRight.CROWDED}:
            return _refuse(memory, pressed)
        case Tap() if (holder := memory.holder(message.press)) is not None:
            return _busy(memory, holder, message)
        case Tap():
            return _try(memory, message)
        case AskToReject() | AskAboutDoubt() if (holder := memory.holder(message.press)) is not None:
            return _busy(memory, holder, message)
        case AskToReject() | AskAboutDoubt() | KeepIt() | LeaveIt() | SendOriginal():
            return _view(memory, message) if _may_view(memory, message.press) else look_first(memory, message)
        case NotYours():
            return not_yours(memory, message)
        case Vouched():
            return _vouched(memory, message)
        case Barred() | Forbidden():
            return barred(memory, message)
        case Unvouched():
            return unvouched(memory, message)
        case GiveUp(press) if (held := memory.holder(press)) is not None and held.press.id == press.id:
            return Decision(memory, (AbandonRecording(press),))
        case GiveUp():
            return Decision(memory)
        case Recorded():
            return _recorded(memory, message)
        case Stale():
            return _stale(memory, message)
        case Gone():
            return gone(memory, message)
        case NotOurs():
            return not_ours(memory, message)
        case NotRecorded():
            return _not_recorded(memory, message)
        case StillRecording(tap) if _shows_progress(memory, tap):
            line = texts.in_progress(tap.action, tap.press.person.name)
            return Decision(memory, (_line(memory, tap, line, needed=False),))
        case StillRecording():
            return Decision(memory)
        case AskExpired(press) if memory.asking == press:
            question = ShowQuestion(press, memory.known_to(press), asking=None)
            return Decision(replace(memory, asking=None), (question, CheckCard(press)))
        case AskExpired():
            return Decision(memory)
        case Checked(row=row):
            return Decision(memory.learn(row), draw_checked(_newest(memory, row), message))
        case Present(row):
            known = memory.learn(row)
            return Decision(known, (SendCard(row),) if known.row == row else ())
        case Resume(row):
            known = memory.learn(row)
            return Decision(known, (_publish(row),) if known.row == row else ())
        case Changed(row, cause):
            known = memory.learn(row)
            return Decision(known, (ShowCard(_newest(memory, row), None, cause),))
        case CardSent(row, shown):
            known = memory.learn(row)
            behind = _newest(memory, row)
            return Decision(known, () if behind.revision == shown else (ShowCard(behind, None, "sent"),))
        case CardNotSent():
            return Decision(memory.learn(message.row), reported(message))
        case OriginalSent(press):
            return original_sent(memory, press)
        case OriginalNotSent():
            return original_not_sent(memory, message)
        case OutcomeNotRecorded():
            return Decision(memory)
        case _:
            assert_never(message)


def _newest(memory: ItemMemory, row: Item) -> Item:
    return row if memory.row is None or row.revision >= memory.row.revision else memory.row


def _may_view(memory: ItemMemory, press: Press) -> bool:
    """Nothing is shown before the person's right and the message are known."""
    return press.standing is TapRight.MAY and memory.owns(press)


def _refuse(memory: ItemMemory, pressed: Pressed) -> Decision:
    """The same press in another update is still being recorded; any other is answered from memory."""
    held = memory.holder(pressed.press)
    if held is not None and held.press.id == pressed.press.id:
        return Decision(memory, _came_again(pressed.press, held.press))
    return refuse(memory, pressed)


def _shows_progress(memory: ItemMemory, tap: Tap) -> bool:
    """Tell whether the card says that this is being recorded; whose right is not known draws nothing meanwhile."""
    is_open = memory.recording == tap or tap in memory.aside
    return is_open and tap.press.standing.draws and memory.owns(tap.press)


def _view(memory: ItemMemory, message: AskToReject | AskAboutDoubt | KeepIt | LeaveIt | SendOriginal) -> Decision:
    """What decides nothing, on a message that is surely a card of the item."""
    press = message.press
    match message:
        case AskToReject():
            return ask(memory, press, Action.REJECT)
        case AskAboutDoubt(_, action):
            return ask(memory, press, action)
        case KeepIt():
            return take_back(memory, Conclude(press, KEEP, Outcome.KEPT, "tap", press.version), texts.KEPT)
        case LeaveIt():
            return take_back(memory, Conclude(press, LEAVE, Outcome.KEPT, "tap", press.version), texts.LEFT)
        case SendOriginal():
            return send_original(memory, press)
        case _:
            assert_never(message)


def _vouched(memory: ItemMemory, message: Vouched) -> Decision:
    """Its toast is out; the rest follows."""
    about = message.about
    assert not isinstance(about, Tap | NotYours), "what decides, or draws nothing, is not looked at first"
    memory = memory.learn(message.row, about.press)
    viewed = _view(replace(memory, told=memory.told - {about.press.id}), about)
    return Decision(viewed.memory, tuple(effect for effect in viewed.effects if not isinstance(effect, AnswerTap)))


def _try(memory: ItemMemory, tap: Tap) -> Decision:
    """Toast at once, record at once: neither waits for the other, and nothing is loaded first.

    A person not known to have the right is recorded aside: another's tap goes on, and no question gives way.
    """
    first = next((texts.in_progress(other.action, other.press.person.name) for other in memory.aside), None)
    memory, toast = answer(memory, tap.press, texts.toast(tap.action, memory.row, first))
    if tap.press.standing is not TapRight.MAY:
        return Decision(replace(memory, aside=(*memory.aside, tap)), (toast, Record(tap), WatchRecording(tap)))
    effects = (toast, Record(tap), WatchRecording(tap), *give_way(memory, tap.press))
    return Decision(replace(memory, recording=tap, asking=None), effects)


def _publish(row: Item) -> Effect:
    """A saga publishes what was accepted in a live chat; in a dry run the team hears what would have happened."""
    return RecordOutcome(row, Action.REHEARSED, rehearse(row)) if row.phase is None else StartPublish(row)


def _busy(memory: ItemMemory, recording: Tap, message: Tap | AskToReject | AskAboutDoubt) -> Decision:
    """Refuse by memory: the card will tell how the open recording ended."""
    press = message.press
    if press.id == recording.press.id:
        return Decision(memory, _came_again(press, recording.press))
    action = message.action.value if isinstance(message, Tap) else ASK[asked_about(message)]
    text = texts.in_progress(recording.action, recording.press.person.name)
    conclusion = Conclude(press, action, Outcome.BUSY, "tap", press.version)
    return Decision(memory, visibly(text, conclusion))


def _came_again(press: Press, first: Press) -> tuple[Effect, ...]:
    """The same press in another update: Telegram may forget the repetition, since it still keeps the first."""
    return () if press.update_id == first.update_id else (ConfirmUpdate(press, After.NOTHING),)


def _recorded(memory: ItemMemory, message: Recorded) -> Decision:
    press, row = message.tap.press, message.row
    memory = replace(memory.close(press), asking=None).learn(row, press)
    newest = _newest(memory, row)
    goes_on = (_publish(row),) if row.state is State.PUBLISHING and newest == row else ()
    cause = "replayed" if message.replayed else "tap"
    return Decision(
        memory,
        (
            ShowCard(newest, press, cause),
            *unless_listed(press, row),
            *goes_on,
            LogInteraction(press, message.tap.action.value),
            Conclude(press, message.tap.action.value, Outcome.RECORDED, cause, row.version),
            ConfirmUpdate(press, After.NOTHING),
        ),
    )


def _stale(memory: ItemMemory, message: Stale) -> Decision:
    """The refusal is stored in the row's late lines, so drawing the row tells the person."""
    press, row = message.tap.press, message.row
    memory = memory.close(press).learn(row, press)
    cause = "lost_past" if press.version > row.version else "tap"
    return Decision(
        memory,
        (
            ShowCard(_newest(memory, row), press, Outcome.STALE.value),
            *unless_listed(press, row),
            LogInteraction(press, Outcome.STALE.value),
            Conclude(press, message.tap.action.value, Outcome.STALE, cause, row.version),
            ConfirmUpdate(press, After.NOTHING),
        ),
    )


def _line(memory: ItemMemory, tap: Tap, line: str, *, needed: bool) -> ShowLine:
    """A line below the tapped card, which was in doubt if its button was one of a doubt."""
    press = tap.press
    return ShowLine(press, memory.known_to(press), line, needed, in_doubt=tap.action in texts.DOUBT_ACTIONS)


def _not_recorded(memory: ItemMemory, message: NotRecorded) -> Decision:
    tap, press = message.tap, message.tap.press
    if not message.certain:
        line = texts.not_confirmed(tap.action, press.person.name)
        return Decision(memory, (refusal(memory, _line(memory, tap, line, needed=True)), CloseUnconfirmedTap(tap)))
    line = texts.not_saved(tap.action, press.person.name)
    return Decision(
        memory.close(press),
        (
            refusal(memory, replace(_line(memory, tap, line, needed=True), check=True)),
            LogInteraction(press, Outcome.REFUSED.value),
            Conclude(press, tap.action.value, Outcome.REFUSED, "tap", press.version),
            ConfirmUpdate(press, After.SHOWN),
        ),
    )
