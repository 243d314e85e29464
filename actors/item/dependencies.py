"""What the effects of an item reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from actors.audit.lines import LoggedTaps
from actors.database.request import Store
from actors.domain.flood_limit import MOST_VIEWS, Flood
from actors.domain.item import Item
from actors.item.aloud import Aloud
from actors.item.caches import KnownCards, People, RecentlyTold
from actors.operations.housekeeping import Interaction
from actors.peers import Cards
from actors.ports import Chat, Clock


@dataclass(frozen=True, slots=True)
class ItemDependencies:
    """All that an item's effects reach.

    `pause` answers True when it was cut short because we stop; `call_later` calls back after some seconds, unless we
    stop. `seconds_left`: how long a stop that has begun may still take.
    """

    worker: str
    store: Store
    chat: Chat
    aloud: Aloud
    cards: Cards
    publish: Callable[[Item], Awaitable[None]]
    clock: Clock
    note: Callable[[Interaction], None]
    confirm: Callable[[int], None]
    wake_schedule: Callable[[], None]
    pause: Callable[[float], Awaitable[bool]]
    call_later: Callable[[float, Callable[[], None]], None]
    look_ahead: Callable[[Item], None]
    logged_taps: LoggedTaps
    seconds_left: Callable[[], float]
    known: KnownCards
    seldom: RecentlyTold
    people: People
    views: Flood = field(default_factory=partial(Flood, MOST_VIEWS))
