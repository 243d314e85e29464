"""What the SQL functions share: reading an item as an Item, claiming its cards, moving it by a decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import md5
from typing import Any, TypeAlias

from actors.domain.item import (
    Action,
    Card,
    Dimensions,
    Item,
    LateTap,
    MediaKind,
    Person,
    Settlement,
    State,
    Story,
    Waiting,
)
from actors.domain.publish_phase import RUNNING, Phase
from actors.operations.operation import Operation
from tests.fakes.records import (
    FOR_EVER,
    CardRecord,
    ChatRecord,
    EventRecord,
    ItemRecord,
    LateLine,
    LockRecord,
    MediaRecord,
)
from tests.fakes.tables import Tables, next_state

CLAIM = timedelta(seconds=10)
PUBLISH_HOLD = timedelta(seconds=75)
LATE_LINES = 10
RUNS = {phase.value for phase in RUNNING}


@dataclass(frozen=True, slots=True)
class Author:
    """Who decided, by which tap, in whose words; nobody for the machine."""

    user_id: int | None = None
    name: str | None = None
    tap_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """The tables within one transaction, the time at which it began, and the worker that asked."""

    tables: Tables
    now: datetime
    worker: str | None = None

    def row(self, chat_key: int, item_id: int) -> Item | None:
        """`item_row`: an item with all that drawing its card needs."""
        item = self.tables.items.get(chat_key, item_id)
        if item is None:
            return None
        chat, media = self.chat_of(item), self.media_of(item)
        return Item(
            chat_key=chat_key,
            chat_id=chat.chat_id,
            id=item_id,
            mark=item.mark,
            state=State(item.state),
            version=item.version,
            revision=item.revision,
            due_at=item.due_at,
            timezone=chat.timezone,
            live=chat.live,
            story=_story(media),
            account=item.account if item.account is not None and _is_published(item) else chat.account,
            settled=_settlement(item),
            late=tuple(LateTap(Action(line.step), line.name, line.at, line.why) for line in item.late),
            note=item.note,
            phase=self._phase(item),
            preflight=item.preflight
            if (item.preflight_version, item.preflight_connection)
            == (item.version, connection_of(self.tables, chat_key, chat.account_id))
            else None,
            presented_at=item.presented_at,
            restricted=chat.restricted,
            topic=chat.topic,
            card_lost=self.card_lost(item),
            set_aside=item.set_aside,
            waiting=self._waiting(item),
            permalink=self._permalink(item),
            cards=tuple(
                Card(chat_key, chat.chat_id, card.message_id, card.retired)
                for card in self.tables.cards_of(item)
                if not card.gone and (not card.retired or card.shown < card.want)
            ),
        )

    def card_lost(self, item: ItemRecord) -> bool:
        """`card_lost`: two sends of unknown end, or one that was refused, and no message that anybody can tap."""
        shown = any(not card.gone and not card.retired for card in self.tables.cards_of(item))
        lost = item.state == State.IN_REVIEW.value and (item.lost_sends >= 2 or item.set_aside is not None)
        return lost and item.resend_at is None and not shown

    def _phase(self, item: ItemRecord) -> Phase | None:
        doubtful = item.state == State.IN_DOUBT.value
        publish = self.tables.publishes.get(item.chat_key, item.item_id, item.version - doubtful)
        open_states = {State.PUBLISHING.value, State.IN_DOUBT.value}
        return None if publish is None or item.state not in open_states else Phase(publish.state)

    def _permalink(self, item: ItemRecord) -> str | None:
        publish = self.tables.publishes.get(item.chat_key, item.item_id, item.version - 1)
        seen = item.state == State.POSTED.value and publish is not None and publish.state == "published"
        return publish.permalink if seen and publish is not None else None

    def _waiting(self, item: ItemRecord) -> Waiting | None:
        waits = {State.PUBLISHING.value: RUNS, State.IN_REVIEW.value: {Phase.REFUSED.value}}
        reviewed = item.state == State.IN_REVIEW.value
        publish = self.tables.publishes.get(item.chat_key, item.item_id, item.version - reviewed)
        if publish is None or publish.wait_until is None or publish.state not in waits.get(item.state, ()):
            return None
        if reviewed and publish.account_id != self.chat_of(item).account_id:
            return None
        return Waiting(publish.wait_until, None if reviewed else publish.sentence)

    def known_row(self, item: ItemRecord) -> Item:
        """The row of an item that is there."""
        row = self.row(item.chat_key, item.item_id)
        assert row is not None
        return row

    def chat_of(self, item: ItemRecord) -> ChatRecord:
        """The chat of an item."""
        chat = self.tables.chats.get(item.chat_key)
        assert chat is not None
        return chat

    def media_of(self, item: ItemRecord) -> MediaRecord:
        """The story of an item."""
        media = self.tables.media.get(item.chat_key, item.media_id)
        assert media is not None
        return media

    def claim(self, card: CardRecord) -> CardRecord:
        """The card as the one that this worker draws next; nobody's claim does not end."""
        until = None if self.worker is None else self.now + CLAIM
        return replace(card, claimed_by=self.worker, claimed_until=until)

    def claim_cards(self, item: ItemRecord, revision: int) -> None:
        """`claim_cards`: every card of this round wants this revision."""
        for card in self.tables.cards_of(item):
            if not card.retired:
                self.tables.cards.put(replace(self.claim(card), want=revision))

    def decide(self, item: ItemRecord, step: str, author: Author) -> None:
        """`decide_item`: move the item by a decision, remember it, claim its cards."""
        target = next_state(item.state, step)
        assert target is not None
        publishing = target == State.PUBLISHING.value
        by_machine = author.user_id is None
        moved = replace(
            item,
            state=target,
            came_from=item.state,
            came_by=step,
            version=item.version + 1,
            revision=item.revision + 1,
            settled_step=step,
            settled_by=author.user_id,
            settled_name=author.name,
            settled_at=self.now,
            settled_tap=author.tap_id or (None if by_machine else item.settled_tap),
            note=author.note,
            late=(),
            held_by=self.worker if publishing else None,
            hold_until=self.now + PUBLISH_HOLD if publishing else None,
            presented_at=self.now if target == State.IN_REVIEW.value else item.presented_at,
        )
        self.tables.items.put(moved)
        self.tables.item_events.insert(_event(item, moved, author, self.now))
        self.claim_cards(moved, moved.revision)

    def count_and_lock(self, item: ItemRecord, target: str) -> None:
        """`count_and_lock`: what a settled story means for its media and its chat."""
        chat, media = self.chat_of(item), self.media_of(item)
        days = {"posted": chat.repost_days, "skipped": chat.skip_days, "rejected": None}
        if target == State.POSTED.value:
            self.tables.media.put(replace(media, posted=media.posted + 1))
        if target in days:
            self._lock(item, target, days[target])

    def tell_loser(self, item: ItemRecord, line: LateLine) -> None:
        """`tell_loser`: name a refused tap on the card, the newest ten of them."""
        told = replace(item, revision=item.revision + 1, late=(*item.late, line)[-LATE_LINES:])
        self.tables.items.put(told)
        self.claim_cards(told, told.revision)

    def _lock(self, item: ItemRecord, kind: str, days: int | None) -> None:
        until = FOR_EVER if days is None else self.now + timedelta(days=days)
        before = self.tables.locks.get(item.chat_key, item.media_id, kind)
        if before is not None:
            until = max(until, before.until)
        self.tables.locks.put(LockRecord(item.chat_key, item.media_id, kind, until, item.item_id, self.now))


