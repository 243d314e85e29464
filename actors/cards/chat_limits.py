"""What each chat can take: shared by all who change it, so that one pause that Telegram asks for holds all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import anyio

from actors.cards.rate_limit import TokenBucket
from actors.domain.item import Item
from actors.errors import BotTokenRefused, Unreachable
from actors.ports import Chat, Face, Sending, SentCard

V = TypeVar("V")

TURN_SECONDS = 0.5


def forget_rested(remembered: dict[int, V], has_rested: Callable[[int, V], bool]) -> None:
    """Make room for one that comes: two that have rested go, so that those which stay are about those in use."""
    for known in tuple(islice(remembered, 2)):
        value = remembered.pop(known)
        if not has_rested(known, value):
            remembered[known] = value


class ChatLimits:
    """The budgets, by chat; those that are full again need not be remembered."""

    def __init__(self) -> None:
        self._budgets: dict[int, TokenBucket] = {}

    def of(self, chat_id: int) -> TokenBucket:
        """Return this chat's; to be asked for anew each time."""
        if chat_id not in self._budgets:
            now = anyio.current_time()
            forget_rested(self._budgets, lambda _, budget: budget.is_full(now))
            self._budgets[chat_id] = TokenBucket(now)
        return self._budgets[chat_id]


class LimitedChat:
    """Fills ports.Chat by another one. While Telegram wants a pause in a chat, nothing but toasts is asked of it there.

    After a pause one change goes first, alone: if that one is refused, too, the others have cost nothing.
    """

    def __init__(self, chat: Chat, paces: ChatLimits) -> None:
        self._chat = chat
        self._paces = paces

    async def answer(self, press_id: str, text: str) -> None:
        """Show a toast: it waits for nothing."""
        await self._chat.answer(press_id, text)

    async def send_card(self, row: Item, sending: Sending | None = None) -> SentCard:
        """Send; a file may take minutes, so no other call waits for its end."""
        with self._heeding(row.chat_id):
            self._spend(row.chat_id)
            return await self._chat.send_card(row, sending)

    async def edit_card(self, face: Face) -> None:
        """Redraw; who draws has spent what it costs."""
        with self._going_first(face.chat_id), self._heeding(face.chat_id):
            await self._chat.edit_card(face)

    async def send_original(self, row: Item, reply_to: int, sending: Sending | None = None) -> None:
        """Send the file."""
        with self._heeding(row.chat_id):
            self._spend(row.chat_id)
            await self._chat.send_original(row, reply_to, sending)

    async def send_text(self, chat_id: int, text: str, topic: int | None = None) -> None:
        """Say it."""
        with self._going_first(chat_id), self._heeding(chat_id):
            self._spend(chat_id)
            await self._chat.send_text(chat_id, text, topic)

    async def own_name(self) -> str:
        """Ask who we are: it needs no chat."""
        return await self._chat.own_name()

    async def show_menu(self, menu: Sequence[tuple[str, str]]) -> None:
        """Show the commands, to all chats."""
        await self._chat.show_menu(menu)

    def _spend(self, chat_id: int) -> None:
        self._paces.of(chat_id).spend(anyio.current_time())

    @contextmanager
    def _heeding(self, chat_id: int) -> Iterator[None]:
        """Keep a pause, and begin one."""
        now = anyio.current_time()
        rest = self._paces.of(chat_id).closed_until - now
        if rest > 0:
            raise Unreachable("Telegram asked for a pause in this chat", rest)
        try:
            yield
        except BotTokenRefused:
            raise  # which is nothing of this chat
        except Unreachable as error:
            if error.retry_after_seconds:
                self._paces.of(chat_id).close(anyio.current_time() + error.retry_after_seconds)
            raise

    @contextmanager
    def _going_first(self, chat_id: int) -> Iterator[None]:
        budget = self._paces.of(chat_id)
        if not budget.is_wary:
            yield
            return
        if budget.is_tried:
            raise Unreachable("another change goes first in this chat, after a pause", TURN_SECONDS)
        budget.is_tried = True
        try:
            yield
            budget.is_wary = False
        finally:
            budget.is_tried = False
