"""Presses whose message may be no card of the item: answered at once, and drawn on once the row has vouched."""

from __future__ import annotations

from dataclasses import replace

from actors.domain.messages import Barred, Forbidden, Foreign, Gone, NotOurs, Unvouched
from actors.domain.taps import AskAboutDoubt, AskToReject, KeepIt, LeaveIt, Press, Pressed, SendOriginal, Tap, TapRight
from actors.item import texts
from actors.item.effects import (
    After,
    AnswerTap,
    Conclude,
    ConfirmUpdate,
    Effect,
    Outcome,
    SayInChat,
    ShowLine,
    VerifyButton,
)
from actors.item.memory import Decision, ItemMemory
from actors.item.questions import ASK, KEEP, LEAVE, ORIGINAL

VIEW_TOASTS = {KeepIt: texts.KEPT, LeaveIt: texts.LEFT, SendOriginal: texts.SENDING_FILE}


def look_first(memory: ItemMemory, pressed: Pressed) -> Decision:
    """Answer a press that decides nothing, and ask the row whose card that is before anything is drawn on it."""
    text = VIEW_TOASTS.get(type(pressed), texts.SURE)
    if isinstance(pressed, SendOriginal) and memory.original is not None:
        text = texts.FILE_ON_ITS_WAY
    memory, toast = answer(memory, pressed.press, text)
    return Decision(memory, (toast, VerifyButton(pressed)))


def refuse(memory: ItemMemory, pressed: Pressed) -> Decision:
    """Answer from memory a person whom the database has refused just now: the toast and the line are all of it.

    "Memory refuses a tap only because of this actor's own open recording" keeps people with a right from being refused
    by what was true once. Here that takes a role given within the last 10 s, and the toast says when to tap again; or
    so many presses of one person at once that no fingers make them.
    """
    press = pressed.press
    crowded = press.standing is TapRight.CROWDED
    text, outcome = (texts.BUSY, Outcome.BUSY) if crowded else (texts.MAY_NOT, Outcome.FORBIDDEN)
    conclusion = Conclude(press, action_of(pressed), outcome, "remembered", press.version)
    toast = AnswerTap(press, text, alone=True, seldom=True)
    return Decision(memory, (toast, conclusion, ConfirmUpdate(press, After.ANSWER)))


def barred(memory: ItemMemory, message: Barred | Forbidden) -> Decision:
    """A person without the right asked for something: nothing is shown or drawn, and the toast or the chat says so."""
    about = message.about if isinstance(message, Barred) else message.tap
    press, row = about.press, message.row
    memory = memory.close(press)
    memory = memory if row is None else memory.learn(row)
    version = press.version if row is None else row.version
    conclusion = Conclude(press, action_of(about), Outcome.FORBIDDEN, "tap", version)
    told = press.standing is TapRight.LAPSED  # by the toast
    said = () if told else (SayInChat(press, texts.barred(press.person.name), seldom=True),)
    return Decision(memory, (*said, conclusion, _confirm(about)))


def answer(memory: ItemMemory, press: Press, text: str) -> tuple[ItemMemory, AnswerTap]:
    """Toast at once; what memory knows of the mark only sharpens it, the row decides."""
    if press.standing is TapRight.LAPSED:
        return memory, AnswerTap(press, texts.ASKED_AGAIN, alone=True, seldom=True)
    if not memory.denies(press):
        return memory, AnswerTap(press, text)
    told = replace(memory, told=memory.told | {press.id})
    return told, AnswerTap(press, texts.FOREIGN[Foreign.EARLIER_QUEUE], alone=True)


def refusal(memory: ItemMemory, line: ShowLine) -> Effect:
    """Show it on the card, or, if it is not known whose card that is or whether the person may tap, in the chat."""
    press = line.press
    return line if press.standing.draws and memory.owns(press) else SayInChat(press, line.line)


def not_ours(memory: ItemMemory, message: NotOurs) -> Decision:
    """Neither the item nor the message is touched: the toast or the chat is the whole answer."""
    pressed, press = message.about, message.about.press
    said = _said(memory, press, message.why)
    memory = memory.close(press)
    memory = memory if message.row is None else memory.learn(message.row)
    conclusion = Conclude(press, action_of(pressed), Outcome.UNKNOWN_BUTTON, message.why.value, press.version)
    return Decision(memory, (*said, conclusion, _confirm(pressed)))


def gone(memory: ItemMemory, message: Gone) -> Decision:
    """No such item in this queue, or no such chat."""
    press = message.tap.press
    said = _said(memory, press, Foreign.NO_SUCH_ITEM)
    cause = Foreign.NO_SUCH_ITEM.value
    conclusion = Conclude(press, message.tap.action.value, Outcome.GONE, cause, press.version)
    return Decision(memory.close(press), (*said, conclusion, _confirm(message.tap)))


def unvouched(memory: ItemMemory, message: Unvouched) -> Decision:
    """The database could not say whose card it is: nothing was shown, and the person may tap again."""
    press = message.about.press
    said = SayInChat(press, texts.not_looked_at(press.person.name), seldom=not press.standing.draws)
    conclusion = Conclude(press, action_of(message.about), Outcome.REFUSED, "tap", press.version)
    return Decision(memory.close(press), (said, conclusion, _confirm(message.about)))


def action_of(pressed: Pressed) -> str:
    """Name what was asked for, as the log does."""
    match pressed:
        case AskToReject():
            return "ask_to_reject"
        case AskAboutDoubt(action=action):
            return ASK[action]
        case KeepIt():
            return KEEP
        case LeaveIt():
            return LEAVE
        case SendOriginal():
            return ORIGINAL
        case _:
            return pressed.action.value


def _confirm(pressed: Pressed) -> ConfirmUpdate:
    """A tap was accepted, and is held until it is visibly refused; what decides nothing is lost with its worker."""
    return ConfirmUpdate(pressed.press, After.SHOWN if isinstance(pressed, Tap) else After.ANSWER)


def _said(memory: ItemMemory, press: Press, why: Foreign) -> tuple[Effect, ...]:
    if press.id in memory.told:
        return ()
    return (SayInChat(press, texts.foreign(why, press.person.name), seldom=True),)
