"""The SQL of taps, in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from actors.domain.item import Card, Item
from actors.domain.messages import (
    Barred,
    Forbidden,
    Foreign,
    Gone,
    NotOurs,
    NotRecorded,
    Recorded,
    Stale,
    TapOutcome,
    Vouched,
)
from actors.domain.taps import Press, Tap
from actors.operations.taps import CloseTap, LoadItem, LookAtButton, LookAtCard, RecordTap
from tests.fakes.publishes import cancel_publish, is_too_late, start_publish
from tests.fakes.records import CardRecord, ChatRecord, ItemRecord, LateLine, MemberRecord
from tests.fakes.tables import next_state
from tests.fakes.writer import Author, Meanings, Writer

MOST_REFUSALS = 10
DOUBTFUL = {"publishing", "in_doubt"}
CLAIMS = {"recorded", "stale"}  # what changed the item has its card to draw


@dataclass(frozen=True, slots=True)
class _Case:
    """A tap, the chat in which it was made, and the item as it finds it."""

    tap: Tap
    chat: ChatRecord
    item: ItemRecord | None

    @property
    def target(self) -> str | None:
        return None if self.item is None else next_state(self.item.state, self.tap.action.value)


def record_tap(writer: Writer, asked: RecordTap) -> TapOutcome:
    """Check chat, card and right, compare the version, and store all that the tap means."""
    case = _find(writer, asked.tap)
    if case is None:
        return Gone(asked.tap)
    known = writer.tables.taps.get(case.chat.chat_key, asked.tap.press.id)
    if known is not None:
        if case.item is not None and known.outcome in CLAIMS:
            writer.claim_cards(case.item, case.item.revision)
        return _answer(case, known.outcome, _row(writer, case), replayed=True)
    if not _may_tap(writer, case.chat, asked.tap.press):
        _remember(writer, case, "forbidden")
        _count(writer, case, None)
        _keep_few(writer, case, {"forbidden", "gone", "refused"})
        return _answer(case, "forbidden", _row(writer, case), replayed=False)
    foreign = None if case.item is None else whose_button(writer, case.chat, case.item, asked.tap.press)
    if foreign is not None:
        return NotOurs(asked.tap, foreign, _row(writer, case))
    verdict = _judge(writer, case)
    _remember(writer, case, verdict)
    if case.item is None:
        _keep_few(writer, case, {"forbidden", "gone"})
    else:
        _perform(writer, case, case.item, verdict)
    return _answer(case, verdict, _row(writer, case), replayed=False)


def close_tap(writer: Writer, asked: CloseTap) -> TapOutcome:
    """Insert the tap's key as refused, or return what it holds already."""
    case = _find(writer, asked.tap)
    if case is None:
        return Gone(asked.tap)
    known = writer.tables.taps.get(case.chat.chat_key, asked.tap.press.id)
    if known is None:
        _remember(writer, case, "refused")
    if known is None and not _may_tap(writer, case.chat, asked.tap.press):
        _keep_few(writer, case, {"forbidden", "gone", "refused"})
    outcome = "refused" if known is None else known.outcome
    foreign = None if case.item is None else whose_button(writer, case.chat, case.item, asked.tap.press)
    if outcome == "refused" and foreign is not None:
        return NotOurs(asked.tap, foreign, _row(writer, case))
    return _answer(case, outcome, _row(writer, case), replayed=True)


def whose_button(writer: Writer, chat: ChatRecord, item: ItemRecord, press: Press) -> Foreign | None:
    """Why this button is not one of the item; None: it is."""
    if press.mark is not None and press.mark != item.mark:
        return Foreign.EARLIER_QUEUE
    card = writer.tables.cards.get(item.chat_key, press.message_id) if chat.chat_id == press.chat_id else None
    if card is not None and card.item_id != item.item_id:
        return Foreign.ANOTHER_ITEM
    if card is None and (press.mark is None or not press.shown):
        return Foreign.UNKNOWN_MESSAGE
    return None


def look_at_button(writer: Writer, asked: LookAtButton) -> Vouched | NotOurs | Barred:
    """May this message be drawn? One that shows the item's mark becomes a card of it."""
    press = asked.pressed.press
    chat = writer.tables.chat_known_as(press.chat_id)
    item = None if chat is None else writer.tables.items.get(chat.chat_key, press.item_id)
    if chat is not None and not _may_tap(writer, chat, press):
        return Barred(asked.pressed, None if item is None else writer.known_row(item))
    if chat is None or item is None:
        return NotOurs(asked.pressed, Foreign.NO_SUCH_ITEM)
    foreign = whose_button(writer, chat, item, press)
    if foreign is not None:
        return NotOurs(asked.pressed, foreign, writer.known_row(item))
    if chat.chat_id == press.chat_id:
        _adopt(writer, press, item)
    return Vouched(asked.pressed, writer.known_row(item))


def load_row(writer: Writer, asked: LoadItem) -> Item | None:
    """Read one item of a chat."""
    chat = writer.tables.chat(asked.chat_id)
    return None if chat is None else writer.row(chat.chat_key, asked.item_id)


