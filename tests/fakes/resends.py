"""Sends of cards: how long they are held, and the cards that come again once their group has moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from actors.domain.item import Item
from actors.operations.schedule import ClaimDue
from tests.fakes.records import CardFailureRecord, ChatRecord, ItemRecord
from tests.fakes.tables import Tables
from tests.fakes.writer import Writer

SEND_HOLD = timedelta(seconds=60)
UNSENT = {"waiting", "presenting"}


def is_left_behind(item: ItemRecord) -> bool:
    """Tell whether its card is to be sent again."""
    return item.resend_at is not None and item.state not in UNSENT


def resend_at(item: ItemRecord) -> datetime:
    """When at the earliest."""
    assert item.resend_at is not None
    return item.resend_at


def resend(writer: Writer, chat: ChatRecord, key: str | None) -> Item | None:
    """Claim a card that is to be sent again; they come before new ones, and in a paused chat, too."""
    items = [item for item in writer.tables.items.all() if item.chat_key == chat.chat_key]
    left = [item for item in items if is_left_behind(item) and resend_at(item) <= writer.now]
    if not left:
        return None
    item = min(left, key=lambda one: (one.due_at, one.item_id))
    next_card_at = writer.now + timedelta(seconds=chat.gap_seconds)
    writer.tables.chats.put(replace(chat, next_card_at=next_card_at))
    return _hold(writer, replace(item, held_by=writer.worker, held_key=key))


def resend_again(writer: Writer, asked: ClaimDue) -> tuple[Item, ...]:
    """What an earlier attempt of this very look claimed is held anew."""
    claimed = [item for item in writer.tables.items.all() if is_left_behind(item)]
    same = [item for item in claimed if (item.held_by, item.held_key) == (asked.worker, asked.key)]
    return tuple(_hold(writer, item) for item in same if asked.key is not None)


def resend_failed(item: ItemRecord, now: datetime, *, ambiguous: bool) -> ItemRecord:
    """It stays to be sent; after two sends of which nobody knows, only if a person has to decide on it."""
    enough = ambiguous and item.lost_sends >= 1 and item.state not in {"publishing", "in_doubt"}
    sends = item.lost_sends + ambiguous
    return replace(item, held_by=None, lost_sends=sends, resend_at=None if enough else now)


def _hold(writer: Writer, item: ItemRecord) -> Item:
    writer.tables.items.put(replace(item, resend_at=writer.now + SEND_HOLD))
    return writer.known_row(item)


def note_failure(writer: Writer, item: ItemRecord, fate: str, reason: str) -> None:
    """`note_failure`: why a card was not sent; the same reason again is the same line."""
    known = writer.tables.card_failures.get(item.chat_key, item.item_id, fate, reason)
    if known is None:
        failure = CardFailureRecord(item.chat_key, item.item_id, fate, reason, writer.now, writer.now)
    else:
        failure = replace(known, times=known.times + 1, last_at=writer.now)
    writer.tables.card_failures.put(failure)


def item_of(tables: Tables, row: Item) -> ItemRecord:
    item = tables.items.get(row.chat_key, row.id)
    assert item is not None, "an item is never deleted"
    return item


def presented(item: ItemRecord, now: datetime) -> ItemRecord:
    return replace(
        item,
        state="in_review",
        came_from="presenting",
        came_by="sent",
        presented_at=now,
        hold_until=None,
        held_by=None,
    )
