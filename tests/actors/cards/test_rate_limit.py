"""The budget of a chat: twenty edits a minute, refilled as time passes, and closed when the platform says so."""

import pytest

from actors.cards.rate_limit import BUDGET, SHORT, Rank, TokenBucket


def spent(edits: int) -> TokenBucket:
    """A budget from which so many edits were taken at 0."""
    budget = TokenBucket(0.0)
    budget.left -= edits
    return budget


def test_twenty_edits_may_be_made_at_once() -> None:
    assert spent(19).seconds_until_allowed(0.0) == 0
    assert spent(20).seconds_until_allowed(0.0) == pytest.approx(3.0)


def test_an_edit_comes_back_every_three_seconds() -> None:
    budget = spent(20)

    assert budget.seconds_until_allowed(2.0) == pytest.approx(1.0)
    assert budget.seconds_until_allowed(3.0) == pytest.approx(0.0)


def test_budget_does_not_grow_beyond_twenty() -> None:
    budget = spent(0)

    budget.refill(3600.0)

    assert budget.left == BUDGET


def test_looking_back_in_time_takes_nothing_away() -> None:
    budget = TokenBucket(100.0, left=5.0)

    budget.refill(40.0)

    assert (budget.left, budget.at) == (5.0, 100.0)


def test_budget_is_short_below_six() -> None:
    assert not spent(int(BUDGET - SHORT)).is_short(0.0)
    assert spent(int(BUDGET - SHORT) + 1).is_short(0.0)


def test_closed_chat_is_short_and_waits() -> None:
    budget = spent(0)

    budget.close(17.0)

    assert budget.is_short(16.0)
    assert budget.seconds_until_allowed(10.0) == pytest.approx(7.0)
    assert not budget.is_short(17.0)


def test_longer_pause_wins() -> None:
    budget = spent(0)

    budget.close(17.0)
    budget.close(5.0)

    assert budget.seconds_until_allowed(0.0) == 17.0


def test_spending_counts_from_now() -> None:
    budget = spent(20)

    budget.spend(6.0)

    assert budget.left == pytest.approx(1.0)


def test_budget_is_full_again_after_its_minute_and_its_pause() -> None:
    budget = spent(20)
    budget.close(70.0)

    assert not budget.is_full(59.0)
    assert not budget.is_full(69.0)
    assert budget.is_full(70.0)


@pytest.mark.parametrize(
    ("rank", "may_be_dropped"),
    [
        (Rank.FINAL, False),
        (Rank.IN_DOUBT, False),
        (Rank.REFRESH, False),
        (Rank.COURTESY, False),
        (Rank.PROGRESS, True),
        (Rank.INTERIM, True),
    ],
)
def test_only_progress_may_be_dropped(rank: Rank, may_be_dropped: bool) -> None:
    assert rank.may_be_dropped is may_be_dropped
