"""The shell of an item between fakes, in a real registry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from structlog.testing import capture_logs

from actors.audit.lines import LoggedTaps
from actors.domain.item import Action, Item, State
from actors.domain.messages import Message, Recorded
from actors.item.actor import ItemActor
from actors.item.aloud import Aloud
from actors.item.caches import KnownCards, People, RecentlyTold
from actors.item.dependencies import ItemDependencies
from actors.item.memory import Known
from actors.item.registry import CrashPolicy, ItemRegistry
from actors.operations.housekeeping import Interaction
from actors.operations.taps import RecordTap
from actors.peers import ItemKey
from actors.ports import Face
from actors.runtime.actor import Context
from actors.runtime.child import ChildContext
from tests.actors.fakes import FakeCards, FakeChat, FakeStore
from tests.journal import Journal
from tests.kit.lives import living
from tests.stories import ANNA, CHAT, MARK, NOON, row, settled

KEY = (CHAT, 7)


def recorded(operation: RecordTap) -> Recorded:
    """The database's answer to Anna's Skip: it took effect."""
    return Recorded(operation.tap, settled(row(State.SKIPPED, 1), Action.SKIP, ANNA))


class NoonClock:
    """Fills ports.Clock: it is always noon."""

    def now(self) -> datetime:
        """Noon."""
        return NOON


def known_cards(*messages: int) -> KnownCards:
    """What a worker remembers that drew these cards of item 7 a while ago."""
    known = KnownCards()
    known.keep(KEY, Known(MARK, frozenset((CHAT, message) for message in messages)))
    return known


@dataclass
class ItemStage:
    """One desk of items, and everything around it."""

    store: FakeStore = field(default_factory=FakeStore)
    chat: FakeChat = field(default_factory=FakeChat)
    cards: FakeCards = field(default_factory=FakeCards)
    published: list[Item] = field(default_factory=list)
    notes: list[Interaction] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)
    wakes: list[str] = field(default_factory=list)
    looked_ahead: list[Item] = field(default_factory=list)
    logged_taps: LoggedTaps = field(default_factory=LoggedTaps)
    known: KnownCards = field(default_factory=lambda: known_cards(501))
    restricted: bool | None = False
    people: People = field(default_factory=People)
    make: Callable[[ItemDependencies, Context[ItemKey, Message]], Any] = ItemActor

    def __post_init__(self) -> None:
        self.desk = ItemRegistry(
            lambda context: self.make(self._dependencies(), context),
            CrashPolicy(Aloud(self.chat), self._confirm, lambda: self.wakes.append("reconciler")),
        )

    def tell(self, message: Message) -> None:
        """Tell the item, as intake does."""
        self.desk.tell_nowait(KEY, message)

    @property
    def taps(self) -> list[Any]:
        """The canonical lines so far."""
        return [line for line in self.logs if line["event"] == "tap"]

    @property
    def lines(self) -> list[str | None]:
        """What was put below the card."""
        return [face.line for face, _ in self.cards.lines]

    @property
    def line_faces(self) -> list[Face]:
        """How the card looked with it."""
        return [face for face, _ in self.cards.lines]

    def _confirm(self, update_id: int) -> None:
        self.confirmed.append(update_id)
        self.journal.add(f"confirmed {update_id}")

    async def _publish(self, row: Item) -> None:
        self.published.append(row)
        self.journal.add("publish")

    def _dependencies(self) -> ItemDependencies:
        if self.restricted is not None:
            self.people.hear_of_chat(CHAT, restricted=self.restricted)
        return ItemDependencies(
            worker="w1",
            store=self.store,
            chat=self.chat,
            aloud=Aloud(self.chat),
            cards=self.cards,
            publish=self._publish,
            clock=NoonClock(),
            note=self.notes.append,
            confirm=self._confirm,
            wake_schedule=lambda: self.wakes.append("scheduler"),
            pause=self.desk.pause,
            call_later=self.desk.call_later,
            look_ahead=self.looked_ahead.append,
            logged_taps=self.logged_taps,
            seconds_left=lambda: 30.0,
            known=self.known,
            seldom=RecentlyTold(),
            people=self.people,
        )


@asynccontextmanager
async def playing(stage: ItemStage) -> AsyncIterator[ChildContext]:
    """Let the items live; they drain in the end."""
    with capture_logs() as stage.logs:
        async with living(stage.desk.run) as context:
            yield context
