"""Moments by a chat's clock; what could be taken for another one says its year or UTC+n. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from actors.domain.time_zones import zone

FAR = timedelta(days=300)  # whose day and month alone would be taken for a nearer one


def local(at: datetime, timezone: str) -> datetime:
    """The moment as the clock of this zone shows it."""
    return at.astimezone(zone(timezone))


def clock(here: datetime) -> str:
    """The time of day, like "18:30"; in an hour that comes twice with its offset, like "02:30 (UTC+2)"."""
    time = f"{here:%H:%M}"
    return f"{time} ({offset(here)})" if comes_twice(here) else time


def day(here: datetime, *, year: bool) -> str:
    """The day, like "Sun 22 Nov"."""
    return f"{here:%a} {here.day} {here:%b}{f' {here.year}' if year else ''}"


def moment(at: datetime, timezone: str, now: datetime) -> str:
    """Day and time, like "Sun 22 Nov, 18:30", with the year if it is another one than now, or far away."""
    here = local(at, timezone)
    year = here.year != local(now, timezone).year or abs(at - now) > FAR
    return f"{day(here, year=year)}, {clock(here)}"


def comes_twice(here: datetime) -> bool:
    """Tell whether the clock shows this time twice on this day."""
    return here.utcoffset() != here.replace(fold=1 - here.fold).utcoffset()


def never_comes(here: datetime) -> bool:
    """Tell whether the clock leaves this time out; one that was read by the clock, not one that was converted."""
    there_and_back = (here - (here.utcoffset() or timedelta())).replace(tzinfo=None)
    return _shown_at(there_and_back, here.tzinfo) != here.replace(tzinfo=None, fold=0)


def offset(here: datetime) -> str:
    """How far the clock is from UTC, like "UTC+2"."""
    minutes = round((here.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"


def _shown_at(utc: datetime, of: tzinfo | None) -> datetime | None:
    return None if of is None else of.fromutc(utc.replace(tzinfo=of)).replace(tzinfo=None, fold=0)
