"""The meaning of migrations/0004_cards_and_leases.sql, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from actors.domain.item import Row
from actors.operations.operation import (
    AcknowledgeCards,
    HoldLease,
    LeaseView,
    Recover,
    Recoverable,
    ReleaseLease,
    Shown,
    Standing,
    TidyUp,
    WriteInteractions,
)
from tests.fakes.connections import outdate
from tests.fakes.publishes import RUNS, claim_left_behind, is_published_by_saga
from tests.fakes.records import BatchRecord, CardRecord, ItemRecord, LeaseRecord
from tests.fakes.tables import Table
from tests.fakes.writer import PUBLISH_HOLD, Writer

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COMPANY = timedelta(seconds=30)
REDRAW = timedelta(seconds=30)
SETTLED_LATELY = timedelta(minutes=10)
KEPT = timedelta(days=30)
COMMANDS_KEPT = timedelta(days=2)
BITE = 5000
MOST_BEHIND = 200  # a look
MOST_ONCE_MORE, ONCE_MORE_AGAIN = 5, timedelta(minutes=1)
DISTURBED = -2


def acknowledge_cards(writer: Writer, asked: AcknowledgeCards) -> int:
    """Store what cards show; a claim that was lost means that the card must be drawn again."""
    return sum(_acknowledge(writer, shown) for shown in _newest(asked.shown))


def recover(writer: Writer, asked: Recover) -> Recoverable:
    """Claim the cards that may lie and the publishes that nobody works on."""
    again = outdate(writer)
    free = [card for card in writer.tables.cards.all() if _is_free(writer, card)]
    left = sorted(filter(_is_behind, free), key=lambda card: card.claimed_until or EPOCH)[:MOST_BEHIND]
    behind = _claim_cards(writer, left)
    if asked.everything:
        doubtful = [card for card in free if card.shown >= card.want and _may_lie(writer, card)]
        again += _claim_cards(writer, [replace(card, shown=-1) for card in doubtful])
    again += _claim_cards(writer, _once_more(writer))
    return Recoverable(behind, again, (*_claim_publishes(writer), *claim_left_behind(writer)), _next_seconds(writer))


def hold_lease(writer: Writer, asked: HoldLease) -> LeaseView:
    """Take or renew the lease, or register as standby of whoever holds it."""
    until = writer.now + timedelta(seconds=asked.seconds)
    cut = writer.now + timedelta(seconds=asked.cut_seconds)
    lease = writer.tables.leases.get(asked.name)
    if lease is None:
        lease = LeaseRecord(asked.name, asked.worker, until)
    elif lease.owner == asked.worker:
        lease = replace(lease, expires_at=min(until, cut) if _has_company(lease, writer.now) else until)
    elif lease.expires_at < writer.now:
        lease = replace(lease, owner=asked.worker, token=lease.token + 1, standby=None, expires_at=until)
    else:
        lease = replace(lease, standby=asked.worker, standby_at=writer.now, expires_at=min(lease.expires_at, cut))
    writer.tables.leases.put(lease)
    return _view(lease, asked.worker, writer.now)


def release_lease(writer: Writer, asked: ReleaseLease) -> bool:
    """Give the lease back, if it is ours."""
    lease = writer.tables.leases.get(asked.name)
    if lease is None or lease.owner != asked.worker:
        return False
    writer.tables.leases.put(replace(lease, expires_at=writer.now - timedelta(seconds=1)))
    return True


def write_interactions(writer: Writer, asked: WriteInteractions) -> int:
    """Store a batch once; lines of unknown chats are dropped."""
    if writer.tables.interaction_batches.get(asked.batch) is not None:
        return 0
    writer.tables.interaction_batches.put(BatchRecord(asked.batch, writer.now))
    known = [(chat, line) for line in asked.lines if (chat := writer.tables.chat_known_as(line.chat_id)) is not None]
    for chat, line in known:
        writer.tables.interactions.make(
            chat_key=chat.chat_key,
            id=writer.tables.number("id"),
            kind=line.kind,
            user_id=line.user_id,
            user_name=line.user_name,
            item_id=line.item_id,
            tap_id=line.tap_id,
            at=EPOCH + timedelta(milliseconds=line.at_ms),
        )
    return len(known)


def tidy_up(writer: Writer, _: TidyUp) -> int:
    """Delete what has outlived its use."""
    tables = writer.tables
    return (
        _delete(tables.interactions, lambda line: line.at < writer.now - KEPT)
        + _delete(tables.taps, lambda tap: tap.at < writer.now - KEPT)
        + _delete(tables.commands, lambda command: command.at < writer.now - COMMANDS_KEPT)
        + _delete(tables.interaction_batches, lambda batch: batch.at < writer.now - timedelta(days=1))
    )


def _newest(said: tuple[Shown, ...]) -> list[Shown]:
    """One line a card: the newest revision, and gone if any line says so."""
    newest: dict[tuple[int, int], Shown] = {}
    for shown in said:
        key = (shown.card.chat_key, shown.card.message_id)
        before = newest.get(key, shown)
        newest[key] = replace(shown, revision=max(shown.revision, before.revision), gone=shown.gone or before.gone)
    return list(newest.values())


def _acknowledge(writer: Writer, said: Shown) -> bool:
    """Store one line; answers whether the claim was lost."""
    card = writer.tables.cards.get(said.card.chat_key, said.card.message_id)
    chat = writer.tables.chats.get(said.card.chat_key)
    if card is None or chat is None or chat.chat_id != said.card.chat_id:
        return False
    mine, gone = card.claimed_by == writer.worker, card.gone or said.gone
    known = card.claimed_by is None and card.shown == said.revision
    if mine and (card.shown == DISTURBED or said.revision < 0):
        writer.tables.cards.put(replace(card, gone=gone, shown=-1, claimed_by=None, claimed_until=None))
        return True
    if not mine and not known:
        # The holder of the claim may have drawn before us: his next acknowledgement counts for nothing, either.
        shown = -1 if card.claimed_by is None else DISTURBED
        writer.tables.cards.put(replace(card, gone=gone, shown=shown))
        return True
    shown = max(card.shown, said.revision)
    if said.revision >= card.want:
        card = replace(card, claimed_by=None, claimed_until=None)
    writer.tables.cards.put(replace(card, gone=gone, shown=shown))
    return False


def _is_behind(card: CardRecord) -> bool:
    return card.shown < card.want and not card.gone


def _is_free(writer: Writer, card: CardRecord) -> bool:
    return card.claimed_until is None or card.claimed_until < writer.now


def _may_lie(writer: Writer, card: CardRecord) -> bool:
    item = writer.tables.items.get(card.chat_key, card.item_id)
    assert item is not None
    lately = item.settled_at is not None and item.settled_at > writer.now - SETTLED_LATELY
    return not card.gone and not card.retired and (item.state in {"in_review", "publishing", "in_doubt"} or lately)


def _claim_cards(writer: Writer, cards: list[CardRecord]) -> tuple[Row, ...]:
    for card in cards:
        writer.tables.cards.put(replace(writer.claim(card), claimed_until=writer.now + REDRAW))
    keys = sorted({(card.chat_key, card.item_id) for card in cards})
    return tuple(row for key in keys if (row := writer.row(*key)) is not None)


def _once_more(writer: Writer) -> list[CardRecord]:
    """What an earlier version may have drawn wrongly is drawn by and by."""
    marked = [card for card in writer.tables.cards.all() if card.once_more and not card.gone]
    free = [card for card in marked if card.shown >= card.want and _is_free(writer, card)]
    newest = sorted(free, key=lambda card: (card.chat_key, -card.message_id))[:MOST_ONCE_MORE]
    return [replace(card, shown=-1, once_more=False) for card in newest]


def _claim_publishes(writer: Writer) -> Iterator[Row]:
    for item in writer.tables.items.all():
        if _is_rehearsed(writer, item) and item.hold_until is not None and item.hold_until < writer.now:
            writer.tables.items.put(replace(item, held_by=writer.worker, hold_until=writer.now + PUBLISH_HOLD))
            yield writer.known_row(item)


def _is_rehearsed(writer: Writer, item: ItemRecord) -> bool:
    return item.state == "publishing" and not is_published_by_saga(writer, item)


def _next_seconds(writer: Writer) -> float | None:
    moments = [card.claimed_until or writer.now for card in writer.tables.cards.all() if _is_behind(card)]
    marked = any(card.once_more and not card.gone for card in writer.tables.cards.all())
    moments += [writer.now + ONCE_MORE_AGAIN] if marked else []
    moments += [
        item.hold_until
        for item in writer.tables.items.all()
        if _is_rehearsed(writer, item) and item.hold_until is not None
    ]
    moments += [publish.lease_until for publish in writer.tables.publishes.all() if publish.state in RUNS]
    return max(0.0, (min(moments) - writer.now).total_seconds()) if moments else None


def _view(lease: LeaseRecord, worker: str, now: datetime) -> LeaseView:
    standing = Standing.HELD if lease.owner == worker else Standing.STANDBY
    return LeaseView(standing, _has_company(lease, now), (lease.expires_at - now).total_seconds())


def _has_company(lease: LeaseRecord, now: datetime) -> bool:
    return lease.standby is not None and lease.standby_at is not None and lease.standby_at > now - COMPANY


def _delete(table: Table[Any], is_old: Callable[[Any], bool]) -> int:
    old = [record for record in table.all() if is_old(record)][:BITE]
    for record in old:
        table.drop(record)
    return len(old)
