"""What a world begins with: two teams, two accounts, and stories whose slots come one after another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from actors.domain.item import Person
from tests.fakes.store import Store
from tests.fakes.tables import Tables
from tests.fakes.writer import Writer
from tests.simulation.plan import Plan
from tests.simulation.telegram import SimulatedTelegram

OPENS = datetime(2026, 2, 25, 8, 0, tzinfo=UTC)
CHATS = (-1001, -1002)  # the first publishes, the second rehearses, and lets only members decide
QUIET_CHAT = -1003  # where hardly anybody taps: what goes wrong there, nobody's next tap puts right
HEALING_SECONDS = 60.0  # so long after the end of all trouble an item may still expire
SLOTS_SECONDS = 240.0
REVIEW = timedelta(hours=48)
NEWCOMER = Person(99, "Ida")  # who comes at the end, when all is well: each button must do something
LAST_STORY = 900  # its title


def furnish(store: Store, telegram: SimulatedTelegram, plan: Plan, dice: Random) -> None:
    """Fill the tables; every fifth item is in review since almost two days."""
    tables = store.tables
    for chat_key, chat_id in enumerate((*CHATS, QUIET_CHAT), 1):
        tables.chats.make(
            chat_key=chat_key,
            chat_id=chat_id,
            created_at=OPENS,
            live=chat_key == 1,
            account="@studio" if chat_key == 1 else None,
            account_id=1 if chat_key == 1 else None,
            restricted=chat_key == 2,
            gap_seconds=10,
        )
    for account_id in (1, 2):
        tables.accounts.make(
            chat_key=1,
            account_id=account_id,
            created_at=OPENS,
            ig_user_id=f"1784{account_id}",
            username=f"a{account_id}",
        )
    for number in range(1, plan.people, 4):
        tables.members.make(chat_key=2, user_id=11 + number, name="member", role="reviewer")
    tables.members.make(chat_key=2, user_id=NEWCOMER.id, name="member", role="reviewer")
    for number in range(1, plan.items + 1):
        item_id = _queue(tables, number, dice)
        if number % 5 == 0:
            _present(store, telegram, item_id, REVIEW - timedelta(seconds=dice.uniform(5.0, SLOTS_SECONDS)))
    _furnish_quietly(store, telegram, plan, dice)


def queue_now(store: Store) -> None:
    """The operator queues one more story for each group, whose slot is now."""
    for chat in tuple(store.tables.chats.all()):
        queue_story(store, chat.chat_key)


def queue_story(store: Store, chat_key: int) -> tuple[int, int]:
    """A new story whose slot is now; returns its item's key."""
    number = LAST_STORY + sum(1 for _ in store.tables.media.all())
    key = _queue(store.tables, number, Random(0), chat_key)
    item = store.tables.items.get(*key)
    assert item is not None
    store.tables.items.put(replace(item, due_at=store.clock.now(), created_at=store.clock.now()))
    return key


def _furnish_quietly(store: Store, telegram: SimulatedTelegram, plan: Plan, dice: Random) -> None:
    """One item that expires while nobody looks, one that waits for long, one whose slot comes."""
    expires, waits, _ = (_queue(store.tables, plan.items + number, dice, 3) for number in (1, 2, 3))
    left = timedelta(seconds=dice.uniform(30.0, plan.seconds + HEALING_SECONDS))
    _present(store, telegram, expires, REVIEW - left)
    _present(store, telegram, waits, REVIEW / 2)


def _queue(tables: Tables, number: int, dice: Random, chat_key: int | None = None) -> tuple[int, int]:
    chat_key = chat_key or (2 if number % 4 == 0 else 1)
    media_id, item_id = tables.number("media_id"), tables.number("item_id")
    due_at = OPENS + timedelta(seconds=dice.uniform(1.0, SLOTS_SECONDS))
    tables.media.make(
        chat_key=chat_key, media_id=media_id, created_at=OPENS, sha256=f"{number}", title=f"story {number}"
    )
    tables.items.make(chat_key=chat_key, item_id=item_id, media_id=media_id, due_at=due_at, created_at=OPENS)
    return chat_key, item_id


def _present(store: Store, telegram: SimulatedTelegram, key: tuple[int, int], ago: timedelta) -> None:
    """Put an item into review, as a worker of the day before yesterday did."""
    item = store.tables.items.get(*key)
    assert item is not None
    since: dict[str, Any] = {
        "presented_at": OPENS - ago,
        "due_at": OPENS - ago,
        "came_from": "presenting",
        "came_by": "sent",
    }
    store.tables.items.put(replace(item, state="in_review", **since))
    sent = telegram.send(Writer(store.tables, OPENS).known_row(item))
    store.tables.cards.make(
        chat_key=key[0], message_id=sent.message_id, item_id=key[1], sent_at=OPENS - ago, want=0, shown=0
    )
