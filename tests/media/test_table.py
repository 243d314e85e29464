"""The page tells of each kind what is held to be true of it here."""

from __future__ import annotations

from tests.media.table import KINDS, PAGE, rows_of


def test_page_has_a_row_for_each_kind_and_no_other() -> None:
    rows = rows_of(PAGE.read_text(encoding="utf-8"))

    assert [name for name, _ in rows] == [kind.name for kind in KINDS]


def test_page_says_of_each_kind_what_goes_live_or_why_it_is_refused() -> None:
    rows = dict(rows_of(PAGE.read_text(encoding="utf-8")))

    assert [
        kind.name for kind in KINDS if not rows[kind.name].startswith(kind.published or f"refused: {kind.refused}")
    ] == []
