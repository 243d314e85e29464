"""The meaning of migrations/0003_schedule.sql, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from actors.domain.item import Row, State
from actors.operations.operation import ClaimDue, Due, KeepClaim, SaveCard, SendFailed, StoreOutcome
from tests.fakes.changes import claim_changes, note_change
from tests.fakes.moves import is_left_behind, resend, resend_again, resend_at, resend_failed
from tests.fakes.records import CardFailureRecord, CardRecord, ChatRecord, ItemRecord
from tests.fakes.tables import Tables, next_state
from tests.fakes.writer import Author, Writer

SEND_HOLD = timedelta(seconds=60)
FIRST_REST_SECONDS = 15.0


def claim_due(writer: Writer, asked: ClaimDue) -> Due:
    """Expire what nobody tapped, then claim one due item for each chat that is allowed a card now."""
    known = tuple(_hold_again(writer, item) for item in writer.tables.items.all() if _was_claimed_by(item, asked))
    known += resend_again(writer, asked)
    expired = tuple(_expire(writer, item) for item in _overripe(writer))
    allowed = [chat for chat in writer.tables.chats.all() if chat.next_card_at <= writer.now]
    present, lost = list[Row](), list[Row]()
    for chat in allowed:
        row = resend(writer, chat, asked.key)
        claimed = None if row is not None else _claim(writer, chat, asked.key)
        present += [one for one in (row, claimed) if one is not None and one is not _lost(claimed)]
        lost += [one for one in (_lost(claimed),) if one is not None]
    changes = claim_changes(writer, asked)
    return Due((*known, *present), expired, _next_seconds(writer), tuple(lost), changes)


def _lost(claimed: Row | None) -> Row | None:
    """The item, if its second send was lost with its worker: it counts as presented."""
    return claimed if claimed is not None and claimed.state is State.IN_REVIEW else None


def save_card(writer: Writer, asked: SaveCard) -> Row:
    """The card is in the chat; a tap that was faster keeps its effect."""
    item = replace(_item(writer.tables, asked.row), resend_at=None)
    if writer.chat_of(item).chat_id != asked.row.chat_id:
        return _sent_to_the_old_group(writer, asked.row)
    writer.tables.items.put(item)
    if item.state == "presenting":
        writer.tables.items.put(_presented(item, writer.now))
    shown = asked.row.revision
    card = writer.tables.cards.get(item.chat_key, asked.message_id)
    if card is None:
        card = CardRecord(item.chat_key, asked.message_id, item.item_id, writer.now)
    want = max(card.want, item.revision, shown)
    card = replace(card, item_id=item.item_id)
    writer.tables.cards.put(replace(card, want=want, shown=max(card.shown, shown)))
    media, chat = writer.media_of(item), writer.chat_of(item)
    writer.tables.media.put(replace(media, file_id=media.file_id if asked.file_id is None else asked.file_id))
    writer.tables.chats.put(replace(chat, failed_sends=0))
    if item.revision > shown:
        writer.claim_cards(item, item.revision)
    return writer.known_row(item)


def send_failed(writer: Writer, asked: SendFailed) -> Row:
    """The card was not sent, or nobody knows: the item keeps its place, its chat rests."""
    item = _item(writer.tables, asked.row)
    if item.held_by == asked.worker and (item.state == "presenting" or is_left_behind(item)):
        fate = "lost" if asked.ambiguous else "refused" if asked.refused else "not_sent"
        note_failure(writer, item, fate, asked.reason)
    if item.state == "presenting" and item.held_by == asked.worker:
        _rest(writer, asked)
        writer.tables.items.put(_not_sent(item, writer.now, ambiguous=asked.ambiguous))
    elif is_left_behind(item) and item.held_by == asked.worker:
        _rest(writer, asked)
        writer.tables.items.put(resend_failed(item, writer.now, ambiguous=asked.ambiguous))
    return writer.known_row(item)


def note_failure(writer: Writer, item: ItemRecord, fate: str, reason: str) -> None:
    """`note_failure`: why a card was not sent; the same reason again is the same line."""
    known = writer.tables.card_failures.get(item.chat_key, item.item_id, fate, reason)
    if known is None:
        failure = CardFailureRecord(item.chat_key, item.item_id, fate, reason, writer.now, writer.now)
    else:
        failure = replace(known, times=known.times + 1, last_at=writer.now)
    writer.tables.card_failures.put(failure)


def keep_claim(writer: Writer, asked: KeepClaim) -> bool:
    """The card is still on its way; false: somebody decided the item, or took it over."""
    item = _item(writer.tables, asked.row)
    until = writer.now + SEND_HOLD
    if item.held_by != asked.worker:
        return False
    if item.state == "presenting":
        writer.tables.items.put(replace(item, hold_until=until))
    elif is_left_behind(item):
        writer.tables.items.put(replace(item, resend_at=until))
    else:
        return False
    return True


def store_outcome(writer: Writer, asked: StoreOutcome) -> Row:
    """How a publish ended; whoever settled the item meanwhile keeps it."""
    item, step = _item(writer.tables, asked.row), asked.step.value
    target = next_state(item.state, step)
    if item.version == asked.row.version and target is not None:
        writer.decide(item, step, Author(item.settled_by, item.settled_name, None, asked.sentence))
        writer.count_and_lock(item, target)
    else:
        writer.claim_cards(item, item.revision)
    return writer.known_row(item)


def _sent_to_the_old_group(writer: Writer, row: Row) -> Row:
    """It is no card: the hold runs out, and the next one goes to the new group."""
    item = _item(writer.tables, row)
    if item.state == "presenting":
        writer.tables.items.put(replace(item, lost_sends=0))
    return writer.known_row(item)


def _item(tables: Tables, row: Row) -> ItemRecord:
    item = tables.items.get(row.chat_key, row.id)
    assert item is not None, "an item is never deleted"
    return item


def _overripe(writer: Writer) -> list[ItemRecord]:
    overripe = [item for item in writer.tables.items.all() if _expires_at(writer, item) < writer.now]
    return sorted(overripe, key=lambda item: item.presented_at or writer.now)[:100]


def _expires_at(writer: Writer, item: ItemRecord) -> datetime:
    if item.state != "in_review" or item.presented_at is None:
        return datetime.max.replace(tzinfo=writer.now.tzinfo)
    return item.presented_at + timedelta(hours=writer.chat_of(item).review_hours)


def _expire(writer: Writer, item: ItemRecord) -> Row:
    note = "Nobody could tap: its card could not be shown." if writer.card_lost(item) else None
    writer.decide(item, "expire", Author(note=note))
    note_change(writer, (item.chat_key, item.item_id), "expired", note or "nobody tapped")
    return writer.known_row(item)


def _was_claimed_by(item: ItemRecord, asked: ClaimDue) -> bool:
    """Tell whether an earlier attempt of this very look claimed the item."""
    same = item.held_by == asked.worker and item.held_key == asked.key
    return asked.key is not None and item.state == "presenting" and same


def _hold_again(writer: Writer, item: ItemRecord) -> Row:
    writer.tables.items.put(replace(item, hold_until=writer.now + SEND_HOLD))
    return writer.known_row(item)


def _claim(writer: Writer, chat: ChatRecord, key: str | None) -> Row | None:
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
    writer.tables.items.put(_presented(claimed, writer.now) if enough else claimed)
    writer.tables.chats.put(replace(chat, next_card_at=writer.now + timedelta(seconds=chat.gap_seconds)))
    if again and item.held_by is not None:
        note_failure(writer, item, "lost", "its worker ended before it knew")
    return writer.known_row(item)


def _is_due(item: ItemRecord, now: datetime) -> bool:
    if item.state == "waiting":
        return item.due_at <= now
    return item.state == "presenting" and item.hold_until is not None and item.hold_until <= now


def _presented(item: ItemRecord, now: datetime) -> ItemRecord:
    return replace(
        item,
        state="in_review",
        came_from="presenting",
        came_by="sent",
        presented_at=now,
        hold_until=None,
        held_by=None,
    )


def _not_sent(item: ItemRecord, now: datetime, *, ambiguous: bool) -> ItemRecord:
    if not ambiguous:
        kept = replace(item, hold_until=None, held_by=None)
        return replace(kept, state="waiting", came_from="presenting", came_by="send_failed")
    if item.lost_sends >= 1:
        return replace(_presented(item, now), lost_sends=item.lost_sends + 1)
    return replace(item, hold_until=now, held_by=None)


def _rest(writer: Writer, asked: SendFailed) -> None:
    """Hold the chat back; a failure in the old group says nothing of the new one."""
    chat = writer.tables.chat(asked.row.chat_id)
    if chat is None:
        return
    seconds = asked.pause_seconds or FIRST_REST_SECONDS * 2 ** min(chat.failed_sends, 7)
    until = max(chat.next_card_at, writer.now + timedelta(seconds=seconds))
    writer.tables.chats.put(replace(chat, failed_sends=chat.failed_sends + 1, next_card_at=until))


def _next_seconds(writer: Writer) -> float | None:
    moments = list(_moments(writer))
    return max(0.0, (min(moments) - writer.now).total_seconds()) if moments else None


def _moments(writer: Writer) -> Iterator[datetime]:
    for change in writer.tables.item_changes.all():
        yield change.told_until or writer.now
    for item in writer.tables.items.all():
        chat = writer.chat_of(item)
        if item.state == "waiting" and not chat.paused:
            yield max(item.due_at, chat.next_card_at)
        elif item.state == "presenting" and not chat.paused and item.hold_until is not None:
            yield max(item.hold_until, chat.next_card_at)
        elif item.state == "in_review":
            yield _expires_at(writer, item)
        if is_left_behind(item):
            yield max(resend_at(item), chat.next_card_at)
