"""When people are warned of a token's end, and in which words."""

from __future__ import annotations

import pytest

from actors.accounts.texts import token_ends
from actors.accounts.token_warnings import warning
from actors.domain.account import Account, Login
from actors.operations.tokens import TokenDue

DAY = 86_400.0
STUDIO = Account(1, "1784", "studio", Login.INSTAGRAM, b"sealed")


def due(seconds_left: float | None, warned_days: int | None = None, *, gone: bool = False) -> TokenDue:
    return TokenDue(1, -1001, STUDIO, seconds_left, gone, warned_days)


@pytest.mark.parametrize(
    ("left", "days"),
    [(None, None), (7 * DAY + 1, None), (7 * DAY, 7), (DAY + 1, 7), (DAY, 1), (1.0, 1), (0.0, 0), (-5.0, 0)],
)
def test_people_are_warned_seven_days_and_one_day_before_and_at_the_end(left: float | None, days: int | None) -> None:
    assert warning(due(left)) == days


def test_a_token_that_is_gone_is_said_to_be_gone_however_long_it_was_good() -> None:
    assert warning(due(40 * DAY, gone=True)) == warning(due(None, gone=True)) == 0


@pytest.mark.parametrize(
    ("left", "warned", "days"),
    [(3 * DAY, 7, None), (3 * DAY, 1, None), (DAY / 2, 7, 1), (DAY / 2, 1, None), (-1.0, 1, 0), (-1.0, 0, None)],
)
def test_each_warning_is_given_once_and_none_after_a_more_urgent_one(
    left: float, warned: int, days: int | None
) -> None:
    assert warning(due(left, warned)) == days


@pytest.mark.parametrize(
    ("left", "said"),
    [(6.4 * DAY, "6 days"), (1.6 * DAY, "2 days"), (DAY, "24 hours"), (5400.0, "2 hours"), (60.0, "1 hour")],
)
def test_warning_says_how_long_and_what_to_do(left: float, said: str) -> None:
    text = token_ends(due(left), 7)

    assert text.startswith(f"⚠️ Our access to @studio on Instagram ends in {said}, and")
    assert "Ask the operator to connect the account again." in text


def test_last_warning_says_what_to_do_meanwhile() -> None:
    assert token_ends(due(None, gone=True), 0).endswith("Until then post by hand and tap Posted.")
