"""What a press has started and is not through: until then Telegram keeps its update, and its log line is not written.

An update that Telegram has forgotten never comes again, so whatever it asked for is lost with this worker. What must be
through before depends on what would be lost:

- `After.NOTHING`: its effect is committed. Another worker finds it in the row and draws the card.
- `After.SHOWN`: it was accepted and did not take effect. Nothing is in the row, so its refusal has to be seen first; a
  worker that dies before gets it again, and tries again.
- `After.ANSWER`: it decides nothing. Its toast is all that a person has to have seen; where the toast failed (it comes
  too late after an outage), what is shown in its place. It must not be held for a drawing: a group takes an edit in
  three seconds, and Telegram shows a hundred updates at most, so that a hundred questions would hide every newer tap.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.item.effects import After


class TapProgress:
    """Of one press: how much is open, whether its toast is out, and what is done once enough is through."""

    def __init__(self) -> None:
        self._open = 0
        self._is_answered = False
        self._later: list[tuple[After, Callable[[], None]]] = []

    def begin(self) -> None:
        """Something starts that the press is held for."""
        self._open += 1

    def end(self) -> None:
        """One of them is through."""
        self._open -= 1
        self._go_on()

    def answered(self) -> None:
        """Its toast is out."""
        self._is_answered = True
        self._go_on()

    def once(self, after: After, do: Callable[[], None]) -> None:
        """Do it once this much is through, which may be now; what was asked for first is done first."""
        self._later.append((after, do))
        self._go_on()

    def _go_on(self) -> None:
        ready = [do for after, do in self._later if self._is_through(after)]
        self._later = [(after, do) for after, do in self._later if not self._is_through(after)]
        for do in ready:
            do()

    def _is_through(self, after: After) -> bool:
        return after is After.NOTHING or self._open == 0 or (after is After.ANSWER and self._is_answered)
