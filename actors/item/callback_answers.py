"""Answers each callback query: toasts, and presses that never reached their item. Nothing is silent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import anyio
import structlog

from actors.audit.lines import TapEnd, no_figures, write_tap_line
from actors.domain.taps import Press
from actors.domain.updates import Unknown
from actors.errors import PortError, Refused, Unreachable
from actors.item import texts
from actors.item.aloud import ANSWER_SECONDS, Aloud
from actors.item.effects import SayInChat
from actors.ports import Chat
from actors.runtime.backoff import Backoff

log = structlog.get_logger()

ANSWER_TRIES = 3
TOAST_RETRY = Backoff((0.5, 1.0, 1.5))
SAY_RETRY = Backoff.doubling(1.0, 32.0)
SAY_SECONDS = 60.0  # a group that was told too much may be told no more for up to a minute


@dataclass(frozen=True, slots=True)
class Toasted:
    """What became of a toast; not `seen`: it may not have been. `limited`: Telegram asked for a pause."""

    seen: bool
    limited: bool = False


async def toast(chat: Chat, press: Press, text: str, pause: Callable[[float], Awaitable[bool]]) -> Toasted:
    """Show a toast; a lost one is tried again, a refused one (too old) is not."""
    limited = False
    for attempt in range(ANSWER_TRIES):
        try:
            await chat.answer(press.id, text)
        except Refused:
            return Toasted(False)
        except PortError as error:
            limited = limited or (isinstance(error, Unreachable) and error.retry_after_seconds is not None)
            if await pause(TOAST_RETRY.after(attempt + 1)):
                return Toasted(False)
        else:
            return Toasted(True, limited)
    return Toasted(False)


async def refuse(aloud: Aloud, press: Press, text: str, confirm: Callable[[int], None]) -> None:
    """Show a toast that says what did not happen, or say it in the chat; then the update is done.

    Not a line on the card: nothing is known of it here, and an old caption could be drawn over a newer one.
    """
    began = anyio.current_time()
    if not await _reached(press.id, partial(aloud.chat.answer, press.id, text)):
        await _said(press, partial(aloud.say, press.chat_id, texts.aloud(press.person.name, text)))
    toast_ms = round((anyio.current_time() - began) * 1000, 1)
    write_tap_line(TapEnd.unread(press, text), {**no_figures(), "toast_ms": toast_ms})
    confirm(press.update_id)


async def refuse_unknown(chat: Chat, pressed: Unknown, text: str, confirm: Callable[[int], None]) -> None:
    """Show a toast that says so; neither the message nor any item is touched. Then the update is done."""
    began = anyio.current_time()
    answered = await _reached(pressed.press_id, partial(chat.answer, pressed.press_id, text))
    toast_ms = round((anyio.current_time() - began) * 1000, 1) if answered else None
    write_tap_line(TapEnd.unknown(pressed), {**no_figures(), "toast_ms": toast_ms})
    confirm(pressed.update_id)


async def say_in_chat(aloud: Aloud, press: Press, line: str) -> None:
    """Say in the chat, if it may be said now, what matters for this moment only."""
    await _said(press, partial(aloud.say, press.chat_id, line, press.topic))


async def say_until_heard(aloud: Aloud, effect: SayInChat, pause: Callable[[float], Awaitable[bool]]) -> None:
    """Say in the chat what the tapped message can show no more; a group that hears too much at once hears it later.

    What a person hears seldom is said again if it is not known whether it was heard: the presses to come count on it.
    """
    press, began, failures = effect.press, anyio.current_time(), 1
    say = partial(aloud.say, press.chat_id, effect.text, press.topic)
    while (rest := await _said(press, say, SAY_RETRY.after(failures) if effect.seldom else None)) is not None:
        failures += 1
        if anyio.current_time() + rest > began + SAY_SECONDS or await pause(rest):
            return


async def _said(press: Press, say: Callable[[], Awaitable[None]], again: float | None = None) -> float | None:
    """Say it; answers in how many seconds to say it again: if it was not heard, and `again` if it perhaps was not."""
    try:
        await say()
    except PortError as error:
        log.info("tap.not_answered", tap_id=press.id, reason=str(error))
        if isinstance(error, Unreachable):
            return SAY_RETRY.after(1, error)
        return None if isinstance(error, Refused) else again
    return None


async def _reached(tap_id: str, say: Callable[[], Awaitable[None]]) -> bool:
    said = False
    try:
        with anyio.move_on_after(ANSWER_SECONDS):
            await say()
            said = True
    except PortError as error:
        log.info("tap.not_answered", tap_id=tap_id, reason=str(error))
    return said
