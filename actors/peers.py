"""How the actors see one another: by what they can ask, never by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from actors.domain.messages import Message
from actors.domain.updates import Heard, Moved
from actors.operations.cards import Shown
from actors.ports import Face

ItemKey: TypeAlias = tuple[int, int]  # (Telegram's chat id, item id): a button of another chat reaches another actor


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of a requested edit: how many calls it took (0: it was dropped); `gone`: it is not to be seen.

    `limited`: it waited for Telegram's limit; `troubled`: a call came to nothing.
    """

    edits: int = 0
    gone: bool = False
    limited: bool = False
    troubled: bool = False


class Cards(Protocol):
    """The actor that draws. An edit is requested by the call, and what is returned is awaited for what became of it.

    So what is decided first is requested first, in whatever order tasks run.
    """

    def draw(
        self, face: Face, shown: Shown, logged: Callable[[], bool] | None = None, *, late: bool = False
    ) -> Awaitable[Drawn]:
        """Draw a card from its row, until it or a newer one is shown; then, once `logged`, have it acknowledged.

        `late`: nothing is new on it but a tap that came too late; it waits for those of decisions.
        """
        ...

    def add_line(self, face: Face, needed: bool) -> Awaitable[Drawn]:
        """Draw a line that no row stores."""
        ...

    def show_view(self, face: Face, admitted: bool) -> Awaitable[Drawn]:
        """Draw what decides nothing: after cards and decisions, and if not `admitted` once there is room to spare."""
        ...


class Items(Protocol):
    """The registry of items."""

    def tell_nowait(self, key: ItemKey, message: Message) -> None:
        """Tell an item, or raise MailboxFull or MailboxClosed."""
        ...

    async def tell(self, key: ItemKey, message: Message) -> None:
        """Tell an item, waiting for room; raises MailboxClosed."""
        ...


class Lease(Protocol):
    """The lease of the poller."""

    @property
    def is_held(self) -> bool:
        """Tell whether this worker may poll now."""
        ...

    async def wait_held(self) -> None:
        """Wait until this worker may poll."""
        ...

    def look(self) -> None:
        """Another poller was seen."""
        ...

    def suspect(self) -> None:
        """There may be another poller."""
        ...


class CommandRecipient(Protocol):
    """The actor that hears what people write, and how they bring us into chats and out of them."""

    def tell_nowait(self, heard: Heard) -> None:
        """Have it answered and confirmed, or raise MailboxClosed; never waits."""
        ...


class MigrationRecipient(Protocol):
    """The actor that follows groups that migrate."""

    def tell_nowait(self, moved: Moved) -> None:
        """Have it stored and confirmed, or raise MailboxClosed; never waits."""
        ...
