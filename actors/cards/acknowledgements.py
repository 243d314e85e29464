"""Queue of shown revisions to acknowledge in the rows; an entry waits until the log has the line of its tap."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

import anyio

from actors.bounds import UNLOGGED_SECONDS
from actors.operations.cards import REFUSED, UNKNOWN, Shown

MOST_ACKNOWLEDGED = 500  # a statement
MOST_UNACKNOWLEDGED = 20_000  # beyond it the oldest is dropped: the reconciler finds that card and draws it again

IsLogged: TypeAlias = Callable[[], bool]  # asks whether the line of a tap is written


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    shown: Shown
    logged: tuple[IsLogged, ...]
    at: float

    @property
    def waits(self) -> bool:
        return not all(is_logged() for is_logged in self.logged)

    @property
    def is_unknown(self) -> bool:
        return self.shown.revision in {UNKNOWN, REFUSED}

    @property
    def message(self) -> tuple[int, int]:
        return self.shown.card.chat_key, self.shown.card.message_id


@dataclass
class AcknowledgementQueue:
    """A queue from which no card of a message goes before an older one.

    A worker that dies leaves its card behind the row, and who draws it again writes the line. So the line comes first:
    acknowledged before it, a tap whose toast is still under way would never be logged.
    """

    _seen: deque[_Seen] = field(default_factory=lambda: deque(maxlen=MOST_UNACKNOWLEDGED))

    @property
    def waits(self) -> bool:
        """Tell whether any is kept back."""
        return any(seen.waits for seen in self._seen)

    def add(self, shown: Shown, logged: tuple[IsLogged, ...] = ()) -> None:
        """Keep it until it is stored, and back until all of these are logged."""
        self._seen.append(_Seen(shown, logged, anyio.current_time()))

    def batch(self) -> tuple[Shown, ...]:
        """Return the oldest that may be stored."""
        return tuple(islice(self._ready(), MOST_ACKNOWLEDGED))

    def stored(self, batch: tuple[Shown, ...]) -> None:
        """Forget these revisions: the rows have them now."""
        ids = set(map(id, batch))
        self._keep(lambda seen: id(seen.shown) not in ids)

    def give_up(self) -> bool:
        """Forget what has waited for too long; tells whether there was any: it is to be drawn again."""
        before, now = len(self._seen), anyio.current_time()
        self._keep(lambda seen: now < seen.at + UNLOGGED_SECONDS or not seen.waits)
        return len(self._seen) < before

    def _ready(self) -> Iterator[Shown]:
        waiting: set[tuple[int, int]] = set()
        taken: dict[tuple[int, int], bool] = {}
        for seen in self._seen:
            # A statement takes the newest of a message: an unknown one goes alone, or what was shown before hides it.
            goes_alone = seen.message in taken and (seen.is_unknown or taken[seen.message])
            if seen.waits or goes_alone:
                waiting.add(seen.message)
            if seen.message not in waiting:
                taken[seen.message] = seen.is_unknown
                yield seen.shown

    def _keep(self, which: Callable[[_Seen], bool]) -> None:
        self._seen = deque(filter(which, self._seen), maxlen=MOST_UNACKNOWLEDGED)
