"""What an operation tells the database in numbers."""

from __future__ import annotations

from actors.operations.cards import UNKNOWN


def test_revision_that_nobody_knows_is_the_number_by_which_the_sql_draws_a_card_again() -> None:
    assert UNKNOWN == -1
