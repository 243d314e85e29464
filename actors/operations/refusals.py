"""What is asked of the database about cards that the platform refuses to take."""

from __future__ import annotations

from dataclasses import dataclass

from actors.domain.item import Item
from actors.operations.operation import Operation


@dataclass(frozen=True, slots=True)
class SetStoryAside(Operation[Item]):
    """The platform takes no card of this story: the schedule passes it over until people bring it back.

    `reason` is the platform's own words; people read them.
    """

    row: Item
    worker: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChatPause:
    """The row, which keeps its place; `begins`: its chat took cards until now."""

    row: Item
    begins: bool


@dataclass(frozen=True, slots=True)
class PauseRefusedChat(Operation[ChatPause]):
    """The platform takes no card in this chat now: pause, and try again after pauses that grow."""

    row: Item
    worker: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReopenChat(Operation[bool]):
    """The bot's rights in a chat have changed: try at once what was refused there. False: nothing was."""

    chat_id: int
