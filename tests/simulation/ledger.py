"""The books of the queue: each change of an item against claims, gaps, accounts, locks, roles, cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from actors.domain.item import Item, State
from actors.domain.messages import Recorded, Stale
from actors.domain.taps import Press, Pressed
from actors.domain.updates import Update
from actors.errors import AnswerLost
from actors.item import texts
from actors.operations.cards import SendFailed
from actors.operations.operation import Operation
from actors.operations.schedule import ClaimDue, Due, StoreOutcome
from actors.operations.taps import RecordTap
from actors.ports import Face
from tests.fakes.records import ChatRecord, ItemRecord
from tests.fakes.store import Store
from tests.simulation.processes import Life, Process

LOCKED = {State.POSTED.value, State.SKIPPED.value, State.REJECTED.value}
HOLD_SECONDS = 60.0  # of a claim; so long after a thaw a worker may still act on one that it has lost
ROUNDING_SECONDS = 0.05
MOST_AMBIGUOUS = 2
MOST_REFUSED = 3  # a worker may die before it has stored the first one, and the second


@dataclass
class Ledger:
    """Looks at what changes, item by item; `broken` notes what must not be."""

    store: Store
    broken: Callable[[str, str], None]
    _accepted: dict[tuple[int, int, int], int | None] = field(default_factory=dict)
    _claimed_at: dict[int, datetime] = field(default_factory=dict)
    _ambiguous: Counter[int] = field(default_factory=Counter)
    _in_a_row: Counter[int] = field(default_factory=Counter)
    _refused: Counter[int] = field(default_factory=Counter)
    _claims: dict[tuple[str, str], set[tuple[int, int]]] = field(default_factory=dict)
    _standing: set[int] = field(default_factory=set)
    _on_their_way: dict[int, Process] = field(default_factory=dict)
    _arrived: dict[tuple[int, int], tuple[Process, int]] = field(default_factory=dict)
    _drawn: dict[tuple[str, int, int], int] = field(default_factory=dict)
    _pressed: dict[tuple[str, int, int], int] = field(default_factory=dict)

    def changed(self, before: ItemRecord | None, item: ItemRecord, operation: Operation[Any]) -> None:
        """An item became another one."""
        chat = self.store.tables.chats.get(item.chat_key)
        assert chat is not None
        self._look_at_claim(before, item, operation, chat)
        self._look_at_lock(item)
        self._look_at_send(before, item, operation)
        self._look_at_round(before, item)
        if item.settled_step == "auto_post" and item.version not in {0, before.version if before else 0}:
            self._accepted[item.chat_key, item.item_id, item.version] = chat.account_id
        if before is not None and item.version > before.version and item.settled_tap is not None:
            self._look_at_right(item, chat)

    def answered(self, operation: Operation[Any], value: object) -> None:
        """An operation was answered, whatever it changed."""
        match operation, value:
            case ClaimDue(key=str() as key), Due():
                self._look_at_repetition(operation.worker, key, {(row.chat_key, row.id) for row in value.present})
            case RecordTap(), Recorded() | Stale():
                press = operation.tap.press
                if self.store.tables.cards.get(value.row.chat_key, press.message_id) is None:
                    said = f"{press.id} was tapped on {press.message_id}, which no row knows"
                    self.broken("a message that was tapped is a card", said)

    def went_live(self, container: str, account_id: int) -> None:
        """A story went live by an account: the one that was the chat's when its tap was accepted."""
        for publish in self.store.tables.publishes.all():
            if publish.container_id != container:
                continue
            accepted = self._accepted.get((publish.chat_key, publish.item_id, publish.version), publish.account_id)
            if account_id not in {publish.account_id, None} or publish.account_id != accepted:
                said = f"item {publish.item_id} was accepted for {accepted}, and went live by {account_id}"
                self.broken("the account is fixed when the tap is accepted", said)

    def sends(self, process: Process, row: Item, now: float) -> None:
        """A process sends a card: it has claimed the item, or somebody has decided it since."""
        self._standing.discard(row.id)
        item = self.store.tables.items.get(row.chat_key, row.id)
        assert item is not None
        if process.thawed_at > now - 2 * HOLD_SECONDS or item.state not in {"waiting", "presenting", "in_review"}:
            return
        clock = self.store.clock.now()
        holds = item.state == "presenting" and item.held_by == process.name
        if not holds or item.hold_until is None or item.hold_until <= clock:
            said = f"{process.name} sends item {item.item_id}, {item.state}, held by {item.held_by}"
            self.broken("claim, then send", said)
        other = self._on_their_way.get(row.id)
        if other is not None and other.life is Life.RUNNING and other.frozen_at is None and other.thawed_at < 0:
            said = f"{process.name} sends item {row.id}, which {other.name} is sending"
            self.broken("a card on its way is nobody else's", said)
        self._on_their_way[row.id] = process

    def ended(self, process: Process, row: Item) -> None:
        """Its send is over, however; a process that was killed never says so."""
        if self._on_their_way.get(row.id) is process:
            del self._on_their_way[row.id]

    def stands_still(self, row: Item) -> None:
        """The end of its file never leaves: whatever becomes of this send, nothing was sent."""
        self._standing.add(row.id)

    def gave_up_what_moved(self, process: Process, row: Item) -> None:
        """A send was given up although its file was leaving."""
        if process.life is Life.RUNNING:
            self.broken("a file that moves is waited for", f"{process.name} gave up item {row.id}, which was leaving")

    def sent(self, process: Process, row: Item, message_id: int) -> None:
        """The process knows that its card is in the chat."""
        self._arrived[row.chat_id, message_id] = (process, row.id)

    def delivered(self, process: Process, updates: Sequence[Update]) -> None:
        """A process got what people pressed, with the versions that they saw."""
        for press in (one.press for one in updates if isinstance(one, Pressed)):
            place = (process.name, press.chat_id, press.message_id)
            if press.version <= self._reached(press):  # else it is forged: nobody saw that
                self._pressed[place] = min(press.version, self._pressed.get(place, press.version))

    def _reached(self, press: Press) -> int:
        chat = self.store.tables.chat(press.chat_id)
        item = None if chat is None else self.store.tables.items.get(chat.chat_key, press.item_id)
        return -1 if item is None else item.version

    def draws(self, process: Process, face: Face) -> None:
        """A process draws a card: from no older row than it drew there before, and than all saw who pressed there."""
        if face.row is None:
            return
        place = (process.name, face.chat_id, face.message_id)
        before, self._drawn[place] = self._drawn.get(place, 0), face.row.revision
        answers = face.asking is not None or (face.line or "").startswith(texts.PENDING)
        pressed = self._pressed.get(place, 0) if answers else 0
        if face.row.revision < before or face.row.version < pressed:
            drawn = f"{process.name} draws revision {face.row.revision}, version {face.row.version} of {face.item_id}"
            self.broken("a card does not go back", f"{drawn}, over its own {before}, and {pressed} was pressed")

    def send_failed(self, row: Item, error: Exception) -> None:
        """Its answer never came."""
        if isinstance(error, AnswerLost):
            self._ambiguous[row.id] += 1
            item = self.store.tables.items.get(row.chat_key, row.id)
            wished = item is None or (item.held_key or "").startswith("next")
            self._in_a_row[row.id] = 0 if wished else self._in_a_row[row.id] + 1
            if self._in_a_row[row.id] > MOST_AMBIGUOUS:
                self.broken("a lost send is made up for once", f"item {row.id} was sent again and again")

    def refused(self, row: Item) -> None:
        """The platform refused this story's picture: it is not sent again before people bring it back."""
        item = self.store.tables.items.get(row.chat_key, row.id)
        wished = item is None or (item.held_key or "").startswith("next")
        self._refused[row.id] = 0 if wished else self._refused[row.id] + 1
        if self._refused[row.id] > MOST_REFUSED:
            self.broken("a refused story steps aside", f"item {row.id} was sent again and again")

    def answers_with_file(self, row: Item, sent_for: tuple[int, str] | None) -> None:
        """A file goes below a message: the one of the item for which that was sent."""
        if sent_for != (row.id, row.mark):
            how = f"the file of item {row.id} answers a message of {sent_for}"
            self.broken("nothing is drawn on what is no card of the item", how)

    def look_at_cards(self, sent: Counter[int], *, somebody_died: bool, cut_off: bool) -> None:
        """Each card that a worker could save is in its row; an item without any had two sends of which nobody knows."""
        for (chat_id, message_id), (process, item_id) in self._arrived.items():
            chat = self.store.tables.chat(chat_id)
            assert chat is not None
            known = self.store.tables.cards.get(chat.chat_key, message_id)
            if known is None and not cut_off and process.life is Life.RUNNING and process.frozen_at is None:
                self.broken("a sent card is saved", f"message {message_id} of item {item_id} is in no row")
        for item in self.store.tables.items.all():
            unseen = item.state == State.IN_REVIEW.value and not sent[item.item_id]
            if unseen and self._ambiguous[item.item_id] < 2 and not somebody_died:
                self.broken("what waits for people has a card", f"item {item.item_id} is in review and was never sent")

    def look_at_counters(self) -> None:
        """Counters say what the history says."""
        events = list(self.store.tables.item_events.all())
        history = Counter((one.chat_key, one.user_id, one.to_state) for one in events if one.tap_id is not None)
        for member, state in product(self.store.tables.members.all(), sorted(LOCKED)):
            counted, told = getattr(member, state), history[member.chat_key, member.user_id, state]
            if counted != told:
                self.broken("counters count once", f"{member.name}: {state} {counted}, history {told}")

    def look_at_schedule(self, patience_seconds: float, spoiled: set[int]) -> None:
        """What is due is presented, one after the other; what is set aside has a picture that the platform refuses."""
        aside = [item for item in self.store.tables.items.all() if item.set_aside is not None]
        for item in (one for one in aside if one.item_id not in spoiled):
            self.broken("a story is set aside for its own fault", f"item {item.item_id}: {item.set_aside}")
        now = self.store.clock.now()
        for chat in (one for one in self.store.tables.chats.all() if not one.paused):
            due = [
                item
                for item in self.store.tables.items.all()
                if item.chat_key == chat.chat_key and item.state == State.WAITING.value and item.set_aside is None
            ]
            for item in due:
                since = max(item.due_at, chat.next_card_at)
                if since < now - timedelta(seconds=patience_seconds):
                    self.broken("what is due is presented", f"item {item.item_id} waits since {since:%H:%M:%S}")

    def _look_at_claim(
        self, before: ItemRecord | None, item: ItemRecord, operation: Operation[Any], chat: ChatRecord
    ) -> None:
        now = self.store.clock.now()
        if item.state != "presenting" or item.held_by is None or item.held_key is None:
            return
        held = before is not None and before.state == "presenting"
        if before is not None and held and (before.held_by, before.held_key) == (item.held_by, item.held_key):
            return  # the same question once more: the same claim
        if before is not None and held and before.held_by and before.hold_until and before.hold_until > now:
            said = f"item {item.item_id} of {before.held_by} is claimed by {item.held_by}"
            self.broken("one worker claims an item", said)
        if isinstance(operation, ClaimDue):
            last = self._claimed_at.get(chat.chat_key)
            gap = timedelta(seconds=chat.gap_seconds - ROUNDING_SECONDS)
            if last is not None and now - last < gap:
                self.broken("cards come one after another", f"item {item.item_id} came {now - last} after another one")
            self._claimed_at[chat.chat_key] = now

    def _look_at_repetition(self, worker: str, key: str, present: set[tuple[int, int]]) -> None:
        """A look that is made again, since its answer was lost, finds what it had claimed."""
        claimed = self._claims.setdefault((worker, key), set())
        for chat_key, item_id in claimed - present:
            item = self.store.tables.items.get(chat_key, item_id)
            held = item is not None and item.state == "presenting" and item.held_by == worker
            # Under another key it was claimed anew, by /next: the worker heard of that.
            if item is not None and held and item.held_key in {key, None}:
                self.broken("a look finds what it claimed", f"item {item_id} is held by {worker}, who does not know")
        claimed |= present

    def _look_at_send(self, before: ItemRecord | None, item: ItemRecord, operation: Operation[Any]) -> None:
        """A failed send gives back what its worker holds, and counts only if nobody knows; an outcome moves one try."""
        match operation:
            case SendFailed(row=row) | StoreOutcome(row=row) if row.id != item.item_id:
                return  # it is the operator's change
            case SendFailed(worker=worker, ambiguous=ambiguous) if before is not None:
                if before.held_by != worker:
                    said = f"item {item.item_id} of {before.held_by} is given back by {worker}"
                    self.broken("one worker claims an item", said)
                if ambiguous and item.item_id in self._standing:
                    said = f"the end of item {item.item_id} never left {worker}"
                    self.broken("what never left is no lost send", said)
                if not ambiguous and item.state == State.IN_REVIEW.value:
                    said = f"item {item.item_id} is in review though it was certainly not sent"
                    self.broken("what waits for people has a card", said)
            case StoreOutcome(row=row) if item.version != row.version + 1:
                said = f"item {item.item_id} is at version {item.version} by the outcome of {row.version}"
                self.broken("an outcome ends its own try", said)

    def _look_at_round(self, before: ItemRecord | None, item: ItemRecord) -> None:
        """A new round has no card yet."""
        begins = item.settled_step == "requeue" and (before is None or before.version != item.version)
        if begins:
            self._in_a_row[item.item_id] = self._refused[item.item_id] = 0
        if begins and any(not card.retired for card in self.store.tables.cards_of(item)):
            self.broken("a new round has new cards", f"item {item.item_id} came back with a card of before")

    def _look_at_lock(self, item: ItemRecord) -> None:
        if item.state in LOCKED:
            lock = self.store.tables.locks.get(item.chat_key, item.media_id, item.state)
            if lock is None or lock.until <= self.store.clock.now():
                self.broken("a settled story is locked", f"item {item.item_id} is {item.state} and may come again")

    def _look_at_right(self, item: ItemRecord, chat: ChatRecord) -> None:
        tap = self.store.tables.taps.get(item.chat_key, item.settled_tap)
        if chat.restricted and tap is not None:
            member = self.store.tables.members.get(item.chat_key, tap.user_id)
            if member is None or member.role is None:
                self.broken("only members decide", f"{tap.user_name} decided item {item.item_id} without the right")
