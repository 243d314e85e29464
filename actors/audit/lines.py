"""The canonical lines: `tap`, one a tap, and `item`, one for each change of an item that no tap made.

Only this file writes them, so that each has the same fields whichever part of the worker tells how a tap ended.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from actors.domain.item import Item, State
from actors.domain.taps import Press
from actors.domain.updates import Unknown
from actors.item.effects import Conclude, Outcome
from actors.operations.schedule import ItemChange

log = structlog.get_logger()

MOST_LOGGED_TAPS = 10_000  # taps that a worker remembers: what comes, or is drawn, again has no second line

Figures: TypeAlias = dict[str, float | int | list[str] | None]


def no_figures(tried: int | None = 0) -> Figures:
    """Return the figures of a tap of which nothing was measured yet; `tried`: how often, None if that is not known."""
    return {"toast_ms": None, "recorded_ms": None, "card_ms": None, "db_attempts": tried, "edit_attempts": tried}


@dataclass(frozen=True, slots=True)
class TapEnd:
    """Which tap, and how it ended: the fields of its line without the figures."""

    tap_id: str
    item_id: int | None
    chat_id: int | None
    user_id: int
    action: str
    outcome: Outcome
    cause: str
    version: int | None

    @staticmethod
    def decided(press: Press, conclusion: Conclude) -> TapEnd:
        """Of a press that its item has decided."""
        return TapEnd(*_place(press), conclusion.action, conclusion.outcome, conclusion.cause, conclusion.version)

    @staticmethod
    def unread(press: Press, cause: str) -> TapEnd:
        """Of a press that never reached its item."""
        return TapEnd(*_place(press), "unread", Outcome.REFUSED, cause, press.version)

    @staticmethod
    def unknown(pressed: Unknown) -> TapEnd:
        """Of a press whose button is none of ours."""
        outcome, person = Outcome.UNKNOWN_BUTTON, pressed.person
        return TapEnd(pressed.press_id, None, pressed.chat_id, person.id, "unread", outcome, pressed.why, None)

    @staticmethod
    def recovered(row: Item) -> TapEnd | None:
        """Of the tap whose worker died between the record and the card; None: no tap has settled this row."""
        settled = row.settled
        if settled is None or settled.by is None or settled.tap_id is None:
            return None
        place = settled.tap_id, row.id, row.chat_id, settled.by.id
        return TapEnd(*place, settled.action.value, Outcome.RECORDED, "recovered", row.version)


class LoggedTaps:
    """The taps whose line a worker has written lately, whichever of its actors did and is forgotten since."""

    def __init__(self) -> None:
        self._taps: OrderedDict[str, Outcome] = OrderedDict()

    def is_new(self, row: Item, change: str) -> bool:
        """Tell whether this change of an item is still to be told: a second look may find it once more."""
        return self.add(f"{row.chat_key}/{row.id}/{row.version} {change}", Outcome.RECORDED)

    def is_untold(self, change: ItemChange) -> bool:
        """Tell whether this change, which no worker of today made, is still to be told."""
        return self.add(f"change {change.chat_key}/{change.number}", Outcome.RECORDED)

    def add(self, tap_id: str, outcome: Outcome) -> bool:
        """Tell whether its line is to be written: once, and again if it was recorded after all, by another worker."""
        known = self._taps.get(tap_id)
        if known is not None and (known is outcome or outcome is not Outcome.RECORDED):
            return False
        self._taps[tap_id] = outcome
        if len(self._taps) > MOST_LOGGED_TAPS:
            self._taps.popitem(last=False)
        return True


def _place(press: Press) -> tuple[str, int, int, int]:
    return press.id, press.item_id, press.chat_id, press.person.id


def write_tap_line(end: TapEnd, figures: Figures) -> None:
    """Write the one line of a tap."""
    log.info(
        "tap",
        tap_id=end.tap_id,
        item_id=end.item_id,
        chat_id=end.chat_id,
        user_id=end.user_id,
        action=end.action,
        outcome=end.outcome.value,
        cause=end.cause,
        version=end.version,
        **figures,
    )


def write_item_line(row: Item, change: str, cause: str, **more: object) -> None:
    """Write the one line of a change of an item that no tap made."""
    _write(log.info, (row.id, row.chat_id, row.state, row.version), change, cause, **more)


def warn_of_item(row: Item, change: str, outcome: str, cause: str) -> None:
    """Write the same line of a change that the operator should see: a card did not get through."""
    _write(log.warning, (row.id, row.chat_id, row.state, row.version), change, cause, outcome=outcome)


def write_change_line(change: ItemChange) -> None:
    """Write the same line of a change that the database kept for us to tell."""
    _write(log.info, (change.item_id, change.chat_id, change.state, change.version), change.change, change.cause)


def _write(
    write: Callable[..., object], item: tuple[int, int, State, int], change: str, cause: str, **more: object
) -> None:
    item_id, chat_id, state, version = item
    write(
        "item",
        item_id=item_id,
        chat_id=chat_id,
        change=change,
        cause=cause,
        state=state.value,
        version=version,
        **more,
    )
