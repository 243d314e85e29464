"""What Telegram says of chats, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from anyio.lowlevel import checkpoint

from actors.domain.group_ids import Group
from actors.errors import ChatMoved, PortError


@dataclass
class FakeGroups:
    """Fills ports.Groups; `error` is raised instead of any answer."""

    known: dict[int, Group] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    error: PortError | None = None
    asked: list[int] = field(default_factory=list)

    async def look_up(self, chat_id: int) -> Group | None:
        """Look."""
        self.asked.append(chat_id)
        await checkpoint()
        if self.error is not None:
            raise self.error
        if chat_id in self.moved:
            raise ChatMoved("group chat was upgraded to a supergroup chat", self.moved[chat_id])
        return self.known.get(chat_id)
