"""One canonical log line a tap: what happened, and how long each part took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import anyio

from actors.audit.lines import Figures, LoggedTaps, TapEnd, no_figures, write_item_line, write_tap_line
from actors.domain.item import Action, Item
from actors.domain.taps import Press
from actors.item.effects import After, Conclude
from actors.item.tap_progress import TapProgress

SLOW_MS = 1000.0  # beyond this a tap says what it waited for
TOAST, EDIT, LIMIT = "Telegram's toast", "Telegram's edit", "Telegram's limit"


# The ends of a publish: a worker may have died over one, and the worker that finds its card behind tells it.
ENDS: Mapping[Action, str] = MappingProxyType(
    {
        Action.PUBLISHED: "published",
        Action.PUBLISH_REFUSED: "refused",
        Action.ANSWER_LOST: "in_doubt",
        Action.REHEARSED: "rehearsed",
    }
)


class OpenTap:
    """What one press has cost so far; its line is written once it is decided and all that it started is through."""

    def __init__(self, press: Press, log: Callable[[Press, Conclude, Figures], None]) -> None:
        self.progress = TapProgress()
        self._press = press
        self._log = log
        self._is_logged = False
        self._waited: tuple[str, ...] = ()
        self._figures = no_figures()

    def toasted(self, *, limited: bool = False) -> None:
        """The toast is out; `limited`: Telegram had asked for a pause."""
        self._figures["toast_ms"] = ms = self._ms()
        if ms > SLOW_MS:
            self._waited += (LIMIT if limited else TOAST,)
        self.progress.answered()

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
        self.progress.once(After.SHOWN, partial(self._tell, conclusion))

    def is_logged(self) -> bool:
        """Tell whether its line was written."""
        return self._is_logged

    def _ms(self) -> float:
        return round((anyio.current_time() - self._press.at) * 1000, 1)

    def _tell(self, conclusion: Conclude) -> None:
        self._figures["waited_for"] = list(dict.fromkeys(self._waited))
        self._log(self._press, conclusion, self._figures)
        self._is_logged = True


class OpenTaps:
    """The presses on one item that have no line yet."""

    def __init__(self, logged_taps: LoggedTaps) -> None:
        self._open: dict[str, OpenTap] = {}
        self._logged_taps = logged_taps

    def of(self, press: Press) -> OpenTap:
        """Find the open tap of this press, or open one."""
        if press.id not in self._open:
            self._open[press.id] = OpenTap(press, self._log)
        return self._open[press.id]

    def recovered(self, row: Item) -> None:
        """Write what has no line yet: a tap whose worker died over it, and the end of a publish."""
        settled, end = row.settled, TapEnd.recovered(row)
        if end is not None and end.tap_id not in self._open and self._logged_taps.add(end.tap_id, end.outcome):
            write_tap_line(end, no_figures(None))
        change = ENDS.get(settled.action) if settled else None
        if change is not None and self._logged_taps.is_new(row, change):
            write_item_line(row, change, "recovered")

    def _log(self, press: Press, conclusion: Conclude, figures: Figures) -> None:
        self._open.pop(press.id, None)
        if self._logged_taps.add(press.id, conclusion.outcome):
            write_tap_line(TapEnd.decided(press, conclusion), figures)
