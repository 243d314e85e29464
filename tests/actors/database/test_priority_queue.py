"""Lanes: which request goes next, and what waits for its moment."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from actors.database.priority_queue import PATIENCE_SECONDS, PriorityQueue
from actors.database.request import Priority


@dataclass(eq=False)
class Asked:
    """A request, on paper."""

    name: str
    priority: Priority = Priority.HIGH
    asked_at: float = 0.0
    abandoned: bool = False


def tap(name: str) -> Asked:
    return Asked(name)


def rest(name: str, asked_at: float = 0.0) -> Asked:
    return Asked(name, Priority.LOW, asked_at)


def lanes(*requests: Asked, connections: int = 3) -> PriorityQueue[Asked]:
    found: PriorityQueue[Asked] = PriorityQueue(connections)
    for request in requests:
        found.add(request)
    return found


def taken(from_them: PriorityQueue[Asked], now: float = 0.0) -> str | None:
    """Take the next one, and say its name."""
    found = from_them.take(now)
    return None if found is None else found.name


def test_taps_go_in_the_order_of_their_arrival_on_as_many_connections_as_there_are() -> None:
    few = lanes(tap("a"), tap("b"), tap("c"), connections=2)

    assert [taken(few), taken(few), taken(few)] == ["a", "b", None]
    assert len(few) == 1


def test_what_has_ended_makes_room() -> None:
    first = tap("a")
    few = lanes(first, tap("b"), connections=1)
    few.take(0.0)
    few.release(first)

    assert taken(few) == "b"


def test_what_is_put_back_first_goes_first() -> None:
    few = lanes(tap("a"))
    few.put_first(tap("b"))

    assert [taken(few), taken(few)] == ["b", "a"]


def test_two_that_are_put_off_to_one_moment_come_in_the_order_in_which_they_were() -> None:
    few = lanes()
    few.put_off(tap("a"), 5.0)
    few.put_off(tap("b"), 5.0)
    few.put_off(tap("c"), 4.0)

    assert [taken(few, 5.0), taken(few, 5.0), taken(few, 5.0)] == ["c", "a", "b"]


def test_what_is_put_off_is_ready_at_its_very_moment_and_not_before() -> None:
    few = lanes()
    few.put_off(tap("a"), 5.0)

    assert (few.next_moment(), len(few)) == (5.0, 1)
    assert taken(few, 4.999) is None
    assert taken(few, 5.0) == "a"
    assert few.next_moment() is None


def test_rest_has_one_connection_at_most() -> None:
    few = lanes(rest("a"), rest("b"), tap("c"))
    first = few.take(PATIENCE_SECONDS)

    assert first is not None
    assert (first.name, taken(few), taken(few)) == ("a", "c", None)
    few.release(first)
    assert taken(few) == "b"


@pytest.mark.parametrize(("waited", "first"), [(PATIENCE_SECONDS - 0.01, "tap"), (PATIENCE_SECONDS, "rest")])
def test_taps_go_before_the_rest_until_its_patience_ends(waited: float, first: str) -> None:
    assert taken(lanes(rest("rest", asked_at=10.0), tap("tap")), 10.0 + waited) == first


def test_patience_is_half_a_second() -> None:
    assert PATIENCE_SECONDS == 0.5


def test_rest_without_patience_and_taps_take_turns() -> None:
    few = lanes(rest("a"), rest("b"), tap("c"), tap("d"), connections=1)
    names = []
    for _ in range(4):
        request = few.take(100.0)
        assert request is not None
        names.append(request.name)
        few.release(request)

    assert names == ["a", "c", "b", "d"]


def test_abandoned_ones_are_passed_over_and_swept_out() -> None:
    gone, put_off = tap("gone"), tap("put off")
    few = lanes(gone, tap("a"))
    few.put_off(put_off, 1.0)
    gone.abandoned = put_off.abandoned = True

    few.sweep()

    assert ([one.name for one in few], few.next_moment(), taken(few)) == (["a"], None, "a")


def test_head_that_was_abandoned_is_dropped_when_it_is_met() -> None:
    few = lanes(Asked("gone", abandoned=True), tap("a"), connections=1)

    assert (taken(few), len(few)) == ("a", 0)


def test_clearing_takes_out_everything_that_runs_and_waits() -> None:
    few = lanes(tap("a"), rest("b"), tap("c"))
    few.put_off(tap("d"), 9.0)
    few.take(0.0)

    everything = few.clear()

    assert [one.name for one in everything] == ["a", "c", "b", "d"]
    assert (len(few), few.running, few.next_moment()) == (0, {}, None)
