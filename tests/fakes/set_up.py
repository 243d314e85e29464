"""The SQL of the set-up, in memory."""

from __future__ import annotations

from collections.abc import Callable

from actors.operations.set_up import LookAtSetUp, SetUp
from tests.fakes.records import ChatRecord
from tests.fakes.writer import Meanings, Writer

MOST = 100


def look_at_set_up(writer: Writer, _: LookAtSetUp) -> SetUp:
    """What of the set-up may be missing."""
    tables = writer.tables
    chats = sorted(tables.chats.all(), key=lambda chat: chat.chat_key)
    roles = {member.chat_key for member in tables.members.all() if member.role is not None}

    def some(which: Callable[[ChatRecord], bool]) -> tuple[int, ...]:
        return tuple(chat.chat_id for chat in chats if which(chat))[:MOST]

    return SetUp(
        accounts=sum(not account.removed for account in tables.accounts.all()),
        live=some(lambda chat: chat.live),
        unconnected=some(lambda chat: chat.live and chat.account_id is None),
        closed=some(lambda chat: chat.restricted and chat.chat_key not in roles),
        zones=tuple(sorted({chat.timezone for chat in chats})),
    )


MEANINGS: Meanings = {
    LookAtSetUp: look_at_set_up,
}
