"""Says things in chats until Telegram has taken them, and asks whether a chat is set up: both within a bound."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import structlog

from actors.cards.chat_limits import ChatLimits
from actors.database.asking import terms_for
from actors.database.request import NotStored, Store
from actors.errors import PortError, Unreachable
from actors.operations.commands import LookAtChat
from actors.operations.refusals import ReopenChat
from actors.ports import Chat
from actors.runtime.backoff import Backoff

log = structlog.get_logger()

ASK_SECONDS = 2.0  # no person waits longer for a database that does not answer
REOPEN_SECONDS = 30.0
SEND_SECONDS = 5.0
SEND_RETRY = Backoff((1.0,))
SHORTEST_SECONDS = 0.001  # a pause too short to move a clock of floating point is no pause, and would spin
ROOM_SECONDS = 45.0  # so long an answer leaves cards and decisions their room in a chat in which much happens
HOLD_SECONDS = 60.0  # so long an answer is tried that Telegram does not take


class MessageDelivery:
    """The bot's texts in every chat."""

    def __init__(self, chat: Chat, store: Store, paces: ChatLimits, look_again: Callable[[], None]) -> None:
        self._chat = chat
        self._store = store
        self._paces = paces
        self._look_again = look_again

    async def is_known(self, chat_id: int, user_id: int) -> bool | None:
        """Ask whether a chat is set up, after all taps; None: the database does not answer."""
        terms = terms_for(ASK_SECONDS)
        try:
            return (await self._store.ask(LookAtChat(chat_id, user_id, 0), terms)).value is not None
        except NotStored:
            return None

    async def reopen(self, chat_id: int) -> None:
        """Have tried at once what was refused in a chat where the bot's rights have changed; else a retry finds out."""
        try:
            reopened = (await self._store.ask(ReopenChat(chat_id), terms_for(REOPEN_SECONDS))).value
        except NotStored as lost:
            log.info("chat.not_reopened", chat_id=chat_id, attempts=lost.attempts)
            return
        if reopened:
            log.info("chat.reopened", chat_id=chat_id)
            self._look_again()

    def may_speak(self, chat_id: int) -> bool:
        """Tell whether something could be said there now, and room would be left for cards and decisions."""
        return self._paces.of(chat_id).seconds_until_spare(anyio.current_time()) <= 0

    async def say(self, chat_id: int, text: str, at: float, topic: int | None = None) -> str | None:
        """Say it, a minute after `at` for the last time; returns why Telegram did not take it, or may not have."""
        give_up_at = max(at + HOLD_SECONDS, anyio.current_time() + SEND_SECONDS)
        pause, trouble = 0.0, "too much is said there already"
        while (pause := max(pause, self._crowded_seconds(chat_id, at))) + anyio.current_time() <= give_up_at:
            if pause > 0:
                await anyio.sleep(max(pause, SHORTEST_SECONDS))
                pause = 0.0
                continue
            try:
                with anyio.fail_after(SEND_SECONDS):
                    await self._chat.send_text(chat_id, text, topic)
            except Unreachable as error:
                pause, trouble = SEND_RETRY.after(1, error), str(error)
            except (PortError, TimeoutError) as error:
                # Refused; or it may stand there, and is not said twice.
                return str(error) or "no answer in time"
            else:
                return None
        return trouble

    def _crowded_seconds(self, chat_id: int, at: float) -> float:
        budget, now = self._paces.of(chat_id), anyio.current_time()
        polite = min(budget.seconds_until_spare(now), at + ROOM_SECONDS - now)
        return max(budget.seconds_until_allowed(now), polite)
