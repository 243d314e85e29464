"""What the actor of one item remembers, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from actors.domain.item import Item
from actors.domain.taps import Press, Tap
from actors.item.effects import Effect


@dataclass(frozen=True, slots=True)
class Known:
    """What the database said of an item and what never changes: its mark, and messages (chat, message) that show it."""

    mark: str
    messages: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class ItemMemory:
    """What the actor of one item remembers. A cold one knows nothing but its id, and needs nothing else.

    `recording` is this actor's own open recording, the only thing by which memory may refuse a tap.
    `asking` is the open "Are you sure?", a view that any redraw may drop. `original` asked for the file
    that is on its way. `known` outlives the actor. `told` are the open presses whose toast said already that they are
    none of ours. `aside` are open recordings of people whose right is not known yet: no other tap is refused for them.
    """

    id: int
    row: Item | None = None
    recording: Tap | None = None
    asking: Press | None = None
    original: Press | None = None
    known: Known | None = None
    told: frozenset[str] = frozenset()
    aside: tuple[Tap, ...] = ()

    def known_to(self, press: Press) -> Item | None:
        """The row, if it knows the message and nothing newer was seen on it; else memory would draw the past.

        Another worker may have written the row since: sending a card and settling an item are told to no other worker.
        """
        row = self.row
        if row is None or row.version < press.version:
            return None
        return row if any(card.message_id == press.message_id for card in row.cards) else None

    def holder(self, press: Press) -> Tap | None:
        """The open recording by which this press is refused: the item's one, or the same person's aside."""
        same = (tap for tap in (self.recording, *self.aside) if tap is not None and tap.press.id == press.id)
        own = (tap for tap in self.aside if tap.press.person.id == press.person.id)
        return next(same, None) or self.recording or next(own, None)

    def close(self, press: Press) -> ItemMemory:
        """The press is decided: nothing of it is kept."""
        mine = self.recording is not None and self.recording.press.id == press.id
        aside = tuple(tap for tap in self.aside if tap.press.id != press.id)
        return replace(self, recording=None if mine else self.recording, told=self.told - {press.id}, aside=aside)

    def owns(self, press: Press) -> bool:
        """Tell whether the pressed message is surely a card of the item: nothing may be drawn on any other."""
        return self._knows(press) and not self.denies(press)

    def denies(self, press: Press) -> bool:
        """Tell whether the button bears another mark than the item: it is of a queue that was, or forged."""
        return self.known is not None and press.mark not in {None, self.known.mark}

    def learn(self, row: Item, *adopted: Press) -> ItemMemory:
        """Keep what the database said; `adopted` are presses whose messages it took for cards of the item."""
        before = self.known.messages if self.known is not None and self.known.mark == row.mark else frozenset()
        cards = {(card.chat_id, card.message_id) for card in row.cards}
        presses = {(press.chat_id, press.message_id) for press in adopted if press.chat_id == row.chat_id}
        newest = row if self.row is None or row.revision >= self.row.revision else self.row
        return replace(self, row=newest, known=Known(row.mark, before | cards | presses))

    def _knows(self, press: Press) -> bool:
        return self.known is not None and (press.chat_id, press.message_id) in self.known.messages


@dataclass(frozen=True, slots=True)
class Decision:
    """What the item's actor remembers from now on, and what to do about it, in this order."""

    memory: ItemMemory
    effects: tuple[Effect, ...] = ()
