"""What Telegram says of a chat, over getChat and getChatMember.

https://core.telegram.org/bots/api#getchat
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram import Bot, ChatFullInfo, ChatMember
from telegram.error import BadRequest, Forbidden

from actors.domain.group_ids import Group, GroupKind
from infra.telegram.caption_text import clip, one_line
from infra.telegram.errors import port_errors, says
from infra.telegram.http import AiohttpRequest

NAME_ROOM = 60
UNKNOWN = ("chat not found", "peer_id_invalid", "user not found")
IN = frozenset({"creator", "administrator", "member"})
TRUSTED = frozenset({"creator", "administrator"})


class TelegramGroups:
    """The port Groups."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def look_up(self, chat_id: int) -> Group | None:
        """Ask Telegram about a chat; None: this bot knows none of that id."""
        with port_errors():
            try:
                chat = await self._bot.get_chat(chat_id)
            except Forbidden:
                return Group(GroupKind.GROUP if chat_id < 0 else GroupKind.PRIVATE, None, bot_is_in=False)
            except BadRequest as error:
                if any(says(error, words) for words in UNKNOWN):
                    return None
                raise
            kind = GroupKind(chat.type)
            name = clip(one_line(chat.title or chat.full_name or ""), NAME_ROOM) or None
            if kind in {GroupKind.PRIVATE, GroupKind.CHANNEL}:
                return Group(kind, name)
            member = await self._membership(chat_id)
            return Group(kind, name, _is_in(member), _may_send_pictures(member, chat))

    async def _membership(self, chat_id: int) -> ChatMember | None:
        """What the bot is there; None: Telegram does not tell."""
        try:
            return await self._bot.get_chat_member(chat_id, int(self._bot.token.partition(":")[0]))
        except BadRequest:
            return None


@asynccontextmanager
async def open_groups(token: str, api_url: str, proxy: str | None = None) -> AsyncIterator[TelegramGroups]:
    """Open a connection to Telegram for this alone, and close it."""
    async with AiohttpRequest(1, proxy) as calls:
        yield TelegramGroups(Bot(token, base_url=f"{api_url}/bot", request=calls))


def _is_in(member: ChatMember | None) -> bool:
    return member is None or member.status in IN or bool(getattr(member, "is_member", False))


def _may_send_pictures(member: ChatMember | None, chat: ChatFullInfo) -> bool:
    """Whether a card can come: an administrator may send what others may not."""
    if member is None or member.status in TRUSTED:
        return True
    rights = member if member.status == "restricted" else chat.permissions
    return all(getattr(rights, right, None) is not False for right in ("can_send_photos", "can_send_videos"))
