"""The SQL of tokens, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from actors.domain.account import Account, Login
from actors.operations.tokens import ClaimTokens, NoteToken, StoreToken, TokenDue
from tests.fakes.records import AccountRecord
from tests.fakes.writer import Meanings, Writer

HOLD = timedelta(minutes=20)
EARLY = timedelta(days=20)
FIRST_WARNING = timedelta(days=7)
UNKNOWN_AGAIN = timedelta(days=1)
MOST = 50


def claim_tokens(writer: Writer, asked: ClaimTokens) -> tuple[TokenDue, ...]:
    """Claim the accounts whose token wants attention."""
    accounts = sorted(writer.tables.accounts.all(), key=lambda one: (one.chat_key, one.account_id))
    due = [one for one in accounts if _is_free(writer, one, asked.owner) and _wants_attention(writer, one)][:MOST]
    for one in due:
        held = replace(one, token_held_by=asked.owner, token_hold_until=writer.now + HOLD)
        writer.tables.accounts.put(held)
    return tuple(_due(writer, one) for one in due)


def store_token(writer: Writer, asked: StoreToken) -> TokenDue | None:
    """Put a renewed token in the place of the one that it renews."""
    account = _account_of(writer, asked.due)
    before, after, expires_at = asked.due.account.sealed_token, asked.fresh.sealed_token, asked.fresh.expires_at
    if account is None or account.sealed_token not in {before, after}:
        return None
    access = asked.fresh.data_access_ends_at or account.data_access_ends_at
    ends = _first(expires_at, access)
    ends_soon = ends is not None and ends < writer.now + FIRST_WARNING
    renewed = replace(
        account,
        data_access_ends_at=access,
        sealed_token=after,
        token_expires_at=expires_at,
        token_gone=False,
        token_renewed_at=writer.now,
        warned_days=account.warned_days if ends_soon else None,
    )
    writer.tables.accounts.put(renewed)
    return _due(writer, renewed)


def note_token(writer: Writer, asked: NoteToken) -> bool:
    """What is being said of a token, before it is said."""
    account = _account_of(writer, asked.due)
    if account is None or account.token_held_by != asked.owner:
        return False
    if account.sealed_token != asked.due.account.sealed_token:
        return False
    gone = account.token_gone or asked.gone
    writer.tables.accounts.put(replace(account, warned_days=asked.warned_days, token_gone=gone))
    return True


def known_account(account: AccountRecord) -> Account:
    """`sealed_account`: an account, with its token sealed."""
    return Account(account.account_id, account.ig_user_id, account.username, Login(account.login), account.sealed_token)


def access_ends_at(account: AccountRecord) -> datetime | None:
    """`access_ends_at`: the token's end, or that of the access to data."""
    return _first(account.token_expires_at, account.data_access_ends_at)


def _first(*moments: datetime | None) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)


def _account_of(writer: Writer, due: TokenDue) -> AccountRecord | None:
    account = writer.tables.accounts.get(due.chat_key, due.account.id)
    return None if account is None or account.removed else account


def _is_free(writer: Writer, account: AccountRecord, owner: str) -> bool:
    until = account.token_hold_until
    return not account.removed and (until is None or until < writer.now or account.token_held_by == owner)


def _wants_attention(writer: Writer, account: AccountRecord) -> bool:
    if account.token_gone:
        return account.warned_days != 0
    ends = access_ends_at(account)
    unsure = account.token_expires_at is None or (account.login == "instagram" and account.token_renewed_at is None)
    lately = account.token_renewed_at is not None and account.token_renewed_at >= writer.now - UNKNOWN_AGAIN
    return (ends is not None and ends < writer.now + EARLY) or (unsure and not lately)


def _due(writer: Writer, account: AccountRecord) -> TokenDue:
    chat = writer.tables.chats.get(account.chat_key)
    assert chat is not None
    ends = access_ends_at(account)
    return TokenDue(
        chat_key=chat.chat_key,
        chat_id=chat.chat_id,
        topic=chat.topic,
        account=known_account(account),
        seconds_left=None if ends is None else (ends - writer.now).total_seconds(),
        gone=account.token_gone,
        warned_days=account.warned_days,
    )


MEANINGS: Meanings = {
    ClaimTokens: claim_tokens,
    StoreToken: store_token,
    NoteToken: note_token,
}
