"""Presses that decide nothing: questions, their answers, and requests for the original."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from actors.domain.item import Action
from actors.domain.messages import OriginalNotSent
from actors.domain.taps import AskAboutDoubt, AskToReject, NotYours, Press, Question
from actors.item import texts
from actors.item.effects import (
    After,
    AnswerTap,
    CheckCard,
    Conclude,
    ConfirmUpdate,
    Effect,
    LogInteraction,
    Outcome,
    SendFile,
    ShowLine,
    ShowQuestion,
    WatchQuestion,
)
from actors.item.memory import Decision, ItemMemory

KEEP, LEAVE, ORIGINAL = "keep_it", "leave_it", "send_original"
ASK: Mapping[Action, str] = MappingProxyType(
    {
        Action.REJECT: "ask_to_reject",
        Action.IT_IS_LIVE: "ask_whether_it_is_live",
        Action.IT_IS_NOT: "ask_whether_it_is_not",
    }
)


def visibly(text: str, conclusion: Conclude, *shown: Effect) -> tuple[Effect, ...]:
    """Answer a press that needs no record: Telegram may forget it once the answer is through."""
    press = conclusion.press
    confirm = ConfirmUpdate(press, After.ANSWER)
    toast = AnswerTap(press, text, alone=not shown, seldom=not press.standing.draws)
    return (toast, *shown, *_ended(conclusion), confirm)


def asked_about(message: AskToReject | AskAboutDoubt) -> Action:
    """Tell which action the question is about."""
    return message.action if isinstance(message, AskAboutDoubt) else Action.REJECT


def ask(memory: ItemMemory, press: Press, action: Action) -> Decision:
    """Ask "Are you sure?"; a question that is open gives way, also on another card of the item."""
    question = ShowQuestion(press, memory.known_to(press), asking=Question(action, press.person.id))
    effects = visibly(texts.SURE, Conclude(press, ASK[action], Outcome.ASKED, "tap", press.version), question)
    return Decision(replace(memory, asking=press), (*effects, *give_way(memory, press), WatchQuestion(press)))


def give_way(memory: ItemMemory, press: Press) -> tuple[Effect, ...]:
    """Take an open question off another message: what comes of this press may never draw that one."""
    asked = memory.asking
    if asked is None or asked.message_id == press.message_id:
        return ()
    return ShowQuestion(asked, memory.known_to(asked), asking=None), CheckCard(asked)


def take_back(memory: ItemMemory, conclusion: Conclude, text: str) -> Decision:
    """Take the question away: it was answered with no."""
    press = conclusion.press
    question = ShowQuestion(press, memory.known_to(press), asking=None)
    return Decision(replace(memory, asking=None), visibly(text, conclusion, question, CheckCard(press)))


def not_yours(memory: ItemMemory, message: NotYours) -> Decision:
    """Nothing changes; the name of who was asked is known while its question is in memory."""
    press, asked = message.press, memory.asking
    name = asked.person.name if asked is not None and asked.person.id == message.asked_id else None
    conclusion = Conclude(press, message.action.value, Outcome.NOT_YOURS, "tap", press.version)
    return Decision(memory, visibly(texts.not_yours(message.action, name), conclusion))


def send_original(memory: ItemMemory, press: Press) -> Decision:
    """Send the file, one at a time, and change nothing; how that ends is told once it is known.

    Telegram forgets the update before: a large file takes minutes, and the taps behind it would not be seen.
    """
    if memory.original is not None and memory.original.id == press.id:
        return Decision(memory, (ConfirmUpdate(press, After.NOTHING),))
    if memory.original is not None:
        conclusion = Conclude(press, ORIGINAL, Outcome.BUSY, "tap", press.version)
        return Decision(memory, visibly(texts.FILE_ON_ITS_WAY, conclusion))
    asked = AnswerTap(press, texts.SENDING_FILE), SendFile(press, memory.row), ConfirmUpdate(press, After.ANSWER)
    return Decision(replace(memory, original=press), asked)


def original_sent(memory: ItemMemory, press: Press) -> Decision:
    """The file stands below its card: the press is done."""
    return Decision(
        replace(memory, original=None), _ended(Conclude(press, ORIGINAL, Outcome.ORIGINAL_SENT, "tap", press.version))
    )


def original_not_sent(memory: ItemMemory, message: OriginalNotSent) -> Decision:
    """Say so on the card: that it is not there, or that it may be."""
    press = message.press
    outcome = Outcome.ORIGINAL_NOT_SENT if message.certain else Outcome.ORIGINAL_LOST
    line = texts.FILE_NOT_SENT if message.certain else texts.FILE_LOST
    told = ShowLine(press, memory.known_to(press), line, needed=True, check=True, view=True)
    conclusion = Conclude(press, ORIGINAL, outcome, message.reason, press.version)
    return Decision(replace(memory, original=None), (told, *_ended(conclusion)))


def _ended(conclusion: Conclude) -> tuple[Effect, ...]:
    press = conclusion.press
    return LogInteraction(press, conclusion.outcome.value), conclusion
