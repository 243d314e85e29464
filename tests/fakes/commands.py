"""The SQL of commands, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from actors.operations.commands import (
    ChatView,
    CommandKey,
    CommandOutcome,
    LookAtChat,
    MoveChat,
    PauseChat,
    PresentNext,
    Relocation,
    RequeueItem,
    SetAside,
    Told,
)
from tests.fakes import admin as desk
from tests.fakes.changes import note_change
from tests.fakes.records import ChatRecord, ItemRecord
from tests.fakes.resends import SEND_HOLD, UNSENT
from tests.fakes.tables import OPEN
from tests.fakes.writer import Meanings, Writer

CAN_COME_BACK = {"skipped", "expired"}


PAUSES = {"pause", "resume"}


STANDS = {"done", "as_it_was"}


def present_next(writer: Writer, asked: PresentNext) -> Told:
    """Claim the next item now, whatever the gap, the slot or a pause say."""
    chat = writer.tables.chat(asked.key.chat_id)
    if chat is None:
        return Told(CommandOutcome.UNKNOWN_CHAT)
    if _take(writer, chat, asked.key, "next"):
        could = [item for item in _items_of(writer, chat) if _can_be_presented(writer, item)]
        item = _first([item for item in could if item.set_aside is None] or could)
        if item is not None:
            _claim(writer, chat, item, asked.key)
        else:
            sent = _first([item for item in _items_of(writer, chat) if item.state in UNSENT])
            _judge(writer, chat, asked.key, "nothing_waiting" if sent is None else "being_sent", sent)
    else:
        for item in [item for item in _items_of(writer, chat) if _is_ours(writer, item, asked.key)]:
            writer.tables.items.put(replace(item, hold_until=writer.now + SEND_HOLD))
    return _told(writer, chat, asked.key)


def pause_chat(writer: Writer, asked: PauseChat) -> Told:
    """Pause, or go on, unless a later command decided already."""
    chat = writer.tables.chat(asked.key.chat_id)
    if chat is None:
        return Told(CommandOutcome.UNKNOWN_CHAT)
    if _take(writer, chat, asked.key, "pause" if asked.paused else "resume"):
        if any(_is_later(writer, chat, asked.key)):
            _judge(writer, chat, asked.key, "overtaken")
        elif chat.paused == asked.paused:
            _judge(writer, chat, asked.key, "as_it_was")
        else:
            writer.tables.chats.put(replace(chat, paused=asked.paused))
    return _told(writer, chat, asked.key)


def requeue_item(writer: Writer, asked: RequeueItem) -> Told:
    """Bring an item of this chat back, or the one that was skipped or expired last."""
    chat = writer.tables.chat(asked.key.chat_id)
    if chat is None:
        return Told(CommandOutcome.UNKNOWN_CHAT)
    if _take(writer, chat, asked.key, "requeue"):
        item = _wished_back(writer, chat, asked.item_id)
        if item is not None:
            requeue = desk.Requeue(item.item_id, by=asked.key.person.name)
            refusal = desk.requeue_item(writer, requeue)
            _judge(writer, chat, asked.key, refusal or "done", item)
            if refusal is None:
                note_change(writer, (item.chat_key, item.item_id), "requeued", "/requeue")
        else:
            verdict = "nothing_to_requeue" if asked.item_id is None else "unknown_item"
            _judge(writer, chat, asked.key, verdict)
    return _told(writer, chat, asked.key)


def set_aside(writer: Writer, asked: SetAside) -> Told:
    """Take the key as not done, or tell what it holds."""
    chat = writer.tables.chat(asked.key.chat_id)
    if chat is None:
        return Told(CommandOutcome.UNKNOWN_CHAT)
    if _take(writer, chat, asked.key, asked.verb):
        _judge(writer, chat, asked.key, "too_old")
    told = _told(writer, chat, asked.key)
    return replace(told, claimed=False)


def look_at_chat(writer: Writer, asked: LookAtChat) -> ChatView | None:
    """Read what /status and /queue show."""
    chat = writer.tables.chat(asked.chat_id)
    if chat is None:
        return None
    items = _items_of(writer, chat)
    unsent = [item for item in items if item.state in UNSENT]
    open_items = sorted((item for item in items if item.state in OPEN), key=_slot)
    settled = [item for item in items if item.state not in OPEN]
    first, last = _first([item for item in unsent if item.set_aside is None]), max(settled, key=_settled, default=None)
    return ChatView(
        permitted=_may_tap(writer, chat, asked.user_id),
        timezone=chat.timezone,
        live=chat.live,
        paused=chat.paused,
        waiting=len(unsent),
        in_review=len(open_items) - len(unsent),
        cards_lost=sum(writer.card_lost(item) for item in items),
        set_aside=sum(item.state == "waiting" and item.set_aside is not None for item in items),
        refused=chat.refused,
        refused_at=chat.refused_at,
        tried_at=None if chat.refused is None else chat.next_card_at,
        next=None if first is None else writer.known_row(first),
        queue=tuple(writer.known_row(item) for item in open_items[: asked.most]),
        settled=None if last is None else writer.known_row(last),
    )


def _take(writer: Writer, chat: ChatRecord, key: CommandKey, verb: str) -> bool:
    """Take the command's key; False: it was taken before, or the person has no right to it."""
    if writer.tables.commands.get(chat.chat_key, key.message_id) is not None:
        return False
    permitted = _may_tap(writer, chat, key.person.id)
    writer.tables.commands.make(
        chat_key=chat.chat_key,
        message_id=key.message_id,
        verb=verb,
        user_id=key.person.id,
        user_name=key.person.name,
        verdict="done" if permitted else "forbidden",
        at=writer.now,
    )
    return permitted


