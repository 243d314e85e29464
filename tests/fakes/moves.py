"""The meaning of migrations/0017_groups_that_move.sql, in memory: the move, and the cards that come again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from actors.domain.item import Row
from actors.operations.commands import MoveChat, Relocation
from actors.operations.operation import ClaimDue
from tests.fakes.changes import note_change
from tests.fakes.records import ChatRecord, ItemRecord
from tests.fakes.writer import Writer

SEND_HOLD = timedelta(seconds=60)
SETTLED_LATELY = timedelta(minutes=10)
UNSETTLED = {"in_review", "publishing", "in_doubt"}
UNSENT = {"waiting", "presenting"}


def move_chat(writer: Writer, asked: MoveChat) -> Relocation:
    """Give a chat its new id; its old messages are forgotten, and the cards that people need come again."""
    chat, there = writer.tables.chat(asked.old_id), writer.tables.chat(asked.new_id)
    if chat is None:
        before = there is not None and there.moved_from == asked.old_id
        return Relocation.MOVED_BEFORE if before else Relocation.UNKNOWN_CHAT
    if there is not None:
        return Relocation.TAKEN
    for other in [other for other in writer.tables.chats.all() if other.moved_from == asked.old_id]:
        writer.tables.chats.put(replace(other, moved_from=None))
    next_card_at = min(chat.next_card_at, writer.now + timedelta(seconds=chat.gap_seconds))
    moved = replace(chat, chat_id=asked.new_id, moved_from=asked.old_id, failed_sends=0, next_card_at=next_card_at)
    writer.tables.chats.put(moved)
    for item in [item for item in writer.tables.items.all() if item.chat_key == chat.chat_key]:
        if item.state in UNSETTLED or _settled_unseen(writer, item):
            writer.tables.items.put(replace(item, resend_at=writer.now, lost_sends=0))
            note_change(writer, (item.chat_key, item.item_id), "moved", "the group became a supergroup")
    _forget_messages(writer, chat)
    return Relocation.MOVED


def _settled_unseen(writer: Writer, item: ItemRecord) -> bool:
    """Tell whether it was settled lately, and a card of it may not have said so yet."""
    if item.state in UNSENT or item.settled_at is None or item.settled_at <= writer.now - SETTLED_LATELY:
        return False
    return any(card.shown < card.want or card.gone for card in writer.tables.cards_of(item))


def _forget_messages(writer: Writer, chat: ChatRecord) -> None:
    for card in [card for card in writer.tables.cards.all() if card.chat_key == chat.chat_key]:
        writer.tables.cards.drop(card)
    for command in [command for command in writer.tables.commands.all() if command.chat_key == chat.chat_key]:
        writer.tables.commands.drop(command)


def is_left_behind(item: ItemRecord) -> bool:
    """Tell whether its card is to be sent again."""
    return item.resend_at is not None and item.state not in UNSENT


def resend_at(item: ItemRecord) -> datetime:
    """When at the earliest."""
    assert item.resend_at is not None
    return item.resend_at


def resend(writer: Writer, chat: ChatRecord, key: str | None) -> Row | None:
    """Claim a card that is to be sent again; they come before new ones, and in a paused chat, too."""
    items = [item for item in writer.tables.items.all() if item.chat_key == chat.chat_key]
    left = [item for item in items if is_left_behind(item) and resend_at(item) <= writer.now]
    if not left:
        return None
    item = min(left, key=lambda one: (one.due_at, one.item_id))
    next_card_at = writer.now + timedelta(seconds=chat.gap_seconds)
    writer.tables.chats.put(replace(chat, next_card_at=next_card_at))
    return _hold(writer, replace(item, held_by=writer.worker, held_key=key))


def resend_again(writer: Writer, asked: ClaimDue) -> tuple[Row, ...]:
    """What an earlier attempt of this very look claimed is held anew."""
    claimed = [item for item in writer.tables.items.all() if is_left_behind(item)]
    same = [item for item in claimed if (item.held_by, item.held_key) == (asked.worker, asked.key)]
    return tuple(_hold(writer, item) for item in same if asked.key is not None)


def resend_failed(item: ItemRecord, now: datetime, *, ambiguous: bool) -> ItemRecord:
    """It stays to be sent; after two sends of which nobody knows, only if a person has to decide on it."""
    enough = ambiguous and item.lost_sends >= 1 and item.state not in {"publishing", "in_doubt"}
    sends = item.lost_sends + ambiguous
    return replace(item, held_by=None, lost_sends=sends, resend_at=None if enough else now)


def _hold(writer: Writer, item: ItemRecord) -> Row:
    writer.tables.items.put(replace(item, resend_at=writer.now + SEND_HOLD))
    return writer.known_row(item)
