"""The SQL of cards, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from actors.domain.item import Item
from actors.operations.cards import (
    REFUSED,
    AcknowledgeCards,
    KeepClaim,
    Recover,
    Recoverable,
    SaveCard,
    SendFailed,
    Shown,
)
from tests.fakes.connections import outdate
from tests.fakes.publishes import RUNS, claim_left_behind, is_published_by_saga
from tests.fakes.records import CardRecord, ItemRecord
from tests.fakes.resends import SEND_HOLD, is_left_behind, item_of, note_failure, presented, resend_failed
from tests.fakes.writer import PUBLISH_HOLD, Meanings, Writer

FIRST_REST_SECONDS = 15.0


def save_card(writer: Writer, asked: SaveCard) -> Item:
    """The card is in the chat; a tap that was faster keeps its effect."""
    item = replace(item_of(writer.tables, asked.row), resend_at=None, set_aside=None)
    if writer.chat_of(item).chat_id != asked.row.chat_id:
        return _sent_to_the_old_group(writer, asked.row)
    writer.tables.items.put(item)
    if item.state == "presenting":
        writer.tables.items.put(presented(item, writer.now))
    shown = asked.row.revision
    card = writer.tables.cards.get(item.chat_key, asked.message_id)
    if card is None:
        card = CardRecord(item.chat_key, asked.message_id, item.item_id, writer.now)
    want = max(card.want, item.revision, shown)
    card = replace(card, item_id=item.item_id)
    writer.tables.cards.put(replace(card, want=want, shown=max(card.shown, shown)))
    media, chat = writer.media_of(item), writer.chat_of(item)
    writer.tables.media.put(replace(media, file_id=media.file_id if asked.file_id is None else asked.file_id))
    writer.tables.chats.put(replace(chat, failed_sends=0, refused=None, refused_at=None))
    if item.revision > shown:
        writer.claim_cards(item, item.revision)
    return writer.known_row(item)


def send_failed(writer: Writer, asked: SendFailed) -> Item:
    """The card was not sent, or nobody knows: the item keeps its place, its chat rests."""
    item = item_of(writer.tables, asked.row)
    if item.held_by == asked.worker and (item.state == "presenting" or is_left_behind(item)):
        fate = "lost" if asked.ambiguous else "refused" if asked.refused else "not_sent"
        note_failure(writer, item, fate, asked.reason)
    if item.state == "presenting" and item.held_by == asked.worker:
        _rest(writer, asked)
        writer.tables.items.put(_not_sent(item, writer.now, ambiguous=asked.ambiguous))
    elif is_left_behind(item) and item.held_by == asked.worker:
        _rest(writer, asked)
        writer.tables.items.put(resend_failed(item, writer.now, ambiguous=asked.ambiguous))
    return writer.known_row(item)


def keep_claim(writer: Writer, asked: KeepClaim) -> bool:
    """The card is still on its way; false: somebody decided the item, or took it over."""
    item = item_of(writer.tables, asked.row)
    until = writer.now + SEND_HOLD
    if item.held_by != asked.worker:
        return False
    if item.state == "presenting":
        writer.tables.items.put(replace(item, hold_until=until))
    elif is_left_behind(item):
        writer.tables.items.put(replace(item, resend_at=until))
    else:
        return False
    return True


def _sent_to_the_old_group(writer: Writer, row: Item) -> Item:
    """It is no card: the hold runs out, and the next one goes to the new group."""
    item = item_of(writer.tables, row)
    if item.state == "presenting":
        writer.tables.items.put(replace(item, lost_sends=0))
    return writer.known_row(item)


def _not_sent(item: ItemRecord, now: datetime, *, ambiguous: bool) -> ItemRecord:
    if not ambiguous:
        kept = replace(item, hold_until=None, held_by=None)
        return replace(kept, state="waiting", came_from="presenting", came_by="send_failed")
    if item.lost_sends >= 1:
        return replace(presented(item, now), lost_sends=item.lost_sends + 1)
    return replace(item, hold_until=now, held_by=None)


def _rest(writer: Writer, asked: SendFailed) -> None:
    """Hold the chat back; a failure in the old group says nothing of the new one."""
    chat = writer.tables.chat(asked.row.chat_id)
    if chat is None:
        return
    seconds = asked.pause_seconds or FIRST_REST_SECONDS * 2 ** min(chat.failed_sends, 7)
    until = max(chat.next_card_at, writer.now + timedelta(seconds=seconds))
    writer.tables.chats.put(replace(chat, failed_sends=chat.failed_sends + 1, next_card_at=until))


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


REDRAW = timedelta(seconds=30)


SETTLED_LATELY = timedelta(minutes=10)


MOST_BEHIND = 200  # a look


MOST_ONCE_MORE, ONCE_MORE_AGAIN = 5, timedelta(minutes=1)


DISTURBED = -2


FIRST_REFUSAL = timedelta(minutes=1)
OFTEN_REFUSED, ALWAYS_REFUSED = 5, 40


def acknowledge_cards(writer: Writer, asked: AcknowledgeCards) -> int:
    """Store what cards show; a claim that was lost means that the card must be drawn again."""
    return sum(_acknowledge(writer, shown) for shown in _newest(asked.shown))


def recover(writer: Writer, asked: Recover) -> Recoverable:
    """Claim the cards that may lie and the publishes that nobody works on."""
    again = outdate(writer)
    free = [card for card in writer.tables.cards.all() if _is_free(writer, card)]
    behind = [card for card in free if _is_behind(card) and card.refusals < ALWAYS_REFUSED]
    left = sorted(behind, key=lambda card: card.claimed_until or EPOCH)[:MOST_BEHIND]
    drawn = _claim_cards(writer, left)
    if asked.everything:
        doubtful = [card for card in free if card.shown >= card.want and _may_lie(writer, card)]
        again += _claim_cards(writer, [replace(card, shown=-1) for card in doubtful])
    again += _claim_cards(writer, _once_more(writer))
    return Recoverable(drawn, again, (*_claim_publishes(writer), *claim_left_behind(writer)), _next_seconds(writer))


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
    if said.revision == REFUSED:
        return not _note_refusal(writer, card, mine=mine)
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
    writer.tables.cards.put(replace(card, gone=gone, shown=shown, refusals=0))
    return False


def _note_refusal(writer: Writer, card: CardRecord, *, mine: bool) -> bool:
    """An edit changed nothing: it is made again after a pause that grows. Another worker's claim is left alone."""
    if mine:
        until = writer.now + FIRST_REFUSAL * 2 ** min(card.refusals, 7)
        kept = replace(card, shown=max(card.shown, -1), refusals=card.refusals + 1)
        writer.tables.cards.put(replace(kept, claimed_by=None, claimed_until=until))
    return mine


