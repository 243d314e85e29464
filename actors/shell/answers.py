"""Answers a press that never reached its item, and lets Telegram forget it: nothing is silent."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import structlog

from actors.errors import PortError
from actors.ports import Chat
from actors.rules.messages import Press

log = structlog.get_logger()

ANSWER_SECONDS = 5.0


async def refuse(chat: Chat, press: Press, text: str, confirm: Callable[[int], None]) -> None:
    """Show a toast that says what did not happen; then the update is done, toast or no toast."""
    began = anyio.current_time()
    try:
        with anyio.move_on_after(ANSWER_SECONDS):
            await chat.answer(press.id, text)
    except PortError as error:
        log.info("tap.not_answered", tap_id=press.id, reason=str(error))
    log.info(
        "tap",
        tap_id=press.id,
        item_id=press.item_id,
        chat_id=press.chat_id,
        user_id=press.person.id,
        action="unread",
        outcome="refused",
        cause=text,
        toast_ms=round((anyio.current_time() - began) * 1000, 1),
        recorded_ms=None,
        card_ms=None,
        db_attempts=0,
        edit_attempts=0,
        version=press.version,
    )
    confirm(press.update_id)
