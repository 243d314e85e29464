"""One person may ask six times a minute in a chat, and hears once a minute that it was too much."""

from __future__ import annotations

from actors.domain.flood_limit import MOST, MOST_KNOWN, Flood

ANNA, BEN, ANNA_ELSEWHERE = (-1, 11), (-1, 12), (-2, 11)


def flooded() -> Flood:
    """One in which Anna has asked as often as she may, in the first seconds."""
    flood = Flood()
    admitted = [flood.admits(ANNA, float(second)) for second in range(MOST)]
    assert all(admitted)
    return flood


def test_seventh_within_a_minute_is_one_too_many() -> None:
    assert not flooded().admits(ANNA, 59.9)


def test_place_comes_back_a_minute_after_it_was_taken() -> None:
    flood = flooded()

    assert [flood.admits(ANNA, 60.0), flood.admits(ANNA, 60.5)] == [True, False]


def test_flood_of_one_costs_nobody_else_and_no_other_chat() -> None:
    flood = flooded()

    assert [flood.admits(BEN, 7.0), flood.admits(ANNA_ELSEWHERE, 7.0)] == [True, True]


def test_person_hears_of_it_once_a_minute() -> None:
    flood = flooded()

    assert [flood.may_tell(ANNA, moment) for moment in (7.0, 8.0, 66.9, 67.0)] == [True, False, False, True]


def test_those_without_an_answer_are_counted_until_it_is_asked() -> None:
    flood = flooded()
    flood.pass_over(ANNA)
    flood.pass_over(ANNA)

    assert [flood.passed_over(ANNA), flood.passed_over(ANNA), flood.passed_over(BEN)] == [2, 0, 0]


def test_no_more_people_are_remembered_than_a_bound() -> None:
    """Whoever asked least lately is forgotten, and may ask again."""
    flood = flooded()

    others = [flood.admits((-1, 1000 + number), 7.0) for number in range(MOST_KNOWN - 1)]
    remembered = not flood.admits(ANNA, 8.0)
    others += [flood.admits((-2, 1000 + number), 8.0) for number in range(MOST_KNOWN)]

    assert all(others)
    assert remembered
    assert flood.admits(ANNA, 9.0)
