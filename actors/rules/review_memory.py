"""What the actor of one item remembers, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass

from actors.rules.effects import Effect
from actors.rules.item import Row
from actors.rules.messages import Press, Tap


@dataclass(frozen=True, slots=True)
class Item:
    """What the actor of one item remembers. A cold one knows nothing but its id, and needs nothing else.

    `recording` is this actor's own open recording, the only thing by which memory may refuse a tap.
    `asking` is the open "Are you sure?", a view that any redraw may drop. `original` asked for the file
    that is on its way.
    """

    id: int
    row: Row | None = None
    recording: Tap | None = None
    asking: Press | None = None
    original: Press | None = None

    def known_to(self, press: Press) -> Row | None:
        """The row, if it knows the message and nothing newer was seen on it; else memory would draw the past.

        Another worker may have written the row since: sending a card and settling an item are told to nobody else.
        """
        row = self.row
        if row is None or row.version < press.version:
            return None
        return row if any(card.message_id == press.message_id for card in row.cards) else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the item becomes, and what to do about it, in this order."""

    item: Item
    effects: tuple[Effect, ...] = ()
