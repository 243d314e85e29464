"""One canonical log line a tap: what happened, and how long each part took."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import anyio
import structlog

from actors.domain.item import Row, Step
from actors.domain.taps import Press
from actors.item.effects import After, Conclude, Outcome
from actors.operations.schedule import Change

log = structlog.get_logger()

Figures: TypeAlias = dict[str, float | int | list[str] | None]

SLOW_MS = 1000.0  # beyond this a tap says what it waited for
TOAST, EDIT, LIMIT = "Telegram's toast", "Telegram's edit", "Telegram's limit"


# The ends of a publish: a worker may have died over one, and whoever finds its card behind tells it.
ENDS: Mapping[Step, str] = MappingProxyType(
    {
        Step.PUBLISHED: "published",
        Step.PUBLISH_REFUSED: "refused",
        Step.ANSWER_LOST: "in_doubt",
        Step.REHEARSED: "rehearsed",
    }
)
MOST_EXPLAINED = 10_000  # taps that a worker remembers: what comes, or is drawn, again is not explained twice


class Trace:
    """What one press has cost so far; it is handed over once it is decided and all that it started is through."""

    def __init__(self, press: Press, explain: Callable[[Press, Conclude, Figures], None]) -> None:
        self._press = press
        self._explain = explain
        self._open = 0
        self._conclusion: Conclude | None = None
        self._confirm: Callable[[], None] | None = None
        self._after = After.SHOWN
        self._is_explained = False
        self._waited: tuple[str, ...] = ()
        self._figures: Figures = {
            "toast_ms": None,
            "recorded_ms": None,
            "card_ms": None,
            "db_attempts": 0,
            "edit_attempts": 0,
        }

    def begin(self) -> None:
        """Something starts that the line must wait for."""
        self._open += 1

    def end(self) -> None:
        """It is through."""
        self._open -= 1
        self._finish()

    def toasted(self) -> None:
        """The toast is out."""
        self._figures["toast_ms"] = ms = self._ms()
        if ms > SLOW_MS:
            self._waited += (TOAST,)
        self._finish()

    def recorded(self, attempts: int, waited_for: tuple[str, ...] = (), *, stored: bool) -> None:
        """Recording ended after so many attempts; what it waited for is said of a slow one."""
        self._figures["db_attempts"] = attempts
        self._waited += waited_for
        if stored:
            self._figures["recorded_ms"] = self._ms()

    def shown(self, edits: int, *, limited: bool = False, troubled: bool = False) -> None:
        """The tapped card was drawn (0 edits: it was dropped, or a newer one was drawn instead)."""
        self._figures["edit_attempts"] = edits
        self._figures["card_ms"] = ms = self._ms()
        decided = self._figures["recorded_ms"]
        if edits > 1 or ms - (decided if isinstance(decided, float) else 0.0) > SLOW_MS:
            self._waited += (LIMIT,) if limited else ()
            self._waited += (EDIT,) if troubled or not limited else ()

    def conclude(self, conclusion: Conclude) -> None:
        """The tap is decided."""
        self._conclusion = conclusion
        self._finish()

    def is_explained(self) -> bool:
        """Tell whether it was handed over."""
        return self._is_explained

    def confirm(self, confirm: Callable[[], None], after: After) -> None:
        """Let Telegram forget the update once this is through."""
        self._confirm, self._after = confirm, after
        self._finish()

    def _ms(self) -> float:
        return round((anyio.current_time() - self._press.at) * 1000, 1)

    def _may_confirm(self) -> bool:
        """A press that decides nothing is held for its toast alone: hundreds of drawings in one group take an hour."""
        is_answered = self._after is After.ANSWER and self._figures["toast_ms"] is not None
        return self._after is After.NOTHING or self._open == 0 or is_answered

    def _finish(self) -> None:
        if self._confirm is not None and self._may_confirm():
            confirm, self._confirm = self._confirm, None
            confirm()
        if self._open == 0 and self._conclusion is not None:
            conclusion, self._conclusion = self._conclusion, None
            self._figures["waited_for"] = list(self._waited)
            self._explain(self._press, conclusion, self._figures)
            self._is_explained = True


class Explained:
    """The taps that a worker has explained lately, whichever of its actors did and is forgotten since."""

    def __init__(self) -> None:
        self._taps: OrderedDict[str, Outcome] = OrderedDict()

    def is_new(self, row: Row, change: str) -> bool:
        """Tell whether this change of an item is still to be told: a second look may find it once more."""
        return self.add(f"{row.chat_key}/{row.id}/{row.version} {change}", Outcome.RECORDED)

    def is_untold(self, change: Change) -> bool:
        """Tell whether this change, which no worker of today made, is still to be told."""
        return self.add(f"change {change.chat_key}/{change.number}", Outcome.RECORDED)

    def add(self, tap_id: str, outcome: Outcome) -> bool:
        """Tell whether its line is to be written: once, and again if it was recorded after all, by somebody else."""
        known = self._taps.get(tap_id)
        if known is not None and (known is outcome or outcome is not Outcome.RECORDED):
            return False
        self._taps[tap_id] = outcome
        if len(self._taps) > MOST_EXPLAINED:
            self._taps.popitem(last=False)
        return True


class Traces:
    """The open traces of one item."""

    def __init__(self, explained: Explained) -> None:
        self._open: dict[str, Trace] = {}
        self._explained = explained

    def of(self, press: Press) -> Trace:
        """Find the trace of this press, or open one."""
        if press.id not in self._open:
            self._open[press.id] = Trace(press, self._explain)
        return self._open[press.id]

    def recovered(self, row: Row) -> None:
        """Explain what nobody has: a tap whose worker died over it, and the end of a publish."""
        settled = row.settled
        tap_id = settled.tap_id if settled else None
        if tap_id is not None and tap_id not in self._open and self._explained.add(tap_id, Outcome.RECORDED):
            write_recovered_line(row)
        change = ENDS.get(settled.step) if settled else None
        if change is not None and self._explained.is_new(row, change):
            write_item_line(row, change, "recovered")

    def _explain(self, press: Press, conclusion: Conclude, figures: Figures) -> None:
        self._open.pop(press.id, None)
        if self._explained.add(press.id, conclusion.outcome):
            write_tap_line(press, conclusion, figures)


def write_item_line(row: Row, change: str, cause: str, **more: object) -> None:
    """Write the one line of a change of an item that no tap made."""
    log.info(
        "item",
        item_id=row.id,
        chat_id=row.chat_id,
        change=change,
        cause=cause,
        state=row.state.value,
        version=row.version,
        **more,
    )


def write_change_line(change: Change) -> None:
    """Write the same line of a change that the database kept for us to tell."""
    log.info(
        "item",
        item_id=change.item_id,
        chat_id=change.chat_id,
        change=change.change,
        cause=change.cause,
        state=change.state.value,
        version=change.version,
    )


def write_tap_line(press: Press, conclusion: Conclude, figures: Figures) -> None:
    """Write the one line of a tap."""
    log.info(
        "tap",
        tap_id=press.id,
        item_id=press.item_id,
        chat_id=press.chat_id,
        user_id=press.person.id,
        action=conclusion.action,
        outcome=conclusion.outcome.value,
        cause=conclusion.cause,
        version=conclusion.version,
        **figures,
    )


def write_recovered_line(row: Row) -> None:
    """Write the line of a tap whose worker died between the record and the card."""
    settled = row.settled
    if settled is None or settled.by is None or settled.tap_id is None:
        return
    log.info(
        "tap",
        tap_id=settled.tap_id,
        item_id=row.id,
        chat_id=row.chat_id,
        user_id=settled.by.id,
        action=settled.step.value,
        outcome="recorded",
        cause="recovered",
        version=row.version,
        toast_ms=None,
        recorded_ms=None,
        card_ms=None,
        db_attempts=None,
        edit_attempts=None,
    )
