"""What a worker remembers beyond the life of an item's actor: which messages are surely cards, and who was told."""

from __future__ import annotations

from collections import OrderedDict

import anyio

from actors.rules.messages import Press
from actors.rules.review_memory import Known

MOST_KNOWN = 10_000  # items; so a database that is away leaves no card of theirs without its refusals
MOST_TOLD = 1_000
SELDOM_SECONDS = 60.0


class KnownCards:
    """The items that a worker has heard of lately, by chat and number."""

    def __init__(self) -> None:
        self._items: OrderedDict[tuple[int, int], Known] = OrderedDict()

    def of(self, key: tuple[int, int]) -> Known | None:
        """Return what is known of this item."""
        return self._items.get(key)

    def keep(self, key: tuple[int, int], known: Known) -> None:
        """Remember it, in the place of the one that was heard of least lately."""
        self._items[key] = known
        self._items.move_to_end(key)
        if len(self._items) > MOST_KNOWN:
            self._items.popitem(last=False)


class Seldom:
    """Who was told in a chat lately that a button was none of ours: it can be forged again and again."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[int, int], float] = OrderedDict()

    def may_tell(self, press: Press) -> bool:
        """Tell whether this person may hear it in this chat now; then not for a minute."""
        key, now = (press.chat_id, press.person.id), anyio.current_time()
        if now - self._told.get(key, float("-inf")) < SELDOM_SECONDS:
            return False
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)
        return True
