"""The SQL of publishes, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from actors.domain.item import Item
from actors.domain.publish_phase import CANCELLABLE, RUNNING, Phase
from actors.operations.publishes import PhaseChange, PublishRow, SavePermalink, StepPublish, StepResult, TakePublish
from tests.fakes.records import AccountRecord, ItemRecord, PublishEventRecord, PublishRecord
from tests.fakes.tokens import known_account
from tests.fakes.writer import Author, Meanings, Writer, connection_of

UNTAKEN = timedelta(seconds=10)
LEASE = timedelta(seconds=75)
FIRST_LOOK = timedelta(minutes=5)
NEXT_LOOK = timedelta(minutes=25)
FIRST_READING = timedelta(hours=12)
RUNS = {phase.value for phase in RUNNING}
CANCELS = {phase.value for phase in CANCELLABLE}
STEPS = {Phase.PUBLISHED: "published", Phase.REFUSED: "publish_refused", Phase.IN_DOUBT: "answer_lost"}
SILENT = {Phase.READY}


def start_publish(writer: Writer, item: ItemRecord) -> None:
    """`start_publish`: Auto Post was accepted in a live chat, or people said that a doubtful story is not live."""
    before = _inherited(writer, item)
    publish = PublishRecord(
        item.chat_key,
        item.item_id,
        item.version + 1,
        lease_until=writer.now + UNTAKEN,
        phase_at=writer.now,
        created_at=writer.now,
        account_id=before.account_id if before else writer.chat_of(item).account_id,
        state="container" if before else "creating",
        container_id=before.container_id if before else None,
        inherited=before is not None,
    )
    writer.tables.publishes.insert(publish)
    _note(writer, publish, ())


def _inherited(writer: Writer, item: ItemRecord) -> PublishRecord | None:
    """The publish whose container is looked at before another one may be made."""
    newest = _publishes_of(writer, item.chat_key, item.item_id)[-1:]
    for before in newest:
        doubtful = before.state == item.state == "in_doubt"
        sent = before.state in {"refused", "cancelled"} and (before.lost or before.inherited)
        here = before.account_id == writer.chat_of(item).account_id
        if before.container_id is not None and (doubtful or (sent and here)):
            return before
    return None


def cancel_publish(writer: Writer, item: ItemRecord) -> None:
    """`cancel_publish`: a tap took the item away before the publish call."""
    publish = writer.tables.publishes.get(item.chat_key, item.item_id, item.version)
    if publish is not None and publish.state in CANCELS:
        cancelled = replace(
            publish,
            state="cancelled",
            owner=None,
            token=publish.token + 1,
            seq=publish.seq + 1,
            phase_at=writer.now,
        )
        writer.tables.publishes.put(cancelled)
        _note(writer, cancelled, ())


def is_too_late(writer: Writer, item: ItemRecord) -> bool:
    """Tell whether the publish call of an item is marked."""
    publish = writer.tables.publishes.get(item.chat_key, item.item_id, item.version)
    return item.state == "publishing" and publish is not None and publish.state == "publishing"


def take_publish(writer: Writer, asked: TakePublish) -> StepResult:
    """Take the lease of an item's newest publish, if nobody holds it."""
    publishes = _publishes_of(writer, asked.chat_key, asked.item_id)
    if not publishes or publishes[-1].state not in {*RUNS, "in_doubt"}:
        return StepResult(None)
    publish = publishes[-1]
    if publish.owner != asked.owner:
        if publish.owner is not None and publish.lease_until > writer.now:
            return StepResult(None, held=True)
        publish = replace(
            publish,
            owner=asked.owner,
            token=publish.token + 1,
            seq=publish.seq + 1,
            lost=publish.lost or publish.state == "publishing",
            losses=publish.losses + (publish.state == "publishing"),
            lease_until=writer.now + (NEXT_LOOK if publish.state == "in_doubt" else LEASE),
        )
        writer.tables.publishes.put(publish)
        _note(writer, publish, ("taken over",), asked.owner)
    return StepResult(_line(writer, publish))


