"""The SQL of the look ahead, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from actors.domain.account import Quota
from actors.domain.item import Item
from actors.operations.preflight import LookAhead, Outlook, StoreFinding
from tests.fakes.records import AccountRecord
from tests.fakes.tokens import access_ends_at, known_account
from tests.fakes.writer import Meanings, Writer, connection_of

QUOTA_KEPT = timedelta(minutes=10)


def look_ahead(writer: Writer, asked: LookAhead) -> Outlook:
    """With which account a chat would publish now."""
    chat = writer.tables.chats.get(asked.chat_key)
    active = None if chat is None or chat.account_id is None else chat.account_id
    account = None if active is None else writer.tables.accounts.get(asked.chat_key, active)
    if account is None or account.removed:
        return Outlook(None)
    ends = access_ends_at(account)
    left = None if ends is None else (ends - writer.now).total_seconds()
    connection = connection_of(writer.tables, account.chat_key, account.account_id)
    return Outlook(known_account(account), left, account.token_gone, _quota(writer, account), connection)


def store_finding(writer: Writer, asked: StoreFinding) -> Item | None:
    """Put a finding on the cards, if the item still waits for the decision for which it was made."""
    if asked.quota is not None:
        _keep_quota(writer, asked, asked.quota)
    item = writer.tables.items.get(asked.row.chat_key, asked.row.id)
    if item is None or item.version != asked.row.version or item.state not in {"presenting", "in_review"}:
        return None
    connection = connection_of(writer.tables, item.chat_key, writer.chat_of(item).account_id)
    if asked.known.connection != connection:
        return None
    found = replace(item, preflight=asked.finding, preflight_version=item.version, preflight_connection=connection)
    if found != item:
        item = replace(found, revision=item.revision + 1)
        writer.tables.items.put(item)
    writer.claim_cards(item, item.revision)
    return writer.known_row(item)


def _quota(writer: Writer, account: AccountRecord) -> Quota | None:
    if account.quota_at is None or account.quota_at <= writer.now - QUOTA_KEPT:
        return None
    assert account.quota_used is not None
    assert account.quota_total is not None
    return Quota(account.quota_used, account.quota_total)


def _keep_quota(writer: Writer, asked: StoreFinding, quota: Quota) -> None:
    account = writer.tables.accounts.get(asked.row.chat_key, asked.account_id)
    if account is not None:
        counted = replace(account, quota_used=quota.used, quota_total=quota.total, quota_at=writer.now)
        writer.tables.accounts.put(counted)


MEANINGS: Meanings = {
    LookAhead: look_ahead,
    StoreFinding: store_finding,
}