def _may_tap(writer: Writer, chat: ChatRecord, user_id: int) -> bool:
    member = writer.tables.members.get(chat.chat_key, user_id)
    return not chat.restricted or (member is not None and member.role is not None)


def _judge(writer: Writer, chat: ChatRecord, key: CommandKey, verdict: str, item: ItemRecord | None = None) -> None:
    command = writer.tables.commands.get(chat.chat_key, key.message_id)
    assert command is not None
    item_id = None if item is None else item.item_id
    writer.tables.commands.put(replace(command, verdict=verdict, item_id=item_id))


def _told(writer: Writer, chat: ChatRecord, key: CommandKey) -> Told:
    command = writer.tables.commands.get(chat.chat_key, key.message_id)
    assert command is not None
    if command.item_id is None:
        return Told(CommandOutcome(command.verdict))
    item = writer.tables.items.get(chat.chat_key, command.item_id)
    assert item is not None
    return Told(CommandOutcome(command.verdict), writer.known_row(item), _is_ours(writer, item, key))


def _is_ours(writer: Writer, item: ItemRecord, key: CommandKey) -> bool:
    """Tell whether this key claimed it, and it is still to be sent."""
    return item.state == "presenting" and item.held_by == writer.worker and item.held_key == _held_key(key)


def _held_key(key: CommandKey) -> str:
    return f"next {key.message_id}"


def _claim(writer: Writer, chat: ChatRecord, item: ItemRecord, key: CommandKey) -> None:
    claimed = replace(
        item,
        state="presenting",
        came_from=item.state,
        came_by="claim",
        held_by=writer.worker,
        held_key=_held_key(key),
        hold_until=writer.now + SEND_HOLD,
        lost_sends=0,
        resend_at=None,
        set_aside=None,
    )
    writer.tables.items.put(claimed)
    next_card_at = max(chat.next_card_at, writer.now + timedelta(seconds=chat.gap_seconds))
    writer.tables.chats.put(replace(chat, next_card_at=next_card_at))
    _judge(writer, chat, key, "done", item)


def _can_be_presented(writer: Writer, item: ItemRecord) -> bool:
    if item.state == "presenting":
        return item.hold_until is not None and item.hold_until <= writer.now
    shown = any(not card.gone and not card.retired for card in writer.tables.cards_of(item))
    is_sent_again = item.resend_at is not None and item.resend_at > writer.now
    return item.state == "waiting" or (item.state == "in_review" and not shown and not is_sent_again)


def _is_later(writer: Writer, chat: ChatRecord, key: CommandKey) -> list[bool]:
    return [
        command.message_id > key.message_id and command.verb in PAUSES and command.verdict in STANDS
        for command in writer.tables.commands.all()
        if command.chat_key == chat.chat_key
    ]


def _wished_back(writer: Writer, chat: ChatRecord, item_id: int | None) -> ItemRecord | None:
    if item_id is not None:
        return writer.tables.items.get(chat.chat_key, item_id)
    return max((item for item in _items_of(writer, chat) if item.state in CAN_COME_BACK), key=_settled, default=None)


def _items_of(writer: Writer, chat: ChatRecord) -> list[ItemRecord]:
    return [item for item in writer.tables.items.all() if item.chat_key == chat.chat_key]


def _first(items: list[ItemRecord]) -> ItemRecord | None:
    return min(items, key=_slot, default=None)


def _slot(item: ItemRecord) -> tuple[object, ...]:
    return item.due_at, item.item_id


def _settled(item: ItemRecord) -> tuple[object, ...]:
    assert item.settled_at is not None
    return item.settled_at, item.item_id


SETTLED_LATELY = timedelta(minutes=10)


UNSETTLED = {"in_review", "publishing", "in_doubt"}


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
    moved = replace(moved, refused=None, refused_at=None)
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


MEANINGS: Meanings = {
    LookAtChat: look_at_chat,
    PresentNext: present_next,
    PauseChat: pause_chat,
    RequeueItem: requeue_item,
    SetAside: set_aside,
    MoveChat: move_chat,
}