def step_publish(writer: Writer, asked: StepPublish) -> StepResult:
    """A step of whoever holds the lease; asked again it finds itself done."""
    ours = asked.publish
    item = writer.tables.items.get(ours.chat_key, ours.item_id)
    before = writer.tables.publishes.get(ours.chat_key, ours.item_id, ours.version)
    assert item is not None
    assert before is not None
    if (before.owner, before.token) != (ours.owner, ours.token) or before.seq not in {ours.seq, ours.seq + 1}:
        return StepResult(None, held=before.state in RUNS)
    if before.seq == ours.seq + 1:
        writer.claim_cards(item, item.revision)
        return StepResult(_line(writer, before), writer.known_row(item))
    if not _is_about(item, before):
        return StepResult(None)
    publish = _moved(writer, before, asked)
    writer.tables.publishes.put(publish)
    _note(writer, publish, asked.move.calls, answers=asked.move.answers)
    replaced = _was_replaced(writer, asked)
    if asked.move.token_gone and not replaced:
        _lose_token(writer, publish)
    drawn = _move_item(writer, item, before, asked)
    if asked.move.phase in STEPS and asked.move.once_connected is not None:
        _keep_what_comes_after(writer, asked, replaced)
    return StepResult(_line(writer, publish), drawn)


def save_permalink(writer: Writer, asked: SavePermalink) -> Item | None:
    """Remember where a published story can be seen, and have its card show it."""
    publish = writer.tables.publishes.get(asked.chat_key, asked.item_id, asked.version)
    item = writer.tables.items.get(asked.chat_key, asked.item_id)
    if publish is None or item is None:
        return None
    writer.tables.publishes.put(replace(publish, permalink=asked.permalink))
    if item.state != "posted" or item.version != asked.version + 1:
        return None
    shown = replace(item, revision=item.revision + (publish.permalink != asked.permalink))
    writer.tables.items.put(shown)
    writer.claim_cards(shown, shown.revision)
    return writer.known_row(shown)


def claim_left_behind(writer: Writer) -> list[Item]:
    """Fence out whoever held a publish too long, and return the items of those that nobody works on."""
    found = []
    for publish in list(writer.tables.publishes.all()):
        item = writer.tables.items.get(publish.chat_key, publish.item_id)
        assert item is not None
        doubtful = publish.state == item.state == "in_doubt" and item.version == publish.version + 1
        if publish.lease_until < writer.now and (publish.state in RUNS or doubtful):
            until = writer.now + (NEXT_LOOK if doubtful else UNTAKEN)
            writer.tables.publishes.put(replace(publish, owner=None, lease_until=until))
            found.append(writer.known_row(item))
    return found


def is_published_by_saga(writer: Writer, item: ItemRecord) -> bool:
    """Tell whether a saga publishes this item, and not a rehearsal."""
    return writer.tables.publishes.get(item.chat_key, item.item_id, item.version) is not None


def _is_about(item: ItemRecord, publish: PublishRecord) -> bool:
    if publish.state == "in_doubt":
        return item.state == "in_doubt" and item.version == publish.version + 1
    return item.state == "publishing" and item.version == publish.version


def _moved(writer: Writer, before: PublishRecord, asked: StepPublish) -> PublishRecord:
    move = asked.move
    attempted = before.attempt != move.attempt
    begins = attempted or before.state != move.phase.value
    renewed = move.sentence is None and not begins
    return replace(
        before,
        state=move.phase.value,
        container_id=move.container_id,
        attempt=move.attempt,
        lost=move.lost,
        inherited=before.inherited and move.phase is not Phase.CREATING,
        seq=before.seq + 1,
        losses=move.losses,
        refusal=move.refusal,
        containers=before.containers + (move.container_id not in {None, before.container_id}),
        sentence=before.sentence if renewed else move.sentence,
        wait_until=_waits_until(writer, before, move, renewed=renewed),
        media_id=move.media_id,
        insights_due_at=_is_read_at(writer, move),
        publishing_at=_first_marked(writer, before, move.phase),
        phase_at=writer.now if begins else before.phase_at,
        lease_until=writer.now + (FIRST_LOOK if move.phase is Phase.IN_DOUBT else LEASE),
    )


def _waits_until(writer: Writer, before: PublishRecord, move: PhaseChange, *, renewed: bool) -> datetime | None:
    if move.wait_seconds is not None:
        return writer.now + timedelta(seconds=move.wait_seconds)
    return before.wait_until if renewed else None


def _is_read_at(writer: Writer, move: PhaseChange) -> datetime | None:
    return writer.now + FIRST_READING if move.phase is Phase.PUBLISHED and move.media_id is not None else None