def look_at_card(writer: Writer, asked: LookAtCard) -> Item | None:
    """Read one item for one of its messages."""
    row = load_row(writer, LoadItem(asked.chat_id, asked.item_id))
    if row is None:
        return None
    card = writer.tables.cards.get(row.chat_key, asked.message_id)
    if card is None or card.gone or card.item_id != row.id:
        return replace(row, cards=())
    return replace(row, cards=(Card(row.chat_key, row.chat_id, card.message_id, card.retired),))


def _find(writer: Writer, tap: Tap) -> _Case | None:
    chat = writer.tables.chat_known_as(tap.press.chat_id)
    return None if chat is None else _Case(tap, chat, writer.tables.items.get(chat.chat_key, tap.press.item_id))


def _row(writer: Writer, case: _Case) -> Item | None:
    return None if case.item is None else writer.row(case.chat.chat_key, case.item.item_id)


def _judge(writer: Writer, case: _Case) -> str:
    if case.item is None:
        return "gone"
    if case.item.version != case.tap.press.version or case.target is None or is_too_late(writer, case.item):
        return "stale"
    return "recorded"


def _may_tap(writer: Writer, chat: ChatRecord, press: Press) -> bool:
    member = writer.tables.members.get(chat.chat_key, press.person.id)
    return not chat.restricted or (member is not None and member.role is not None)


def _keep_few(writer: Writer, case: _Case, outcomes: set[str]) -> None:
    """Of what this person was refused in this chat the newest keys are kept."""
    key = case.chat.chat_key, case.tap.press.person.id
    found = [tap for tap in writer.tables.taps.all() if (tap.chat_key, tap.user_id) == key and tap.outcome in outcomes]
    for tap in sorted(found, key=lambda one: (one.at, one.tap_id))[:-MOST_REFUSALS]:
        writer.tables.taps.drop(tap)


def _remember(writer: Writer, case: _Case, outcome: str) -> None:
    press = case.tap.press
    writer.tables.taps.make(
        chat_key=case.chat.chat_key,
        tap_id=press.id,
        item_id=press.item_id,
        message_id=press.message_id,
        user_id=press.person.id,
        user_name=press.person.name,
        step=case.tap.action.value,
        version=press.version,
        outcome=outcome,
        at=writer.now,
    )


def _perform(writer: Writer, case: _Case, item: ItemRecord, verdict: str) -> None:
    """Adopt a message of this group as a card, move the item or name the loser, then count."""
    press, step = case.tap.press, case.tap.action.value
    if case.chat.chat_id == press.chat_id:
        _adopt(writer, press, item)
        item = replace(item, resend_at=None)
    else:
        item = replace(item, resend_at=item.resend_at or writer.now)
    writer.tables.items.put(item)
    if verdict == "recorded":
        assert case.target is not None
        if step == "auto_post":
            item = replace(item, account=case.chat.account)
        if item.state == "publishing":
            cancel_publish(writer, item)
        if case.target == "publishing" and case.chat.live:
            start_publish(writer, item)
        writer.decide(item, step, Author(press.person.id, press.person.name, press.id))
        writer.count_and_lock(item, case.target)
    else:
        writer.tell_loser(item, LateLine(step, press.person.name, _why(writer, case, item), writer.now))
    _count(writer, case, case.target if verdict == "recorded" else None)


def _adopt(writer: Writer, press: Press, item: ItemRecord) -> None:
    card = writer.tables.cards.get(item.chat_key, press.message_id)
    if card is None:
        card = CardRecord(item.chat_key, press.message_id, item.item_id, writer.now)
    writer.tables.cards.put(replace(card, gone=False))


def _why(writer: Writer, case: _Case, item: ItemRecord) -> str:
    if case.tap.press.version > item.version:
        return "lost"
    if is_too_late(writer, item):
        return "publishing"
    return "late" if case.target is None or item.state in DOUBTFUL else "old"


def _count(writer: Writer, case: _Case, target: str | None) -> None:
    person = case.tap.press.person
    key = (case.chat.chat_key, person.id)
    member = writer.tables.members.get(*key) or MemberRecord(*key, name=person.name)
    writer.tables.members.put(
        replace(
            member,
            name=person.name,
            taps=member.taps + 1,
            posted=member.posted + (target == "posted"),
            skipped=member.skipped + (target == "skipped"),
            rejected=member.rejected + (target == "rejected"),
        )
    )


def _answer(case: _Case, outcome: str, row: Item | None, *, replayed: bool) -> TapOutcome:
    match outcome:
        case "refused":
            return NotRecorded(case.tap, certain=True)
        case "recorded" if row is not None:
            return Recorded(case.tap, row, replayed)
        case "forbidden":
            return Forbidden(case.tap, row)
        case "stale" if row is not None:
            return Stale(case.tap, row)
        case _:
            return Gone(case.tap)


MEANINGS: Meanings = {
    RecordTap: record_tap,
    CloseTap: close_tap,
    LoadItem: load_row,
    LookAtButton: look_at_button,
    LookAtCard: look_at_card,
}
