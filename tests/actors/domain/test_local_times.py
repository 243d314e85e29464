"""Moments by a chat's clock: which need their year, which their offset, and which a clock never shows."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from actors.domain.local_times import comes_twice, moment, never_comes, offset

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 12, 1, 17, 30, tzinfo=UTC), "Tue 1 Dec, 18:30"),
        (datetime(2027, 12, 1, 17, 30, tzinfo=UTC), "Wed 1 Dec 2027, 18:30"),
        (datetime(2027, 1, 1, 17, 30, tzinfo=UTC), "Fri 1 Jan 2027, 18:30"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Fri 1 Jan 2027, 00:30"),
        (datetime(2026, 1, 2, 17, 30, tzinfo=UTC), "Fri 2 Jan 2026, 18:30"),
        (datetime(2026, 2, 3, 12, 0, tzinfo=UTC), "Tue 3 Feb, 13:00"),
        (datetime(2026, 2, 3, 11, 59, tzinfo=UTC), "Tue 3 Feb 2026, 12:59"),
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "Sun 31 Oct 2027, 02:30 (UTC+2)"),
        (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "Sun 31 Oct 2027, 02:30 (UTC+1)"),
    ],
)
def test_b9_year_and_offset_stand_where_they_are_needed(at: datetime, shown: str) -> None:
    assert moment(at, "Europe/Berlin", NOW) == shown


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("UTC", "UTC"), ("Asia/Kolkata", "UTC+5:30"), ("America/St_Johns", "UTC-3:30"), ("America/New_York", "UTC-5")],
)
def test_offset_is_written_as_people_say_it(zone: str, shown: str) -> None:
    assert offset(NOW.astimezone(ZoneInfo(zone))) == shown


@pytest.mark.parametrize(
    ("hour", "minute", "day", "month", "never", "twice"),
    [
        (2, 30, 29, 3, True, False),
        (1, 59, 29, 3, False, False),
        (3, 0, 29, 3, False, False),
        (2, 0, 25, 10, False, True),
        (3, 0, 25, 10, False, False),
        (12, 0, 1, 7, False, False),
    ],
)
def test_hours_that_a_clock_skips_or_repeats_are_known(
    hour: int, minute: int, day: int, month: int, never: bool, twice: bool
) -> None:
    here = datetime(2026, month, day, hour, minute, tzinfo=BERLIN)

    assert (never_comes(here), not never and comes_twice(here)) == (never, twice)
