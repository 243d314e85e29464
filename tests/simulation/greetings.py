"""What becomes of a group into which a stranger brings the bot: one greeting, and nothing else."""

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

    def look(self) -> None:
        """A worker greets once an hour, whatever comes again; a group that nobody set up leaves no row."""
        for chat_id in self._strange:
            seen = self._seen.get(chat_id, set())
            if self._said[chat_id] > len(seen):
                self.broken("a group is greeted once", f"{chat_id} was greeted {self._said[chat_id]} times")
            lived = all(process.life is Life.RUNNING and process.thawed_at < 0 for process in seen)
            if seen and lived and not self._said[chat_id]:
                self.broken("a group is greeted once", f"{chat_id} was never greeted")
            if self.store.tables.chat(chat_id) is not None:
                self.broken("a stranger's group creates nothing", f"{chat_id} is a chat now")