def _is_behind(card: CardRecord) -> bool:
    return card.shown < card.want and not card.gone


def _is_free(writer: Writer, card: CardRecord) -> bool:
    return card.claimed_until is None or card.claimed_until < writer.now


def _may_lie(writer: Writer, card: CardRecord) -> bool:
    item = writer.tables.items.get(card.chat_key, card.item_id)
    assert item is not None
    lately = item.settled_at is not None and item.settled_at > writer.now - SETTLED_LATELY
    return not card.gone and not card.retired and (item.state in {"in_review", "publishing", "in_doubt"} or lately)


def _claim_cards(writer: Writer, cards: list[CardRecord]) -> tuple[Item, ...]:
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


def _claim_publishes(writer: Writer) -> Iterator[Item]:
    for item in writer.tables.items.all():
        if _is_rehearsed(writer, item) and item.hold_until is not None and item.hold_until < writer.now:
            writer.tables.items.put(replace(item, held_by=writer.worker, hold_until=writer.now + PUBLISH_HOLD))
            yield writer.known_row(item)


def _is_rehearsed(writer: Writer, item: ItemRecord) -> bool:
    return item.state == "publishing" and not is_published_by_saga(writer, item)


def _next_seconds(writer: Writer) -> float | None:
    behind = [card for card in writer.tables.cards.all() if _is_behind(card) and card.refusals < OFTEN_REFUSED]
    moments = [card.claimed_until or writer.now for card in behind]
    marked = any(card.once_more and not card.gone for card in writer.tables.cards.all())
    moments += [writer.now + ONCE_MORE_AGAIN] if marked else []
    moments += [
        item.hold_until
        for item in writer.tables.items.all()
        if _is_rehearsed(writer, item) and item.hold_until is not None
    ]
    moments += [publish.lease_until for publish in writer.tables.publishes.all() if publish.state in RUNS]
    return max(0.0, (min(moments) - writer.now).total_seconds()) if moments else None


MEANINGS: Meanings = {
    SaveCard: save_card,
    SendFailed: send_failed,
    KeepClaim: keep_claim,
    AcknowledgeCards: acknowledge_cards,
    Recover: recover,
}
