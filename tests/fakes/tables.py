"""Tables in memory: keyed, constrained like the real ones, and changed by one transaction at a time or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from itertools import count
from typing import Any, Generic, TypeVar

from actors.domain.item import TRANSITIONS, Action, State
from actors.errors import Refused
from tests.fakes.records import (
    AccountRecord,
    BatchRecord,
    CardFailureRecord,
    CardRecord,
    ChatRecord,
    CommandRecord,
    EventRecord,
    InteractionRecord,
    ItemChangeRecord,
    ItemRecord,
    LeaseRecord,
    LockRecord,
    MediaRecord,
    MemberRecord,
    PublishEventRecord,
    PublishRecord,
    TapRecord,
)

R = TypeVar("R")
Key = tuple[Any, ...]

HOLDING = {"creating", "container", "ready", "publishing", "published"}
OPEN = {"waiting", "presenting", "in_review", "publishing", "in_doubt"}


class Table(Generic[R]):
    """Records by primary key, in the order in which they came."""

    def __init__(
        self,
        undo: list[Callable[[], None]],
        record: type[R],
        key: tuple[str, ...],
        **drawn: Callable[[], object],
    ) -> None:
        self._undo = undo
        self._record = record
        self._key = key
        self._drawn = drawn
        self._rows: dict[Key, R] = {}
        self._checks: list[Callable[[R], None]] = []

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(field.name for field in fields(self._record))  # type: ignore[arg-type]

    def get(self, *key: object) -> R | None:
        """Return the record of this key, if there is one."""
        return self._rows.get(key)

    def all(self) -> Iterator[R]:
        """Yield a copy of the table, record by record."""
        yield from list(self._rows.values())

    def put(self, record: R) -> None:
        """Insert the record, or write it over the one of its key."""
        for check in self._checks:
            check(record)
        key = self._key_of(record)
        before = self._rows.get(key)
        self._undo.append(lambda: self._restore(key, before))
        self._rows[key] = record

    def insert(self, record: R) -> None:
        """Insert the record; its key must be new."""
        if self._key_of(record) in self._rows:
            raise Refused(f"{self._record.__name__} {self._key_of(record)} is there already")
        self.put(record)

    def drop(self, record: R) -> None:
        """Delete the record."""
        key = self._key_of(record)
        before = self._rows.pop(key)
        self._undo.append(lambda: self._restore(key, before))

    def make(self, **columns: Any) -> R:
        """Insert a record from its columns; what is not given is drawn, or has its default."""
        drawn = {name: draw() for name, draw in self._drawn.items() if name not in columns}
        record = self._record(**drawn, **columns)
        self.insert(record)
        return record

    def check(self, rule: Callable[[R], None]) -> None:
        """Refuse every record for which the rule raises."""
        self._checks.append(rule)

    def _key_of(self, record: R) -> Key:
        return tuple(getattr(record, name) for name in self._key)

    def _restore(self, key: Key, before: R | None) -> None:
        if before is None:
            del self._rows[key]
        else:
            self._rows[key] = before


class Tables:
    """The whole database; another one gives other marks (by this letter) to the same numbers."""

    def __init__(self, letter: str = "m") -> None:
        self._undo: list[Callable[[], None]] = []
        self._numbers = {name: count(1) for name in ("chat_key", "media_id", "item_id", "id", "account_id", "number")}
        self.chats = Table(self._undo, ChatRecord, ("chat_key",))
        self.members = Table(self._undo, MemberRecord, ("chat_key", "user_id"))
        self.media = Table(self._undo, MediaRecord, ("chat_key", "media_id"))
        marks = count(1)
        self.items = Table(self._undo, ItemRecord, ("chat_key", "item_id"), mark=lambda: f"{letter}{next(marks):05}")
        self.item_changes = Table(self._undo, ItemChangeRecord, ("chat_key", "number"))
        self.item_events = Table(self._undo, EventRecord, ("chat_key", "item_id", "version"))
        self.taps = Table(self._undo, TapRecord, ("chat_key", "tap_id"))
        self.cards = Table(self._undo, CardRecord, ("chat_key", "message_id"))
        self.card_failures = Table(self._undo, CardFailureRecord, ("chat_key", "item_id", "fate", "reason"))
        self.locks = Table(self._undo, LockRecord, ("chat_key", "media_id", "kind"))
        self.commands = Table(self._undo, CommandRecord, ("chat_key", "message_id"))
        self.interactions = Table(self._undo, InteractionRecord, ("chat_key", "id"))
        self.interaction_batches = Table(self._undo, BatchRecord, ("batch",))
        self.leases = Table(self._undo, LeaseRecord, ("name",))
        self.accounts = Table(self._undo, AccountRecord, ("chat_key", "account_id"))
        self.publishes = Table(self._undo, PublishRecord, ("chat_key", "item_id", "version"))
        self.publish_events = Table(self._undo, PublishEventRecord, ("chat_key", "item_id", "version", "seq"))
        self.items.check(_item_follows_the_rule_book)
        self.items.check(self._only_open_item_of_its_story)
        self.item_events.check(_event_follows_the_rule_book)
        self.item_events.check(self._only_event_of_its_tap)
        self.cards.check(self._card_has_an_item)
        self.publishes.check(_publish_knows_its_container)
        self.publishes.check(self._only_publish_of_its_container)

    @property
    def by_name(self) -> Mapping[str, Table[Any]]:
        """Every table by its real name."""
        return {name: table for name, table in vars(self).items() if isinstance(table, Table)}

    def number(self, column: str) -> int:
        """Draw the next number of an identity column."""
        return next(self._numbers[column])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that happens inside, or, if it raises, nothing. Numbers that were drawn stay drawn.

        What is written outside of one, to arrange a test, is kept at once.
        """
        self._undo.clear()
        try:
            yield
            self._undo.clear()
        finally:
            while self._undo:
                self._undo.pop()()

    def chat(self, chat_id: int) -> ChatRecord | None:
        """Find a chat by Telegram's id."""
        return next((chat for chat in self.chats.all() if chat.chat_id == chat_id), None)

    def chat_known_as(self, chat_id: int) -> ChatRecord | None:
        """Find a chat by Telegram's id, or by the one that it had before it moved."""
        moved = (chat for chat in self.chats.all() if chat.moved_from == chat_id)
        return self.chat(chat_id) or next(moved, None)

    def cards_of(self, item: ItemRecord) -> list[CardRecord]:
        """The item's cards by their message."""
        found = [card for card in self.cards.all() if (card.chat_key, card.item_id) == (item.chat_key, item.item_id)]
        return sorted(found, key=lambda card: card.message_id)

    def _only_open_item_of_its_story(self, item: ItemRecord) -> None:
        twins = (
            other
            for other in self.items.all()
            if (other.chat_key, other.media_id) == (item.chat_key, item.media_id) and other.item_id != item.item_id
        )
        if item.state in OPEN and any(twin.state in OPEN for twin in twins):
            raise Refused("two live items of one story would be two posts")

    def _only_event_of_its_tap(self, event: EventRecord) -> None:
        same = ((event.chat_key, event.tap_id) == (other.chat_key, other.tap_id) for other in self.item_events.all())
        if event.tap_id is not None and any(same):
            raise Refused("one tap decides once")

    def _only_publish_of_its_container(self, publish: PublishRecord) -> None:
        for other in self.publishes.all():
            if other.chat_key != publish.chat_key or publish.state not in HOLDING or other.state not in HOLDING:
                continue
            if (other.item_id, other.version) == (publish.item_id, publish.version):
                continue
            if other.container_id is not None and other.container_id == publish.container_id:
                raise Refused("two publishes hold one container")
            if other.item_id == publish.item_id and "published" not in {other.state, publish.state}:
                raise Refused("two publishes of one item run at a time")

    def _card_has_an_item(self, card: CardRecord) -> None:
        if self.items.get(card.chat_key, card.item_id) is None:
            raise Refused("a card of no item")


def next_state(state: str, step: str) -> str | None:
    """Look into the rule book; None: no such step in that state."""
    reached = TRANSITIONS.get((State(state), Action(step)))
    return None if reached is None else reached.value


def _item_follows_the_rule_book(item: ItemRecord) -> None:
    if item.came_by is None:
        allowed = item.state == State.WAITING.value
    else:
        allowed = item.came_from is not None and item.state == next_state(item.came_from, item.came_by)
    if not allowed:
        raise Refused(f"{item.came_from} does not become {item.state} by {item.came_by}")


def _publish_knows_its_container(publish: PublishRecord) -> None:
    if publish.container_id is None and publish.state not in {"creating", "refused", "cancelled"}:
        raise Refused("nothing is published but a container that is known")


def _event_follows_the_rule_book(event: EventRecord) -> None:
    if event.to_state != next_state(event.from_state, event.step):
        raise Refused(f"{event.from_state} does not become {event.to_state} by {event.step}")
