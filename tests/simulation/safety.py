"""What must hold after every step: each promise is looked at where it could be broken, at the moment it would be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from actors.ports import Update
from actors.rules.item import PROGRESS, TRANSITIONS, State
from actors.rules.messages import Press, Pressed, Tap
from actors.rules.operations import Operation
from tests.fakes.records import EventRecord, ItemRecord
from tests.fakes.store import Store
from tests.simulation.plan import Violation
from tests.simulation.processes import PROCESS, Life, Process
from tests.simulation.telegram import Sight

TAKEN_OVER_SECONDS = 100.0  # a poll may have been lost just before the end of all trouble, and is waited for a minute
MOST_REFUSED = 25  # edits of a deleted message: each tap on it, and each redraw, may try once
MOST_REFUSED_LATE, SETTLED_SECONDS = 6, 30.0  # nobody taps any more
BUSY = " this…"
HELD_SECONDS = 80.0  # so long a tap is held at least
SLICE_SECONDS = 0.2  # taps of one poll come in slices
TOAST_SECONDS = 0.5  # a toast waits for nothing of ours
UNDECIDED = {"presenting", "in_review", "in_doubt"}
CLAIM = re.compile(r"^(Skipped|Posted|Rejected|Published|Saved|Done)\b")
REFUSAL = re.compile(r"not saved|not in the queue|Out of order|Nothing was saved")


@dataclass
class Evidence:
    """What was seen of each tap: when which process got it, sent its toast, explained it; what was said on messages."""

    delivered: dict[str, list[tuple[float, Process]]] = field(default_factory=dict)
    toast_sent: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    said: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    shown: dict[tuple[int, int], int] = field(default_factory=dict)
    said_to_all: dict[int, list[str]] = field(default_factory=dict)
    let_go: set[str] = field(default_factory=set)
    toast_shown: set[str] = field(default_factory=set)
    recording: dict[tuple[str, int, int], list[str]] = field(default_factory=dict)  # by process, chat and item


@dataclass
class Safety:
    """The observer. A promise that breaks is noted once a world."""

    store: Store
    now: Callable[[], float]
    violations: list[Violation] = field(default_factory=list)
    is_over: bool = False
    evidence: Evidence = field(default_factory=Evidence)
    changed: Callable[[ItemRecord | None, ItemRecord, Operation[Any], object], None] = lambda *_: None
    healed_at: float | None = None
    pressed: Callable[[str], Pressed | None] = lambda _: None
    _refused: Counter[tuple[int, int]] = field(default_factory=Counter)
    _refused_late: Counter[tuple[int, int]] = field(default_factory=Counter)
    _known: dict[tuple[int, int], ItemRecord] = field(default_factory=dict)
    _toasts_due: list[tuple[float, str, Process]] = field(default_factory=list)

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

    def delivered(self, process: Process, updates: Sequence[Update]) -> None:
        """A process got these."""
        for update in updates:
            if isinstance(update, Pressed):
                press = update.press
                known = self.evidence.delivered.setdefault(press.id, [])
                if all(one is not process for _, one in known):
                    self._toasts_due.append((self.now() + TOAST_SECONDS, press.id, process))
                known.append((self.now(), process))

    def asked_to_toast(self, press_id: str, text: str) -> None:
        """A process sends a toast."""
        first_time = press_id not in self.evidence.toast_sent
        self.evidence.toast_sent.setdefault(press_id, text)
        if first_time:
            self._look_at_who_is_first(press_id, text)
        if not text.strip():
            self.broken("every tap is answered before any database work", f"the toast of {press_id} says nothing")
        if CLAIM.match(text):
            self.broken("record, then claim", f"the toast of {press_id} claims: {text}")

    def toasted(self, press_id: str) -> None:
        """A toast is shown."""
        self.evidence.toast_shown.add(press_id)

    def look_at_toasts(self) -> None:
        """Each tap was answered at once, if its process could run."""
        now = self.now()
        while self._toasts_due and self._toasts_due[0][0] < now:
            _, press_id, process = self._toasts_due.pop(0)
            could_run = process.life is Life.RUNNING and process.thawed_at < now - 2 * TOAST_SECONDS
            if could_run and press_id not in self.evidence.toast_sent:
                self.broken("every tap is answered before any database work", f"{press_id} got no toast")

    def _look_at_who_is_first(self, press_id: str, text: str) -> None:
        """While a process stores a tap, whoever taps the same item there is told so, at once and by name."""
        process, pressed = PROCESS.get(), self.pressed(press_id)
        if process is None or not isinstance(pressed, Tap) or BUSY in text or REFUSAL.search(text):
            return
        press = pressed.press
        tried = self.evidence.recording.setdefault((process.name, press.chat_id, press.item_id), [])
        mine = self._got(press_id, process)
        for other in tried:
            theirs = self._got(other, process)
            open_still = other not in self.evidence.lines and not self._is_known(press.chat_id, other)
            if open_still and theirs + SLICE_SECONDS < mine < theirs + HELD_SECONDS:
                self.broken(
                    "the second is told who is first", f"{press_id} hears {text!r} while {other} is being stored"
                )
        tried.append(press_id)

    def _got(self, press_id: str, process: Process) -> float:
        sights = self.evidence.delivered.get(press_id, [])
        return min((at for at, one in sights if one is process), default=self.now())

    def _is_known(self, chat_id: int, tap_id: str) -> bool:
        chat = self.store.tables.chat(chat_id)
        return chat is not None and self.store.tables.taps.get(chat.chat_key, tap_id) is not None

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

    def said(self, chat_id: int, text: str) -> None:
        """A chat hears something that belongs to no card."""
        self.evidence.said_to_all.setdefault(chat_id, []).append(text)

    def confirmed(self, updates: Sequence[Update]) -> None:
        """Telegram forgets these: each tap among them is stored, or was visibly refused."""
        for update in updates:
            if isinstance(update, Tap) and not self._is_stored(update.press) and not self._is_refused(update.press):
                self.broken("nothing is confirmed before it is durable", f"{update.press.id} was confirmed and lost")

    def drawn(self, sight: Sight, before: Sight | None) -> None:
        """A message shows something new: nothing that no row says, and buttons while there is something to decide."""
        face = sight.face
        if face.line is not None:
            self.evidence.said.setdefault((face.chat_id, face.message_id), []).append(face.line)
        if face.row is not None:
            self.evidence.shown[face.chat_id, face.message_id] = face.row.version
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

    def logged(self, process: Process, line: dict[str, Any]) -> None:
        """A process wrote a line."""
        if line["event"] == "tap":
            if line["outcome"] == "refused":
                self._look_at_refusal(process, line["tap_id"])
            self.evidence.lines.setdefault(line["tap_id"], []).append({**line, "process": process.name})
        elif line["event"] == "tap.not_confirmed":
            self.evidence.let_go.add(line["tap_id"])
        elif line["level"] in {"error", "critical"} and not self._is_expected(process, line):
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
                return event in {"database.unreachable", "update.poison"}

    def _look_at_refusal(self, process: Process, tap_id: str) -> None:
        """Who gets what a worker had before it died does not refuse what that one stored."""
        sights = self.evidence.delivered.get(tap_id, [])
        others = [one for _, one in sights if one is not process]
        since = min((at for at, one in sights if one is process), default=0.0)
        died = [one.killed_at < since and one.frozen_at is None for one in others]
        stored = any(event.tap_id == tap_id for event in self.store.tables.item_events.all())
        if stored and others and all(died) and process.frozen_at is None:
            self.broken("a refusal is final", f"{process.name} refused {tap_id}, which a dead worker had stored")

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

    def _is_stored(self, press: Press) -> bool:
        chat = self.store.tables.chat(press.chat_id)
        return chat is None or self.store.tables.taps.get(chat.chat_key, press.id) is not None

    def _is_refused(self, press: Press) -> bool:
        """By a toast that says something else than what is being tried, by a line on its message, or aloud.

        Or the message shows a later decision, with its author: what was tapped is gone before people's eyes. Or it was
        called not confirmed, and let go since it hid all newer ones; its worker goes on asking what became of it.
        """
        toast = self.evidence.toast_sent.get(press.id, "") if press.id in self.evidence.toast_shown else ""
        said = self.evidence.said.get((press.chat_id, press.message_id), [])
        aloud = [one for one in self.evidence.said_to_all.get(press.chat_id, []) if press.person.name in one]
        if press.id in self.evidence.let_go:
            return True
        by_line = any(REFUSAL.search(line) for line in (*said, *aloud)) or any(BUSY in one for one in aloud)
        moved_on = self.evidence.shown.get((press.chat_id, press.message_id), 0) > press.version
        return BUSY in toast or bool(REFUSAL.search(toast)) or by_line or moved_on


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
