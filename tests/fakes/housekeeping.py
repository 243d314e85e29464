"""The SQL of leases, interactions and pruning, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from actors.operations.housekeeping import HoldLease, LeaseState, LeaseView, Prune, ReleaseLease, WriteInteractions
from tests.fakes.cards import EPOCH
from tests.fakes.records import BatchRecord, LeaseRecord
from tests.fakes.tables import Table
from tests.fakes.writer import Meanings, Writer

COMPANY = timedelta(seconds=30)


KEPT = timedelta(days=30)


COMMANDS_KEPT = timedelta(days=2)


BITE = 5000


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


def prune(writer: Writer, _: Prune) -> int:
    """Delete what has outlived its use."""
    tables = writer.tables
    return (
        _delete(tables.interactions, lambda line: line.at < writer.now - KEPT)
        + _delete(tables.taps, lambda tap: tap.at < writer.now - KEPT)
        + _delete(tables.commands, lambda command: command.at < writer.now - COMMANDS_KEPT)
        + _delete(tables.interaction_batches, lambda batch: batch.at < writer.now - timedelta(days=1))
    )


def _view(lease: LeaseRecord, worker: str, now: datetime) -> LeaseView:
    standing = LeaseState.HELD if lease.owner == worker else LeaseState.STANDBY
    return LeaseView(standing, _has_company(lease, now), (lease.expires_at - now).total_seconds())


def _has_company(lease: LeaseRecord, now: datetime) -> bool:
    return lease.standby is not None and lease.standby_at is not None and lease.standby_at > now - COMPANY


def _delete(table: Table[Any], is_old: Callable[[Any], bool]) -> int:
    old = [record for record in table.all() if is_old(record)][:BITE]
    for record in old:
        table.drop(record)
    return len(old)


MEANINGS: Meanings = {
    HoldLease: hold_lease,
    ReleaseLease: release_lease,
    WriteInteractions: write_interactions,
    Prune: prune,
}