def _first_marked(writer: Writer, before: PublishRecord, phase: Phase) -> datetime | None:
    if phase is Phase.CREATING:
        return None
    return before.publishing_at or writer.now if phase is Phase.PUBLISHING else before.publishing_at


def _move_item(writer: Writer, item: ItemRecord, before: PublishRecord, asked: StepPublish) -> Item | None:
    move = asked.move
    if move.phase in STEPS:
        step = STEPS[move.phase]
        writer.decide(item, step, Author(item.settled_by, item.settled_name, None, move.sentence))
        moved = writer.tables.items.get(item.chat_key, item.item_id)
        assert moved is not None
        writer.count_and_lock(item, moved.state)
        return writer.known_row(item)
    after = writer.tables.publishes.get(before.chat_key, before.item_id, before.version)
    waits = after is not None and after.wait_until != before.wait_until
    if (before.state == move.phase.value or move.phase in SILENT) and not waits:
        return None
    shown = replace(item, revision=item.revision + 1)
    writer.tables.items.put(shown)
    writer.claim_cards(shown, shown.revision)
    return writer.known_row(shown)


def _was_replaced(writer: Writer, asked: StepPublish) -> bool:
    """Tell whether another token is there by now than the one by which this was asked."""
    used = asked.publish.account
    account = None if used is None else writer.tables.accounts.get(asked.publish.chat_key, used.id)
    return used is not None and account is not None and account.sealed_token != used.sealed_token


def _keep_what_comes_after(writer: Writer, asked: StepPublish, replaced: bool) -> None:
    ours = asked.publish
    item = writer.tables.items.get(ours.chat_key, ours.item_id)
    assert item is not None
    account_id = None if ours.account is None or replaced else ours.account.id
    connection = connection_of(writer.tables, ours.chat_key, account_id)
    item = replace(item, note_once_connected=asked.move.once_connected, note_version=item.version)
    writer.tables.items.put(replace(item, note_connection=connection))


def _lose_token(writer: Writer, publish: PublishRecord) -> None:
    account = _account_of(writer, publish)
    if account is not None:
        writer.tables.accounts.put(replace(account, token_gone=True))


def _publishes_of(writer: Writer, chat_key: int, item_id: int) -> list[PublishRecord]:
    found = [one for one in writer.tables.publishes.all() if (one.chat_key, one.item_id) == (chat_key, item_id)]
    return sorted(found, key=lambda one: one.version)


def _note(
    writer: Writer,
    publish: PublishRecord,
    calls: tuple[str, ...],
    worker: str | None = None,
    answers: tuple[Mapping[str, Any], ...] = (),
) -> None:
    writer.tables.publish_events.insert(
        PublishEventRecord(
            publish.chat_key,
            publish.item_id,
            publish.version,
            publish.seq,
            state=publish.state,
            attempt=publish.attempt,
            at=writer.now,
            container_id=publish.container_id,
            calls=calls,
            sentence=publish.sentence,
            worker=worker or writer.worker,
            answers=answers,
        )
    )


def _account_of(writer: Writer, publish: PublishRecord) -> AccountRecord | None:
    return None if publish.account_id is None else writer.tables.accounts.get(publish.chat_key, publish.account_id)


def _line(writer: Writer, publish: PublishRecord) -> PublishRow:
    item = writer.tables.items.get(publish.chat_key, publish.item_id)
    assert item is not None
    row, account = writer.known_row(item), _account_of(writer, publish)
    return PublishRow(
        chat_key=publish.chat_key,
        chat_id=row.chat_id,
        item_id=publish.item_id,
        version=publish.version,
        phase=Phase(publish.state),
        story=row.story,
        owner=publish.owner or "",
        token=publish.token,
        seq=publish.seq,
        account=None if account is None else known_account(account),
        token_gone=account is not None and (account.token_gone or account.removed),
        container_id=publish.container_id,
        attempt=publish.attempt,
        lost=publish.lost,
        inherited=publish.inherited,
        publishing_at=publish.publishing_at,
        since_seconds=(writer.now - publish.phase_at).total_seconds(),
        containers=publish.containers,
        losses=publish.losses,
        first_call_seconds=_age(writer, publish.publishing_at),
        refusal=publish.refusal,
    )


def _age(writer: Writer, at: datetime | None) -> float:
    return 0.0 if at is None else (writer.now - at).total_seconds()


MEANINGS: Meanings = {
    TakePublish: take_publish,
    StepPublish: step_publish,
    SavePermalink: save_permalink,
}
