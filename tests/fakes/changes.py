"""The SQL of the changes that are to be told, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from actors.domain.item import State
from actors.operations.schedule import ChangesTold, ClaimDue, ItemChange
from tests.fakes.records import ItemChangeRecord
from tests.fakes.writer import Writer

TELLING = timedelta(seconds=60)
MOST = 200  # a look


def note_change(writer: Writer, key: tuple[int, int], change: str, cause: str) -> None:
    """Keep a change for the log."""
    item = writer.tables.items.get(*key)
    assert item is not None
    number = writer.tables.number("number")
    said = {"change": change, "cause": cause, "state": item.state, "version": item.version}
    writer.tables.item_changes.make(chat_key=item.chat_key, number=number, item_id=item.item_id, **said)


def claim_changes(writer: Writer, asked: ClaimDue) -> tuple[ItemChange, ...]:
    """Give out what is to be told; asked again with the same key, the same."""
    kept = sorted(writer.tables.item_changes.all(), key=lambda one: (one.chat_key, one.number))
    return tuple(_claim(writer, one, asked) for one in [one for one in kept if _is_free(writer, one, asked)][:MOST])


def changes_told(writer: Writer, asked: ChangesTold) -> int:
    """Forget what was told."""
    told = [one for one in writer.tables.item_changes.all() if (one.told_by, one.told_key) == (asked.worker, asked.key)]
    for one in told:
        writer.tables.item_changes.drop(one)
    return len(told)


def _is_free(writer: Writer, change: ItemChangeRecord, asked: ClaimDue) -> bool:
    same = asked.key is not None and (change.told_by, change.told_key) == (asked.worker, asked.key)
    return same or change.told_until is None or change.told_until < writer.now


def _claim(writer: Writer, change: ItemChangeRecord, asked: ClaimDue) -> ItemChange:
    by_another = change.told_by not in {None, asked.worker}
    until = writer.now + TELLING
    writer.tables.item_changes.put(replace(change, told_by=asked.worker, told_key=asked.key, told_until=until))
    chat = writer.tables.chats.get(change.chat_key)
    assert chat is not None
    return ItemChange(
        chat_key=change.chat_key,
        number=change.number,
        chat_id=chat.chat_id,
        item_id=change.item_id,
        change=change.change,
        cause="recovered" if by_another else change.cause,
        state=State(change.state),
        version=change.version,
    )
