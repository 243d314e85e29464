"""The SQL of the connections of accounts, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from actors.domain.item import Item
from tests.fakes.records import AccountRecord, ItemRecord
from tests.fakes.writer import Writer, connection_of

SHOWN = {"presenting", "in_review", "in_doubt"}
REDRAW = timedelta(seconds=30)
MOST = 200  # a look


def outdate(writer: Writer) -> tuple[Item, ...]:
    """What cards say of a connection that was replaced since; returns the items whose cards were not behind before."""
    items = sorted(writer.tables.items.all(), key=lambda item: (item.chat_key, item.item_id))
    outdated = [item for item in items if item.state in SHOWN and (_finding(writer, item) or _note(writer, item))]
    again = list[Item]()
    for item in outdated[:MOST]:
        told = replace(
            item,
            revision=item.revision + 1,
            preflight_version=None if _finding(writer, item) else item.preflight_version,
            note=item.note_once_connected if _note(writer, item) else item.note,
            note_version=None if _note(writer, item) else item.note_version,
        )
        writer.tables.items.put(told)
        behind = any(card.shown < card.want and not card.gone for card in writer.tables.cards_of(item))
        Writer(writer.tables, writer.now, None if behind else writer.worker).claim_cards(told, told.revision)
        if not behind:
            _give_time(writer, told)
            again.append(writer.known_row(told))
    return tuple(again)


def _give_time(writer: Writer, item: ItemRecord) -> None:
    for card in writer.tables.cards_of(item):
        if not card.retired:
            writer.tables.cards.put(replace(card, claimed_until=writer.now + REDRAW))


def _finding(writer: Writer, item: ItemRecord) -> bool:
    connection = connection_of(writer.tables, item.chat_key, writer.chat_of(item).account_id)
    return item.preflight_version == item.version and item.preflight_connection != connection


def _note(writer: Writer, item: ItemRecord) -> bool:
    account = _account_in_charge(writer, item)
    if item.note_version != item.version or account is None or account.removed or account.token_gone:
        return False
    ends = [end for end in (account.token_expires_at, account.data_access_ends_at) if end is not None]
    if any(end <= writer.now for end in ends):
        return False
    return item.note_connection != connection_of(writer.tables, item.chat_key, account.account_id)


def _account_in_charge(writer: Writer, item: ItemRecord) -> AccountRecord | None:
    account_id = writer.chat_of(item).account_id
    if item.state == "in_doubt":
        publish = writer.tables.publishes.get(item.chat_key, item.item_id, item.version - 1)
        account_id = None if publish is None else publish.account_id
    return None if account_id is None else writer.tables.accounts.get(item.chat_key, account_id)
