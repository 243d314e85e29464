"""How a database that is away is tried."""

from __future__ import annotations

from random import Random

import pytest

from actors.database.circuit_breaker import PAUSES, CircuitBreaker


class Whole(Random):
    """Cuts nothing off a pause."""

    def uniform(self, a: float, b: float) -> float:
        assert a < b
        return b


def outage() -> CircuitBreaker:
    return CircuitBreaker(PAUSES, Whole())


def test_without_an_outage_all_may_try() -> None:
    away = outage()

    assert (away.lets_pass(0.0), away.began_try(), away.next_moment(), away.ended(1.0)) == (True, False, None, None)


def test_during_an_outage_one_tries_at_a_time_after_a_pause() -> None:
    away = outage()

    assert away.failed(10.0, probe=False)
    assert away.next_moment() == pytest.approx(10.05)
    assert (away.lets_pass(10.04), away.lets_pass(10.06)) == (False, True)
    assert away.began_try()
    assert (away.lets_pass(20.0), away.next_moment()) == (False, None)


def test_probe_that_fails_doubles_the_pause_and_begins_no_outage() -> None:
    away = outage()
    away.failed(10.0, probe=False)
    away.began_try()

    assert not away.failed(20.0, probe=True)
    assert away.next_moment() == pytest.approx(20.1)


def test_failure_of_what_was_tried_before_the_outage_changes_nothing() -> None:
    away = outage()
    away.failed(10.0, probe=False)
    away.began_try()
    away.failed(11.0, probe=False)

    assert (away.lets_pass(99.0), away.since) == (False, 10.0)


def test_hopeless_failure_is_no_reason_to_slow_down() -> None:
    away = outage()
    for at in (10.0, 20.0, 30.0):
        away.failed(at, probe=True, hopeless=True)

    assert away.next_moment() == pytest.approx(30.05)


def test_probe_that_learned_nothing_lets_the_next_one_try_at_once() -> None:
    away = outage()
    away.failed(10.0, probe=False)
    away.began_try()
    away.probe_ended()

    assert away.lets_pass(10.05)


def test_answer_ends_the_outage_for_all_and_says_how_long_it_was() -> None:
    away = outage()
    away.failed(10.0, probe=False)
    away.began_try()

    assert away.ended(17.5) == 7.5
    assert (away.lets_pass(17.5), away.began_try(), away.ended(18.0)) == (True, False, None)
    away.failed(20.0, probe=False)
    assert away.next_moment() == pytest.approx(20.05)
