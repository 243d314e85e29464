"""A request that waits: what its caller is told when it is over, and what kept it."""

from __future__ import annotations

import pytest

from actors.database.request import DATABASE, LOCK, QUEUE, Cause, NotStored, Pending, Priority, Reply, RequestTerms
from actors.operations.operation import Operation


class Ask(Operation[str]):
    """Some operation."""


def pending(woken: list[str] | None = None) -> Pending:
    return Pending(
        Ask(), RequestTerms(100.0, Priority.HIGH), 10.0, lambda: (woken if woken is not None else []).append("woken")
    )


def lost(request: Pending, now: float = 15.0) -> NotStored:
    with pytest.raises(NotStored) as caught:
        request.reply(now)
    return caught.value


def test_answer_wakes_its_caller_with_what_it_took() -> None:
    woken: list[str] = []
    request = pending(woken)
    request.begin(10.0)
    request.answer("stored")

    assert (request.reply(12.5), woken) == (Reply("stored", 1, 2.5), ["woken"])


def test_what_never_began_was_certainly_not_stored() -> None:
    woken: list[str] = []
    request = pending(woken)
    request.fail(Cause.BUSY)

    told = lost(request)
    assert (told.cause, told.certain, told.attempts, told.seconds, woken) == (Cause.BUSY, True, 0, 5.0, ["woken"])


def test_what_is_under_way_may_be_stored() -> None:
    request = pending()
    request.begin(10.0)

    assert (lost(request).cause, lost(request).certain, lost(request).attempts) == (Cause.EXPIRED, False, 1)


def test_doubt_stays_when_a_later_attempt_surely_failed() -> None:
    request = pending()
    request.begin(10.0)
    request.under_way, request.may_be_applied = False, True

    assert not lost(request).certain
    request.may_be_applied = False
    assert lost(request).certain


@pytest.mark.parametrize(("began", "waited"), [(10.09, ()), (10.11, (QUEUE,))])
def test_first_attempt_that_comes_late_was_kept_by_those_before_it(began: float, waited: tuple[str, ...]) -> None:
    request = pending()
    request.begin(began)

    assert request.waited_for == waited


def test_what_kept_it_is_told_once_each_and_in_order() -> None:
    request = pending()
    request.waited(LOCK)
    request.waited(DATABASE)
    request.waited(LOCK)
    request.begin(99.0)
    request.answer("stored")

    assert request.reply(99.0).waited_for == (LOCK, DATABASE)
    assert request.priority is Priority.HIGH


def test_terms_that_expire_wake_the_caller_that_still_watches_them() -> None:
    terms, woken = RequestTerms(100.0), list[str]()
    stays, goes, late = (lambda: woken.append("stays")), (lambda: woken.append("goes")), (lambda: woken.append("late"))
    terms.watch(stays)
    terms.watch(goes)
    terms.unwatch(goes)

    terms.expire()
    terms.watch(late)

    assert (terms.expired, woken) == (True, ["stays", "late"])
