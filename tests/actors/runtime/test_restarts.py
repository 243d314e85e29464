"""Restart budgets and quarantine are arithmetic; no event loop is needed to check them."""

from actors.runtime.restarts import Quarantine, RestartIntensity, RestartLimit


def test_crash_after_the_last_restart_exceeds_the_limit() -> None:
    budget: RestartIntensity[str] = RestartIntensity(RestartLimit(2, 10))

    assert [budget.spend("a", now) for now in (0, 1, 2)] == [True, True, False]


def test_budget_comes_back_when_the_crashes_are_long_ago() -> None:
    budget: RestartIntensity[str] = RestartIntensity(RestartLimit(2, 10))

    assert [budget.spend("a", now) for now in (0, 9, 10, 11, 12)] == [True, True, True, False, False]


def test_budget_of_one_key_is_not_spent_by_another() -> None:
    budget: RestartIntensity[str] = RestartIntensity(RestartLimit(1, 10))

    assert [budget.spend(key, now) for now, key in enumerate("abab")] == [True, True, False, False]


def test_key_that_was_forgotten_starts_with_a_full_budget() -> None:
    budget: RestartIntensity[str] = RestartIntensity(RestartLimit(1, 10))
    budget.spend("a", 0)
    budget.spend("b", 20)

    assert budget.spend("a", 21)
    assert not budget.spend("b", 22)


def test_limit_of_no_restarts_allows_none() -> None:
    assert not RestartIntensity[str](RestartLimit(0, 10)).spend("a", 0)


def test_quarantine_holds_a_key_until_its_time_is_over() -> None:
    quarantine: Quarantine[str] = Quarantine(600)
    quarantine.admit("a", 0)

    assert quarantine.holds("a", 599.9)
    assert not quarantine.holds("a", 600)
    assert not quarantine.holds("b", 0)


def test_second_quarantine_of_a_key_lasts_from_the_second_time() -> None:
    quarantine: Quarantine[str] = Quarantine(600)
    quarantine.admit("a", 0)
    quarantine.admit("b", 100)
    quarantine.admit("a", 300)
    quarantine.admit("c", 700)

    assert quarantine.holds("a", 899)
    assert not quarantine.holds("b", 701)
    assert quarantine.holds("c", 1299)
