"""Messages that were drawn without their row: when to ask what it says of them, and what to draw then."""

from __future__ import annotations

from dataclasses import replace

from actors.domain.item import Item
from actors.domain.messages import Checked
from actors.domain.taps import Press
from actors.item.effects import CheckCard, Effect, ShowCard, ShowLine


def unless_listed(press: Press, row: Item) -> tuple[Effect, ...]:
    """A message of an earlier round is none of the row's cards; what stands on it now is taken off again."""
    listed = any(card.message_id == press.message_id for card in row.cards)
    return () if listed else (CheckCard(press),)


def draw_checked(newest: Item, message: Checked) -> tuple[Effect, ...]:
    """Draw the message from its row, with the refusal that stands on it if the person may really tap again.

    A line may have waited for minutes to be drawn, and come over a newer card of another worker: it is checked in turn.
    """
    press, cards = message.press, message.row.cards
    if not cards:
        return ()
    if message.line is not None and newest.version == press.version and not cards[0].retired:
        line = ShowLine(press, newest, message.line, needed=True, check=True)
        return () if message.drawn == newest.revision else (line,)
    return (ShowCard(replace(newest, cards=cards), None, "checked"),)
