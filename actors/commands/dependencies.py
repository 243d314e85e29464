"""What the answers to commands reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from actors.audit.lines import LoggedTaps
from actors.cards.chat_limits import ChatLimits
from actors.database.request import Store
from actors.peers import Items
from actors.ports import Chat, Clock


@dataclass(frozen=True, slots=True)
class CommandDependencies:
    """All that commands reach; `look_again` wakes the scheduler and the reconciler."""

    worker: str
    store: Store
    chat: Chat
    items: Items
    clock: Clock
    confirm: Callable[[int], None]
    look_again: Callable[[], None]
    silence_seconds: Callable[[], float | None]
    shortcomings: Callable[[int], Awaitable[tuple[str, ...]]]
    logged_taps: LoggedTaps = field(default_factory=LoggedTaps)
    paces: ChatLimits = field(default_factory=ChatLimits)