Meanings: TypeAlias = Mapping[type[Operation[Any]], Callable[[Writer, Any], Any]]


def connection_of(tables: Tables, chat_key: int, account_id: int | None) -> str | None:
    """`connection_of`: by which account a chat publishes, by which token, and whether Instagram takes it."""
    account = None if account_id is None else tables.accounts.get(chat_key, account_id)
    if account is None or account.removed:
        return None
    said = f"{account.account_id} {account.token_gone:d} {account.sealed_token.hex()}"
    return md5(said.encode(), usedforsecurity=False).hexdigest()


def _is_published(item: ItemRecord) -> bool:
    """It is being published, or was, by the account that was fixed for it."""
    return item.state in {"publishing", "in_doubt"} or item.settled_step in {"published", "it_is_live"}


def _event(item: ItemRecord, moved: ItemRecord, author: Author, at: datetime) -> EventRecord:
    assert moved.came_by is not None
    return EventRecord(
        chat_key=item.chat_key,
        item_id=item.item_id,
        version=moved.version,
        step=moved.came_by,
        from_state=item.state,
        to_state=moved.state,
        at=at,
        user_id=author.user_id,
        user_name=author.name,
        tap_id=author.tap_id,
        note=author.note,
    )


def _story(media: MediaRecord) -> Story:
    return Story(
        media.media_id,
        MediaKind(media.kind),
        media.path,
        media.file_name,
        media.title,
        media.caption,
        media.file_id,
        _dimensions(media),
        media.mentions,
        media.made_by_ai,
    )


def _dimensions(media: MediaRecord) -> Dimensions | None:
    if media.width is None or media.height is None:
        return None
    return Dimensions(media.width, media.height, media.seconds)


def _settlement(item: ItemRecord) -> Settlement | None:
    if item.settled_step is None:
        return None
    assert item.settled_at is not None
    by = None if item.settled_by is None else Person(item.settled_by, item.settled_name or "")
    return Settlement(Action(item.settled_step), by, item.settled_at, item.settled_tap)
