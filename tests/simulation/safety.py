"""What must hold after every step: each promise is looked at where it could be broken, at the moment it would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.domain.item import PROGRESS, TRANSITIONS, State
from actors.operations.operation import Operation
from actors.operations.taps import RecordTap
from tests.fakes.records import EventRecord, ItemRecord
from tests.fakes.store import Store
from tests.simulation.plan import Violation
from tests.simulation.processes import Life, Process
from tests.simulation.taps import Evidence
from tests.simulation.telegram import Sight

TAKEN_OVER_SECONDS = 100.0  # a poll may have been lost just before the end of all trouble, and is waited for a minute
MOST_REFUSED = 25  # edits of a deleted message: each tap on it, and each redraw, may try once
MOST_REFUSED_LATE, SETTLED_SECONDS = 6, 30.0  # nobody taps any more
UNDECIDED = {"presenting", "in_review", "in_doubt"}


@dataclass
class Safety:
    """The observer. A promise that breaks is noted once a world."""

    store: Store
    evidence: Evidence
    now: Callable[[], float]
    violations: list[Violation] = field(default_factory=list)
    is_over: bool = False
    changed: Callable[[ItemRecord | None, ItemRecord, Operation[Any], object], None] = lambda *_: None
    healed_at: float | None = None
    sent_for: Callable[[int, int], tuple[int, str] | None] = lambda *_: None  # the item and mark of a message
    _refused: Counter[tuple[int, int]] = field(default_factory=Counter)
    _refused_late: Counter[tuple[int, int]] = field(default_factory=Counter)
    _known: dict[tuple[int, int], ItemRecord] = field(default_factory=dict)

    def broken(self, invariant: str, sentence: str) -> None:
        """Note a broken promise."""
        if not self.is_over and all(one.invariant != invariant for one in self.violations):
            self.violations.append(Violation(invariant, round(self.now(), 3), sentence))

    def committed(self, operation: Operation[Any], value: object) -> None:
        """Look at every item that this commit changed."""
        for item in self.store.tables.items.all():
            key = (item.chat_key, item.item_id)
            before = self._known.get(key)
            if before is not item:
                self._known[key] = item
                self.changed(before, item, operation, value)
                self._look_at_item(item, f"{type(operation).__name__} -> {type(value).__name__}")

    def went_live(self, media_id: int, container: str, count: int) -> None:
        """A story went live: the first of its media, from a publish that was marked before and nobody cancelled."""
        if count > 1:
            self.broken("no story is published twice", f"media {media_id} is live {count} times, lastly by {container}")
        publishes = [one for one in self.store.tables.publishes.all() if one.container_id == container]
        if not any(one.publishing_at is not None for one in publishes):
            self.broken("marked before the call", f"{container} went live and no row says that it was to be published")
        elif all(one.state == "cancelled" for one in publishes):
            self.broken("a cancelled publish is not live", f"{container} went live after it was cancelled")

    def conflicted(self) -> None:
        """Telegram ended a poll because another one came."""
        if self.healed_at is not None and self.now() - self.healed_at > TAKEN_OVER_SECONDS:
            self.broken("one worker polls", "two workers poll although all trouble is over")

    def refused(self, chat_id: int, message_id: int) -> None:
        """Telegram says that this message cannot be edited."""
        self._refused[chat_id, message_id] += 1
        healed = self.healed_at is not None and self.now() - self.healed_at > SETTLED_SECONDS
        self._refused_late[chat_id, message_id] += healed
        late = self._refused_late[chat_id, message_id] > MOST_REFUSED_LATE
        if late or self._refused[chat_id, message_id] > MOST_REFUSED:
            self.broken("a refused edit is not repeated", f"message {message_id} was edited again and again")

    def drawn(self, sight: Sight, before: Sight | None) -> None:
        """A message shows something new: nothing that no row says, and buttons while there is something to decide."""
        face = sight.face
        self._look_at_whose_it_is(sight)
        item = self._item_of(sight)
        if item is None:
            return
        if face.row is not None and (face.row.version > item.version or face.row.revision > item.revision):
            self.broken("record, then claim", f"message {face.message_id} shows version {face.row.version}, unrecorded")
        if face.row is not None and face.row.revision == item.revision and not _agree(face.row.state.value, item.state):
            self.broken("record, then claim", f"message {face.message_id} shows {face.row.state.value}, not recorded")
        shown = face.version if face.row is None else face.row.version
        card = self.store.tables.cards.get(item.chat_key, face.message_id)
        retired = face.retired or (card is not None and card.retired)
        waits = item.state in UNDECIDED and item.version == shown and not retired
        if waits and before is not None and not sight.keyboard:
            self.broken("a card that needs a decision has its buttons", f"message {face.message_id} lost them")

    def pressed(self, item: ItemRecord, operation: RecordTap) -> None:
        """A press has changed an item: its message was sent for it, whatever the press said."""
        press = operation.tap.press
        sent_for = self.sent_for(press.chat_id, press.message_id)
        if sent_for != (item.item_id, item.mark):
            how = f"{press.id} on message {press.message_id}, sent for {sent_for}, changed item {item.item_id}"
            self.broken("a press changes only the item whose card it was", how)

    def _look_at_whose_it_is(self, sight: Sight) -> None:
        face = sight.face
        mark = face.mark if face.row is None else face.row.mark
        sent_for = self.sent_for(face.chat_id, face.message_id)
        if sent_for is not None and sent_for != (face.item_id, mark):
            how = f"message {face.message_id}, sent for {sent_for}, shows item {face.item_id}, {mark}"
            self.broken("nothing is drawn on what is no card of the item", how)

    def logged(self, process: Process, line: dict[str, Any]) -> None:
        """A process wrote a line that concerns no tap."""
        if line["level"] in {"error", "critical"} and not self._is_expected(process, line):
            self.broken("no actor crashes", f"{process.name}: {_short(line)}")

    def _is_expected(self, process: Process, line: dict[str, Any]) -> bool:
        """An outage is told; a stop in trouble may take what is held with it; who was frozen may outlive his lease."""
        match line["event"]:
            case "child.killed":
                in_trouble = self.healed_at is None or self.now() - self.healed_at < TAKEN_OVER_SECONDS
                return process.life is Life.STOPPING and in_trouble
            case "publish.outlived_its_lease":
                return process.frozen_at is not None
            case event:
                return event in {"database.unreachable", "update.poison", "telegram.token_refused"}

    def _look_at_item(self, item: ItemRecord, why: str) -> None:
        events = self._events_of(item)
        name = f"item {item.item_id} after {why}"
        if [event.version for event in events] != list(range(1, item.version + 1)):
            versions = [event.version for event in events]
            self.broken("each decision is written once", f"{name}: version {item.version}, history {versions}")
            return
        states = ["waiting", *(event.to_state for event in events)]
        for event, state in zip(events, states[:-1], strict=True):
            if event.from_state not in _reachable(state):
                self.broken("the row follows its history", f"{name}: {state} cannot become {event.from_state}")
            if event.tap_id is not None:
                self._look_at_tap(item, event)
        if item.state not in _reachable(states[-1]):
            self.broken("the row follows its history", f"{name}: history ends in {states[-1]}, the row is {item.state}")

    def _look_at_tap(self, item: ItemRecord, event: EventRecord) -> None:
        assert event.tap_id is not None
        tap = self.store.tables.taps.get(item.chat_key, event.tap_id)
        if tap is None or tap.outcome != "recorded":
            self.broken("a decision belongs to a recorded tap", f"{event.tap_id} decided and is {tap and tap.outcome}")
        elif tap.version != event.version - 1:
            self.broken(
                "a tap acts on what the person saw", f"{event.tap_id} saw {tap.version} and made {event.version}"
            )
        if event.tap_id not in self.evidence.delivered:
            self.broken("a decision belongs to a recorded tap", f"{event.tap_id} decided and was never delivered")

    def _events_of(self, item: ItemRecord) -> list[EventRecord]:
        found = [
            event
            for event in self.store.tables.item_events.all()
            if (event.chat_key, event.item_id) == (item.chat_key, item.item_id)
        ]
        return sorted(found, key=lambda event: event.version)

    def _item_of(self, sight: Sight) -> ItemRecord | None:
        chat = self.store.tables.chat(sight.face.chat_id)
        return None if chat is None else self.store.tables.items.get(chat.chat_key, sight.face.item_id)


def _agree(one: str, other: str) -> bool:
    """Tell whether nothing but progress lies between two states: progress changes no revision."""
    return other in _reachable(one) or one in _reachable(other)


def _reachable(state: str) -> set[str]:
    """The states that need no further decision."""
    found = {state}
    while True:
        more = {
            target.value
            for (source, step), target in TRANSITIONS.items()
            if step in PROGRESS and source.value in found and target is not State.WITHDRAWN
        }
        if more <= found:
            return found
        found |= more


def _short(line: dict[str, Any]) -> str:
    error = line.get("exc_info")
    rest = {name: value for name, value in line.items() if name not in {"event", "level", "exc_info"}}
    return f"{line['event']} {rest} {error!r}" if error else f"{line['event']} {rest}"
