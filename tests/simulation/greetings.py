"""What becomes of a change of what the bot is in a group: one line; where a stranger brings it, one greeting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from actors.domain.updates import Membership, Update
from tests.fakes.store import Store
from tests.simulation.processes import Life, Process


@dataclass
class Greetings:
    """The doorkeeper; `broken` notes what must not be."""

    store: Store
    broken: Callable[[str, str], None]
    _strange: set[int] = field(default_factory=set)
    _said: Counter[int] = field(default_factory=Counter)
    _seen: dict[int, set[Process]] = field(default_factory=dict)
    _lines: Counter[tuple[Process, str]] = field(default_factory=Counter)
    _changes: dict[tuple[Process, str], set[int]] = field(default_factory=dict)

    def invited(self, chat_id: int) -> None:
        """A stranger brings the bot into this group, some times within a minute."""
        self._strange.add(chat_id)

    def said(self, chat_id: int) -> None:
        """The bot said something."""
        self._said[chat_id] += 1

    def delivered(self, process: Process, updates: Sequence[Update]) -> None:
        """A process got these."""
        for change in updates:
            if isinstance(change, Membership):
                self._seen.setdefault(change.chat_id, set()).add(process)
                name = _name(change.chat_id, change.before.value, change.after.value)
                self._changes.setdefault((process, name), set()).add(change.update_id)

    def logged(self, process: Process, line: dict[str, object]) -> None:
        """A process wrote the line of a change."""
        self._lines[process, _name(line["chat_id"], line["before"], line["after"])] += 1

    def _look_at_lines(self) -> None:
        """Who heard of a change, and lived on, has said so once."""
        for place, changes in self._changes.items():
            process, name = place
            lived = process.life is Life.RUNNING and process.thawed_at < 0
            if self._lines[place] > len(changes) or (lived and self._lines[place] < len(changes)):
                said = f"{process.name} heard of {name} {len(changes)} times, and told {self._lines[place]}"
                self.broken("each change of the bot's rights has its line", said)

    def look(self) -> None:
        """A worker greets once an hour, whatever comes again; a group that nobody set up leaves no row."""
        self._look_at_lines()
        for chat_id in self._strange:
            seen = self._seen.get(chat_id, set())
            if self._said[chat_id] > len(seen):
                self.broken("a group is greeted once", f"{chat_id} was greeted {self._said[chat_id]} times")
            lived = all(process.life is Life.RUNNING and process.thawed_at < 0 for process in seen)
            if seen and lived and not self._said[chat_id]:
                self.broken("a group is greeted once", f"{chat_id} was never greeted")
            if self.store.tables.chat(chat_id) is not None:
                self.broken("a stranger's group creates nothing", f"{chat_id} is a chat now")


def _name(chat_id: object, before: object, after: object) -> str:
    return f"{chat_id} {before} to {after}"
