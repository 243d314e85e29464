"""The SQL of the operator's queue: what is taken out, and brought back, in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from tests.fakes.changes import note_change
from tests.fakes.records import ItemRecord, LockRecord
from tests.fakes.tables import OPEN, next_state
from tests.fakes.writer import Author, Writer


@dataclass(frozen=True, slots=True)
class Requeue:
    """A request of `by` to bring an item back; without `due_at` now, with `force` past the lock of a posted story."""

    item_id: int
    due_at: datetime | None = None
    force: bool = False
    by: str = "operator"


def operator_queued(writer: Writer, item_id: int) -> None:
    """A new item of the command line: a worker tells it."""
    _tell(writer, item_id, "queued")


def operator_removes(writer: Writer, item_id: int) -> str | None:
    """The same by the command line: a worker tells it."""
    refusal = remove_item(writer, item_id)
    if refusal is None:
        _tell(writer, item_id, "withdrawn")
    return refusal


def operator_requeues(writer: Writer, request: Requeue) -> str | None:
    """The same by the command line: a worker tells it."""
    refusal = requeue_item(writer, request)
    if refusal is None:
        _tell(writer, request.item_id, "requeued")
    return refusal


def remove_item(writer: Writer, item_id: int) -> str | None:
    """Take an item out of the queue; answers why it refuses."""
    item = _find(writer, item_id)
    if item is None:
        return "unknown_item"
    if next_state(item.state, "withdraw") is None:
        return "cannot_withdraw"
    writer.decide(item, "withdraw", Author(name="operator"))
    return None


def requeue_item(writer: Writer, request: Requeue) -> str | None:
    """Start a new round of an item; the cards of the old one are drawn once more, as retired."""
    item = _find(writer, request.item_id)
    if item is None:
        return "unknown_item"
    if item.state == "waiting" and item.set_aside is not None:
        writer.tables.items.put(replace(item, due_at=request.due_at or writer.now, set_aside=None))
        return None
    if next_state(item.state, "requeue") is None:
        return "cannot_requeue"
    if _is_open_elsewhere(writer, item):
        return "queued_already"
    held = _holding_lock(writer, item)
    if held is not None and (held.kind == "rejected" or not request.force):
        return "locked"
    writer.decide(item, "requeue", Author(name=request.by))
    _begin_round(writer, item, request)
    return None


def _begin_round(writer: Writer, item: ItemRecord, request: Requeue) -> None:
    waiting = writer.tables.items.get(item.chat_key, item.item_id)
    assert waiting is not None
    fresh = replace(waiting, presented_at=None, lost_sends=0, hold_until=None, held_by=None, account=None)
    fresh = replace(fresh, set_aside=None)
    writer.tables.items.put(replace(fresh, due_at=request.due_at or writer.now))
    for card in writer.tables.cards_of(item):
        writer.tables.cards.put(replace(card, retired=True))
    skipped = writer.tables.locks.get(item.chat_key, item.media_id, "skipped")
    if skipped is not None and skipped.item_id == item.item_id:
        writer.tables.locks.drop(skipped)


def _tell(writer: Writer, item_id: int, change: str) -> None:
    item = _find(writer, item_id)
    assert item is not None
    note_change(writer, (item.chat_key, item_id), change, "command line")


def _find(writer: Writer, item_id: int) -> ItemRecord | None:
    return next((item for item in writer.tables.items.all() if item.item_id == item_id), None)


def _is_open_elsewhere(writer: Writer, item: ItemRecord) -> bool:
    same = (other for other in writer.tables.items.all() if other.media_id == item.media_id)
    return any(other.state in OPEN and other.item_id != item.item_id for other in same)


def _holding_lock(writer: Writer, item: ItemRecord) -> LockRecord | None:
    """The lock that ends last, a rejection before all; the item's own skip does not count against it."""
    held = [
        lock
        for lock in writer.tables.locks.all()
        if lock.media_id == item.media_id
        and lock.until > writer.now
        and not (lock.kind == "skipped" and lock.item_id == item.item_id)
    ]
    return max(held, key=lambda lock: (lock.kind == "rejected", lock.until), default=None)
