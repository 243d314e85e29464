"""The taps that came too late, in what room a caption has left."""

from __future__ import annotations

from actors.domain.item import Action, State
from infra.telegram.caption_lines import EARLIER_ROOM, late_lines
from infra.telegram.caption_text import visible, visible_units
from tests.infra.telegram.rows import late, settled

ROW = settled(State.SKIPPED, Action.SKIP, late=(late("Ben"), late("Cy"), late("Dora")))
WHOLE = late_lines(ROW, 10_000)
# Each line with its line break, and what is kept for the line about those that do not fit.
EXACTLY = sum(visible_units(line) + 1 for line in WHOLE) + EARLIER_ROOM


def test_late_lines_that_just_fit_are_all_kept() -> None:
    assert len(WHOLE) == 3
    assert late_lines(ROW, EXACTLY) == WHOLE


def test_late_lines_that_just_do_not_fit_lose_the_oldest() -> None:
    assert late_lines(ROW, EXACTLY - 1) == ["… and earlier taps that came too late: 1", *WHOLE[1:]]


def test_line_about_those_that_do_not_fit_has_its_room() -> None:
    none = late_lines(ROW, EARLIER_ROOM)

    assert [visible(line) for line in none] == ["… and earlier taps that came too late: 3"]
    assert visible_units(none[0]) + len("99") < EARLIER_ROOM
