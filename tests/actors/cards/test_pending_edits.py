"""Which wish of a message waits for the edit in flight, and what becomes of the ones that it replaces."""

from actors.cards.pending_edits import EditCompletion, MessageEdits, PendingEdit
from actors.cards.rate_limit import Rank
from actors.domain.item import Card, State
from actors.operations.cards import Shown
from actors.peers import Drawn
from actors.ports import Face
from tests.stories import CHAT, row

ROW = row(State.IN_REVIEW)
CARD = Shown(Card(1, CHAT, 501), 7, 0)


def line(text: str) -> PendingEdit:
    """A refusal that shall stand below the card."""
    return PendingEdit(Face(CHAT, 501, 7, 0, ROW, line=text), Rank.FINAL, None, [EditCompletion()])


def card(version: int = 0) -> PendingEdit:
    """The card, drawn from its row."""
    return PendingEdit(Face(CHAT, 501, 7, version, ROW), Rank.REFRESH, CARD, [EditCompletion()])


def test_a_refusal_that_another_one_replaces_unseen_counts_as_gone() -> None:
    """Simulation on asyncio, seed 179: it had not been drawn yet, and whoever waited took the other line for it."""
    message, first, second = MessageEdits(), line("one"), line("two")
    (waiter,) = first.waiters

    message.put(first)
    message.put(second)

    assert message.newest is second
    assert waiter.done.is_set()
    assert waiter.drawn == Drawn(gone=True)


def test_a_card_that_replaces_an_unseen_refusal_takes_it_along() -> None:
    message, drawn = MessageEdits(), card()
    message.put(line("one"))

    message.put(drawn)

    assert message.newest is drawn
    assert (drawn.face.line, drawn.rank, len(drawn.waiters)) == ("one", Rank.FINAL, 2)


def test_a_card_of_a_later_version_needs_no_refusal_of_an_earlier_one() -> None:
    message, drawn = MessageEdits(), card(version=1)
    message.put(line("one"))

    message.put(drawn)

    assert drawn.face.line is None
