"""What the log says of items: each change has its line, by whoever made it, or by whoever comes after the dead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from actors.domain.item import Item
from actors.operations.cards import SaveCard
from actors.operations.commands import Told
from actors.operations.operation import Operation
from actors.operations.schedule import ClaimDue, Due
from tests.fakes.records import EventRecord
from tests.fakes.store import Store
from tests.simulation.furniture import OPENS
from tests.simulation.processes import Life, Process

KEPT = {"expire": "expired", "withdraw": "withdrawn", "requeue": "requeued"}
ENDS = {"published": "published", "publish_refused": "refused", "answer_lost": "in_doubt", "rehearsed": "rehearsed"}
PROMISE = "each change of an item has its line"

Key = tuple[int, int, str]  # item, version, change


@dataclass
class Changes:
    """The auditor; `broken` notes what must not be."""

    store: Store
    broken: Callable[[str, str], None]
    _lines: dict[Key, list[tuple[Process, str]]] = field(default_factory=dict)
    _presented: Counter[tuple[Process, int]] = field(default_factory=Counter)
    _sent: Counter[tuple[Process, int, int]] = field(default_factory=Counter)
    _claimed: set[tuple[Process, int, str]] = field(default_factory=set)
    _told: dict[Process, set[int]] = field(default_factory=dict)
    _saved: set[tuple[Process, int, int]] = field(default_factory=set)

    def logged(self, process: Process, line: dict[str, Any]) -> None:
        """A process wrote the line of a change."""
        match line["change"]:
            case "presented":
                self._presented[process, line["item_id"]] += 1
                if line["cause"] == "slot":  # /next may be faster than the look that tells of the birth
                    self._told.setdefault(process, set()).add(line["item_id"])
            case "card_sent":
                self._sent[process, line["item_id"], line["message_id"]] += 1
            case str(change) if "version" in line:
                if change == "queued" and line["item_id"] in self._told.get(process, ()):
                    self.broken(PROMISE, f"{process.name} tells of the birth of item {line['item_id']} after its card")
                self._lines.setdefault((line["item_id"], line["version"], change), []).append((process, line["cause"]))

    def learned(self, process: Process, operation: Operation[Any], value: object) -> None:
        """A process got the answer of an operation."""
        match operation, value:
            case ClaimDue(), Due():
                self._claimed |= {(process, row.id, str(operation.key)) for row in value.present}
            case SaveCard(), Item() if any(card.message_id == operation.message_id for card in value.cards):
                self._saved.add((process, value.id, operation.message_id))
            case _, Told(row=Item() as row, claimed=True):
                self._claimed.add((process, row.id, f"command {operation}"))

    def look(self) -> None:
        """Each change is told, no worker tells it twice, and only who comes after the dead tells it once more."""
        for event in self.store.tables.item_events.all():
            change = KEPT.get(event.step) or ENDS.get(event.step)
            if change is not None:
                self._look_at(event, change)
        for item in self.store.tables.items.all():
            if item.created_at > OPENS:
                self._look_at_line((item.item_id, 0, "queued"), twice=False, untold=False)
        self._look_at_claims()
        self._look_at_what_never_was()
        for place in self._saved:
            if _lived(place[0]) and self._sent[place] != 1:
                said = f"message {place[2]} of item {place[1]} has {self._sent[place]} lines of {place[0].name}"
                self.broken(PROMISE, said)

    def _look_at(self, event: EventRecord, change: str) -> None:
        # Whoever was frozen over a rehearsal ends it, too, though another worker had taken it over.
        key, twice = (event.item_id, event.version, change), event.step == "rehearsed"
        self._look_at_line(key, twice=twice, untold=self._may_be_untold(event))

    def _look_at_line(self, key: Key, *, twice: bool, untold: bool) -> None:
        lines = self._lines.get(key, [])
        name = f"item {key[0]}, version {key[1]}, {key[2]}"
        first = [process for process, cause in lines if cause != "recovered"]
        if not lines and not untold:
            self.broken(PROMISE, f"{name}, has no line")
        if not all(cause for _, cause in lines):
            self.broken(PROMISE, f"{name}, has no cause")
        if (len(first) > 1 and not twice) or len(lines) > len({process for process, _ in lines}):
            said = [(process.name, cause) for process, cause in lines]
            self.broken(PROMISE, f"{name}, has more than one: {said}")

    def _look_at_what_never_was(self) -> None:
        """A line that tells of what is in no history; /requeue of what was set aside leaves none."""
        steps = {change: step for step, change in (KEPT | ENDS).items() if step != "requeue"}
        history = {(event.item_id, event.version, event.step) for event in self.store.tables.item_events.all()}
        for item_id, version, change in self._lines:
            if change in steps and (item_id, version, steps[change]) not in history:
                self.broken(PROMISE, f"item {item_id}, version {version}: {change} is told, and never was")

    def _may_be_untold(self, event: EventRecord) -> bool:
        """Whoever ended the publish died over it, and there is no card by which another one would find it."""
        item = self.store.tables.items.get(event.chat_key, event.item_id)
        assert item is not None
        drawable = any(not card.gone for card in self.store.tables.cards_of(item))
        return event.step in ENDS and (item.version != event.version or not drawable)

    def _look_at_claims(self) -> None:
        claims = Counter((process, item_id) for process, item_id, _ in self._claimed)
        for (process, item_id), count in claims.items():
            told = self._presented[process, item_id]
            if _lived(process) and told != count:
                self.broken(PROMISE, f"{process.name} claimed item {item_id} {count} times, and told {told}")


def _lived(process: Process) -> bool:
    """Whoever was frozen may have waited too long for what it got."""
    return process.life is Life.RUNNING and process.thawed_at < 0
