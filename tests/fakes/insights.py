"""The SQL of insights, in memory."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

from actors.operations.insights import ClaimInsights, InsightsDue, InsightsOutcome, InsightsWork, NoteInsights
from tests.fakes.records import PublishRecord
from tests.fakes.tokens import known_account
from tests.fakes.writer import Meanings, Writer

HOLD = timedelta(minutes=20)
MOST = 20


def claim_insights(writer: Writer, asked: ClaimInsights) -> InsightsWork:
    """Claim what is due, the longest due first."""
    waiting = [one for one in writer.tables.publishes.all() if one.insights_due_at is not None]
    due = sorted(
        (one for one in waiting if _is_due(writer, one) and _is_free(writer, one, asked.owner)),
        key=lambda one: (one.insights_due_at, one.chat_key, one.item_id, one.version),
    )[:MOST]
    for one in due:
        held = replace(one, insights_held_by=asked.owner, insights_hold_until=writer.now + HOLD)
        writer.tables.publishes.put(held)
    later = [one.insights_due_at for one in waiting if one.insights_due_at is not None and not _is_due(writer, one)]
    following = (min(later) - writer.now).total_seconds() if later else None
    return InsightsWork(tuple(_line(writer, one) for one in due), following)


def note_insights(writer: Writer, asked: NoteInsights) -> bool:
    """Keep a reading; one without figures leaves an earlier one that has some."""
    due = asked.due
    publish = writer.tables.publishes.get(due.chat_key, due.item_id, due.version)
    if publish is None or publish.insights_held_by != asked.owner:
        return False
    told = asked.told
    kept = {"outcome": told.outcome.value, "sentence": told.sentence, "at": writer.now} | asdict(told.insights)
    is_better = told.outcome is InsightsOutcome.TOLD or publish.insights is None
    again = None if asked.again_seconds is None else writer.now + timedelta(seconds=asked.again_seconds)
    writer.tables.publishes.put(
        replace(
            publish,
            insights_held_by=None,
            insights_hold_until=None,
            insights_due_at=again,
            insights=kept if is_better else publish.insights,
        )
    )
    return True


def _is_due(writer: Writer, publish: PublishRecord) -> bool:
    return publish.insights_due_at is not None and publish.insights_due_at <= writer.now


def _is_free(writer: Writer, publish: PublishRecord, owner: str) -> bool:
    until = publish.insights_hold_until
    return until is None or until < writer.now or publish.insights_held_by == owner


def _line(writer: Writer, publish: PublishRecord) -> InsightsDue:
    chat = writer.tables.chats.get(publish.chat_key)
    account = writer.tables.accounts.get(publish.chat_key, publish.account_id)
    assert chat is not None
    assert account is not None
    assert publish.media_id is not None
    return InsightsDue(
        publish.chat_key,
        chat.chat_id,
        publish.item_id,
        publish.version,
        publish.media_id,
        (writer.now - publish.phase_at).total_seconds(),
        None if account.removed or account.token_gone else known_account(account),
    )


MEANINGS: Meanings = {
    ClaimInsights: claim_insights,
    NoteInsights: note_insights,
}
