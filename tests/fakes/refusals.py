"""The SQL of refused cards, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from actors.domain.item import Item
from actors.operations.refusals import ChatPause, PauseRefusedChat, ReopenChat, SetStoryAside
from tests.fakes.records import ItemRecord
from tests.fakes.resends import is_left_behind, item_of, note_failure
from tests.fakes.writer import Meanings, Writer

FIRST_PAUSE = timedelta(minutes=1)
DOUBT_AGAIN = timedelta(hours=1)


def set_story_aside(writer: Writer, asked: SetStoryAside) -> Item:
    """The schedule passes it over; a doubt, which has to be decided on a card, is tried again."""
    item = item_of(writer.tables, asked.row)
    if _is_held(item, asked.worker):
        note_failure(writer, item, "refused", asked.reason)
        doubtful = item.state in {"publishing", "in_doubt"}
        again = writer.now + DOUBT_AGAIN if doubtful else None
        writer.tables.items.put(replace(_given_back(item), set_aside=asked.reason, resend_at=again))
    return writer.known_row(item)


def pause_refused_chat(writer: Writer, asked: PauseRefusedChat) -> ChatPause:
    """Its chat pauses; the item keeps its place."""
    item, begins = item_of(writer.tables, asked.row), False
    if _is_held(item, asked.worker):
        note_failure(writer, item, "refused", asked.reason)
        chat = writer.tables.chat(asked.row.chat_id)
        begins = chat is not None and chat.refused is None
        if chat is not None:
            until = max(chat.next_card_at, writer.now + FIRST_PAUSE * 2 ** min(chat.failed_sends, 6))
            paused = replace(chat, refused=asked.reason, refused_at=chat.refused_at or writer.now)
            writer.tables.chats.put(replace(paused, failed_sends=chat.failed_sends + 1, next_card_at=until))
        again = writer.now if is_left_behind(item) else None
        writer.tables.items.put(replace(_given_back(item), resend_at=again))
    return ChatPause(writer.known_row(item), begins)


def reopen_chat(writer: Writer, asked: ReopenChat) -> bool:
    """What was refused there is tried now."""
    chat = writer.tables.chat(asked.chat_id)
    if chat is None:
        return False
    refused = [
        card
        for card in writer.tables.cards.all()
        if card.chat_key == chat.chat_key and card.refusals and card.claimed_by is None
    ]
    for card in refused:
        writer.tables.cards.put(replace(card, refusals=0, claimed_until=None))
    if chat.refused is not None:
        soon = min(chat.next_card_at, writer.now + timedelta(seconds=chat.gap_seconds))
        reopened = replace(chat, refused=None, refused_at=None, failed_sends=0, next_card_at=soon)
        writer.tables.chats.put(reopened)
    return chat.refused is not None or bool(refused)


def _is_held(item: ItemRecord, worker: str) -> bool:
    return item.held_by == worker and (item.state == "presenting" or is_left_behind(item))


def _given_back(item: ItemRecord) -> ItemRecord:
    if item.state != "presenting":
        return replace(item, held_by=None)
    kept = replace(item, hold_until=None, held_by=None)
    return replace(kept, state="waiting", came_from="presenting", came_by="send_failed")


MEANINGS: Meanings = {
    SetStoryAside: set_story_aside,
    PauseRefusedChat: pause_refused_chat,
    ReopenChat: reopen_chat,
}
