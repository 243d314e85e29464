"""Items, people and presses for tests."""

from dataclasses import replace
from datetime import UTC, datetime

from actors.domain.item import Action, Card, Item, MediaKind, Person, Settlement, State, Story
from actors.domain.taps import Press, Tap
from actors.item.memory import ItemMemory, Known

CHAT = -1001
ANNA = Person(11, "Anna")
BEN = Person(12, "Ben")
NOON = datetime(2026, 2, 25, 12, 0, tzinfo=UTC)
MARK = "k9_Xq-"
SUNSET = Story(3, MediaKind.PHOTO, "ab/abcd.jpg", "sunset.jpg", "Sunset", "Golden hour")


def press(press_id: str = "tap-1", person: Person = ANNA, version: int = 0, at: float = 0.0) -> Press:
    """A finger on the card 501 of item 7."""
    number = sum(map(ord, press_id))
    return Press(press_id, number, 7, version, CHAT, 501, person, "<b>Sunset</b>", at, mark=MARK, shown=True)


def row(state: State, version: int = 0) -> Item:
    """Item 7 with one card, 501; every version is one revision."""
    cards = () if state is State.WAITING else (Card(1, CHAT, 501),)
    return Item(1, CHAT, 7, MARK, state, version, version, NOON, "Europe/Berlin", False, SUNSET, cards=cards)


def remembered(
    known_row: Item | None = None,
    recording: Tap | None = None,
    asking: Press | None = None,
    original: Press | None = None,
    told: tuple[str, ...] = (),
) -> ItemMemory:
    """What an actor remembers of item 7 once the database has said that 501 is a card of it."""
    known = Known(MARK, frozenset({(CHAT, 501)}))
    return ItemMemory(7, known_row, recording, asking, original, known, frozenset(told))


def settled(known: Item, action: Action, by: Person | None) -> Item:
    """The row after a decision."""
    return replace(known, settled=Settlement(action, by, NOON, "tap-1"))
