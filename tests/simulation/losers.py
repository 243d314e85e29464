"""What each recorded press came to: a refusal names its person, is deserved, is never taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from actors.domain.item import TRANSITIONS, State
from actors.domain.messages import Recorded, Stale
from actors.domain.taps import Press, Tap
from tests.fakes.records import ItemRecord
from tests.fakes.store import Store

EVERYBODY = "everybody"


@dataclass
class Losers:
    """Looks at each press when it is recorded; `broken` notes what must not be."""

    store: Store
    broken: Callable[[str, str], None]
    _seen: dict[str, str] = field(default_factory=dict)  # by whom its press was written
    _refused: dict[str, set[str]] = field(default_factory=dict)
    _newest: dict[tuple[int, int], int] = field(default_factory=dict)

    def recorded(self, before: ItemRecord | None, item: ItemRecord, outcome: Recorded | Stale, worker: str) -> None:
        """A tap was written for the first time; `before` is what it found."""
        press = outcome.tap.press
        if before is None or press.id in self._seen or item.item_id != press.item_id:
            return  # of another item it is the operator's change, which is seen with the next commit
        self._seen[press.id] = worker
        if isinstance(outcome, Stale):
            if not item.late or item.late[-1].name != press.person.name:
                self.broken("the loser is named", f"{press.id} of {press.person.name} was refused, and no line says so")
            elif item.revision == before.revision:
                self.broken("the loser is named", f"the line of {press.id} does not count as a change of the card")
        if isinstance(outcome, Stale) and self._was_right(before, outcome.tap):
            self.broken("nobody is refused for nothing", f"{press.id} saw {press.version}, which was the row's")
        if isinstance(outcome, Recorded):
            self._look_at_order(press)

    def refused_for_good(self, tap_id: str, worker: str) -> None:
        """The log said that it was not saved: by its key, which binds everybody, or by one who had no database."""
        keyed = any(tap.tap_id == tap_id and tap.outcome == "refused" for tap in self.store.tables.taps.all())
        self._refused.setdefault(tap_id, set()).add(EVERYBODY if keyed else worker)

    def look_at_refusals(self) -> None:
        """What was called not saved never was. (Two workers may hold a tap, and one of them may have no database.)"""
        for tap in self.store.tables.taps.all():
            refused = self._refused.get(tap.tap_id, set()) & {EVERYBODY, self._seen.get(tap.tap_id)}
            if refused and tap.outcome != "refused":
                self.broken("a refusal is final", f"{tap.tap_id} was refused, and is stored as {tap.outcome}")

    def _was_right(self, before: ItemRecord, tap: Tap) -> bool:
        leads = (State(before.state), tap.action) in TRANSITIONS
        publish = self.store.tables.publishes.get(before.chat_key, before.item_id, before.version)
        marked = publish is not None and publish.state == "publishing"
        return before.version == tap.press.version and leads and not marked

    def _look_at_order(self, press: Press) -> None:
        """Of one person's taps on one item the later one never takes effect first."""
        key = (press.person.id, press.item_id)
        if self._newest.get(key, 0) > press.update_id:
            self.broken("one person's taps keep their order", f"{press.id} took effect after a later one")
        self._newest[key] = max(press.update_id, self._newest.get(key, 0))
