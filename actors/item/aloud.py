"""Says lines about presses in the chats: those that come while one is on its way go together in the next message.

Telegram takes some twenty changes a minute of a group, cards included. A toast that comes too late (a worker was away
for minutes, and gets a hundred presses at once) is said in the chat instead; said one by one, these lines would use up
what the group takes, and no card would be drawn for minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from actors.errors import AnswerLost, PortError, Unreachable
from actors.ports import Chat

ANSWER_SECONDS = 5.0
MOST_LETTERS = 3500  # a message; Telegram takes 4096 of them
MOST_LINES = 200  # that wait for one chat


@dataclass(slots=True, eq=False)
class _Said:
    """What became of a line."""

    is_over: bool = False
    error: PortError | None = None


@dataclass(slots=True)
class _ChatLines:
    one_by_one: anyio.Lock = field(default_factory=anyio.Lock)
    lines: dict[str, _Said] = field(default_factory=dict)
    speakers: int = 0


class Aloud:
    """One message at a time in each chat; a line that several want said at once is said once."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self._chats: dict[tuple[int, int | None], _ChatLines] = {}

    @property
    def chats(self) -> int:
        """In how many chats, or topics, a message is being sent."""
        return len(self._chats)

    async def say(self, chat_id: int, line: str, topic: int | None = None) -> None:
        """Say it, perhaps with others; raises what `Chat.send_text` raises, and AnswerLost if none came within 5 s."""
        chat = self._chats.setdefault((chat_id, topic), _ChatLines())
        if line not in chat.lines and len(chat.lines) >= MOST_LINES:
            raise Unreachable("too much is to be said in this chat")
        said = chat.lines.setdefault(line, _Said())
        chat.speakers += 1
        try:
            async with chat.one_by_one:
                if not said.is_over:
                    await self._send(chat_id, topic, chat)
        finally:
            chat.speakers -= 1
            if chat.speakers == 0:
                del self._chats[chat_id, topic]
        if said.error is not None:
            raise said.error

    async def hear_out(self, chat_id: int, topic: int | None = None) -> None:
        """Wait until what is on its way in this chat has come, or has failed; at most 5 s a message."""
        chat = self._chats.get((chat_id, topic))
        if chat is not None:
            async with chat.one_by_one:
                return

    async def _send(self, chat_id: int, topic: int | None, chat: _ChatLines) -> None:
        lines = _first(chat.lines)
        text = "\n".join(lines)
        batch = [chat.lines.pop(line) for line in lines]
        error: PortError | None = AnswerLost("no answer in time")
        try:
            with anyio.move_on_after(ANSWER_SECONDS):
                await self.chat.send_text(chat_id, text, topic)
                error = None
        except PortError as failure:
            error = failure
        finally:
            for said in batch:
                said.is_over, said.error = True, error


def _first(lines: dict[str, _Said]) -> list[str]:
    """As many as a message takes, and one at least."""
    taken: list[str] = []
    for line in lines:
        if taken and sum(map(len, taken)) + len(taken) + len(line) > MOST_LETTERS:
            break
        taken.append(line)
    return taken
