"""The SQL of the schedule, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from actors.domain.item import Item, State
from actors.operations.schedule import ChangesTold, ClaimDue, Due, StoreOutcome
from tests.fakes.changes import changes_told, claim_changes, note_change
from tests.fakes.records import ChatRecord, ItemRecord
from tests.fakes.resends import (
    SEND_HOLD,
    is_left_behind,
    item_of,
    note_failure,
    presented,
    resend,
    resend_again,
    resend_at,
)
from tests.fakes.tables import next_state
from tests.fakes.writer import Author, Meanings, Writer


def claim_due(writer: Writer, asked: ClaimDue) -> Due:
    """Expire what nobody tapped, then claim one due item for each chat that is allowed a card now."""
    known = tuple(_hold_again(writer, item) for item in writer.tables.items.all() if _was_claimed_by(item, asked))
    known += resend_again(writer, asked)
    expired = tuple(_expire(writer, item) for item in _overripe(writer))
    allowed = [chat for chat in writer.tables.chats.all() if chat.next_card_at <= writer.now]
    present, lost = list[Item](), list[Item]()
    for chat in allowed:
        row = resend(writer, chat, asked.key)
        claimed = None if row is not None else _claim(writer, chat, asked.key)
        present += [one for one in (row, claimed) if one is not None and one is not _lost(claimed)]
        lost += [one for one in (_lost(claimed),) if one is not None]
    changes = claim_changes(writer, asked)
    return Due((*known, *present), expired, _next_seconds(writer), tuple(lost), changes)


def _lost(claimed: Item | None) -> Item | None:
    """The item, if its second send was lost with its worker: it counts as presented."""
    return claimed if claimed is not None and claimed.state is State.IN_REVIEW else None


def store_outcome(writer: Writer, asked: StoreOutcome) -> Item:
    """How a publish ended; whoever settled the item meanwhile keeps it."""
    item, step = item_of(writer.tables, asked.row), asked.action.value
    target = next_state(item.state, step)
    if item.version == asked.row.version and target is not None:
        writer.decide(item, step, Author(item.settled_by, item.settled_name, None, asked.sentence))
        writer.count_and_lock(item, target)
    else:
        writer.claim_cards(item, item.revision)
    return writer.known_row(item)


def _overripe(writer: Writer) -> list[ItemRecord]:
    overripe = [item for item in writer.tables.items.all() if _expires_at(writer, item) < writer.now]
    return sorted(overripe, key=lambda item: item.presented_at or writer.now)[:100]


def _expires_at(writer: Writer, item: ItemRecord) -> datetime:
    if item.state != "in_review" or item.presented_at is None:
        return datetime.max.replace(tzinfo=writer.now.tzinfo)
    return item.presented_at + timedelta(hours=writer.chat_of(item).review_hours)


def _expire(writer: Writer, item: ItemRecord) -> Item:
    note = "Nobody could tap: its card could not be shown." if writer.card_lost(item) else None
    writer.decide(item, "expire", Author(note=note))
    note_change(writer, (item.chat_key, item.item_id), "expired", note or "nobody tapped")
    return writer.known_row(item)


def _was_claimed_by(item: ItemRecord, asked: ClaimDue) -> bool:
    """Tell whether an earlier attempt of this very look claimed the item."""
    same = item.held_by == asked.worker and item.held_key == asked.key
    return asked.key is not None and item.state == "presenting" and same


def _hold_again(writer: Writer, item: ItemRecord) -> Item:
    writer.tables.items.put(replace(item, hold_until=writer.now + SEND_HOLD))
    return writer.known_row(item)


def _claim(writer: Writer, chat: ChatRecord, key: str | None) -> Item | None:
    due = [item for item in writer.tables.items.all() if item.chat_key == chat.chat_key and _is_due(item, writer.now)]
    if chat.paused or not due:
        return None
    item = min(due, key=lambda one: (one.due_at, one.item_id))
    again = item.state == "presenting"
    claimed = replace(
        item,
        state="presenting",
        came_from=item.state,
        came_by="claim",
        held_by=writer.worker,
        held_key=key,
        hold_until=writer.now + SEND_HOLD,
        lost_sends=item.lost_sends + again,
    )
    enough = again and item.lost_sends >= 1
    writer.tables.items.put(presented(claimed, writer.now) if enough else claimed)
    writer.tables.chats.put(replace(chat, next_card_at=writer.now + timedelta(seconds=chat.gap_seconds)))
    if again and item.held_by is not None:
        note_failure(writer, item, "lost", "its worker ended before it knew")
    return writer.known_row(item)


def _is_due(item: ItemRecord, now: datetime) -> bool:
    if item.set_aside is not None:
        return False
    if item.state == "waiting":
        return item.due_at <= now
    return item.state == "presenting" and item.hold_until is not None and item.hold_until <= now


def _next_seconds(writer: Writer) -> float | None:
    moments = list(_moments(writer))
    return max(0.0, (min(moments) - writer.now).total_seconds()) if moments else None


def _moments(writer: Writer) -> Iterator[datetime]:
    for change in writer.tables.item_changes.all():
        yield change.told_until or writer.now
    for item in writer.tables.items.all():
        chat = writer.chat_of(item)
        if item.state == "waiting" and item.set_aside is None and not chat.paused:
            yield max(item.due_at, chat.next_card_at)
        elif item.state == "presenting" and not chat.paused and item.hold_until is not None:
            yield max(item.hold_until, chat.next_card_at)
        elif item.state == "in_review":
            yield _expires_at(writer, item)
        if is_left_behind(item):
            yield max(resend_at(item), chat.next_card_at)


MEANINGS: Meanings = {
    ClaimDue: claim_due,
    ChangesTold: changes_told,
    StoreOutcome: store_outcome,
}
