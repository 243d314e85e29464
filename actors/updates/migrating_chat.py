"""The chat, and an eye on its refusals: one of them names the new id of a group that moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from actors.domain.item import Item
from actors.errors import ChatMoved
from actors.ports import Chat, Face, Sending, SentCard


class MigratingChat:
    """Fills ports.Chat by another one; `follow` is told the old and the new id, whatever was asked for."""

    def __init__(self, chat: Chat, follow: Callable[[int, int], None]) -> None:
        self._chat = chat
        self._follow = follow

    async def answer(self, press_id: str, text: str) -> None:
        """Show a toast: it needs no chat."""
        await self._chat.answer(press_id, text)

    async def send_card(self, row: Item, sending: Sending | None = None) -> SentCard:
        """Send; to the old group nothing: its row names the new one soon."""
        with self._watching(row.chat_id):
            return await self._chat.send_card(row, sending)

    async def edit_card(self, face: Face) -> None:
        """Redraw; the messages of the old group stay as they are."""
        with self._watching(face.chat_id):
            await self._chat.edit_card(face)

    async def send_original(self, row: Item, reply_to: int, sending: Sending | None = None) -> None:
        """Send the file."""
        with self._watching(row.chat_id):
            await self._chat.send_original(row, reply_to, sending)

    async def send_text(self, chat_id: int, text: str, topic: int | None = None) -> None:
        """Say it, in the new group if the old one is gone: people are there now."""
        try:
            with self._watching(chat_id):
                await self._chat.send_text(chat_id, text, topic)
        except ChatMoved as moved:
            await self._chat.send_text(moved.chat_id, text)

    async def own_name(self) -> str:
        """Ask who we are: it needs no chat."""
        return await self._chat.own_name()

    async def show_menu(self, menu: Sequence[tuple[str, str]]) -> None:
        """Show the commands, to all chats."""
        await self._chat.show_menu(menu)

    @contextmanager
    def _watching(self, chat_id: int) -> Iterator[None]:
        try:
            yield
        except ChatMoved as moved:
            self._follow(chat_id, moved.chat_id)
            raise
