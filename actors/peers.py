"""How the actors see one another: by what they can ask, never by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

import anyio

from actors.audit.tap_log import Explained
from actors.database.request import Asks
from actors.domain.flood_limit import MOST_VIEWS, Flood
from actors.domain.item import Row
from actors.domain.messages import Message
from actors.item.caches import KnownCards, People, Seldom
from actors.operations.cards import Shown
from actors.operations.housekeeping import Interaction
from actors.ports import Chat, Clock, Face, Heard, Moved

T = TypeVar("T")
ItemKey: TypeAlias = tuple[int, int]  # (Telegram's chat id, item id): a button of another chat reaches another actor


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of a wish: after how many edits (0: it was dropped) it came true; `gone`: nobody can see it.

    `limited`: it waited for Telegram's limit; `troubled`: an edit came to nothing.
    """

    edits: int = 0
    gone: bool = False
    limited: bool = False
    troubled: bool = False


class Cards(Protocol):
    """The actor that draws. A wish counts from its call on, and is awaited for what became of it.

    So what is decided first is wished first, in whatever order tasks run.
    """

    def draw(
        self, face: Face, shown: Shown, explained: Callable[[], bool] | None = None, *, late: bool = False
    ) -> Awaitable[Drawn]:
        """Draw a card from its row, until it or a newer one is shown; then, once `explained`, have it acknowledged.

        `late`: nothing is new on it but a tap that came too late; it waits for those of decisions.
        """
        ...

    def add_line(self, face: Face, needed: bool) -> Awaitable[Drawn]:
        """Draw a line that no row stores."""
        ...

    def show_view(self, face: Face) -> Awaitable[Drawn]:
        """Draw a question, or its end, of which there are too many; it waits for cards and decisions."""
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


class Hearers(Protocol):
    """Whoever hears what people write, and how they bring us into chats and out of them."""

    def tell_nowait(self, heard: Heard) -> None:
        """Have it answered and confirmed, or raise MailboxClosed; never waits."""
        ...


class Movers(Protocol):
    """Whoever follows groups that move."""

    def tell_nowait(self, moved: Moved) -> None:
        """Have it stored and confirmed, or raise MailboxClosed; never waits."""
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """All that an item's effects reach.

    `pause` answers True when it was cut short because we stop; `remind` calls back after some seconds, unless we stop.
    `seconds_left`: how long a stop that has begun may still take.
    """

    worker: str
    store: Asks
    chat: Chat
    cards: Cards
    publish: Callable[[Row], Awaitable[None]]
    clock: Clock
    note: Callable[[Interaction], None]
    confirm: Callable[[int], None]
    wake_schedule: Callable[[], None]
    pause: Callable[[float], Awaitable[bool]]
    remind: Callable[[float, Callable[[], None]], None]
    look_ahead: Callable[[Row], None]
    explained: Explained
    seconds_left: Callable[[], float]
    known: KnownCards
    seldom: Seldom
    people: People
    views: Flood = field(default_factory=partial(Flood, MOST_VIEWS))


BURST_SECONDS = 1800.0  # the longest sleep of whoever asks the database unasked


def seconds_to_burst() -> float:
    """How long until the next burst. It comes for all at the same moment, so that a database can sleep between them."""
    return BURST_SECONDS - anyio.current_time() % BURST_SECONDS


async def until(stopping: anyio.Event, work: Callable[[], Awaitable[T]]) -> T | None:
    """Do the work, but give it up when we stop (None)."""
    result: T | None = None
    async with anyio.create_task_group() as tasks:

        async def give_up() -> None:
            await stopping.wait()
            tasks.cancel_scope.cancel()

        tasks.start_soon(give_up)
        result = await work()
        tasks.cancel_scope.cancel()
    return result


class Alarm:
    """Something that can be waited for with a bound, and rung any number of times."""

    def __init__(self) -> None:
        self._rung = anyio.Event()

    def ring(self) -> None:
        """Wake whoever waits, or the next one who will."""
        self._rung.set()

    async def wait(self, seconds: float, stopping: anyio.Event) -> bool:
        """Wait for a ring or for the time to pass; True if we are stopping."""
        if not stopping.is_set():
            with anyio.move_on_after(seconds):
                await until(stopping, self._rung.wait)
        self._rung = anyio.Event()
        return stopping.is_set()
