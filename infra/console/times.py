"""Moments as a person reads them; all of one output by one clock, which is named once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from actors.domain.local_times import clock as clock_of
from actors.domain.local_times import comes_twice, day, local, offset
from actors.domain.time_zones import is_known

UTC = "UTC"


def told(text: str | None, zone: str = UTC) -> str:
    """Show an ISO 8601 moment with its zone, like "Sat 31 Jan 2026, 18:30 UTC"; None as a dash."""
    if text is None:
        return "–"
    here = local(datetime.fromisoformat(text), zone)
    name = "" if comes_twice(here) else f" {here:%Z}"
    return f"{day(here, year=True)}, {clock_of(here)}{name}"


def by_clock(line: Mapping[str, Any], name: str) -> str:
    """Show a moment of a line by the clock of its chat, which is named, too."""
    zone = common([line["timezone"]])
    return told(line[name], zone) + ("" if zone == UTC else f" ({zone})")


def shown(text: str | None, zone: str, clock: str = "%H:%M") -> str:
    """Show a moment where its zone is named beside it: in a repeated hour with its offset."""
    if text is None:
        return "–"
    here = local(datetime.fromisoformat(text), zone)
    which = f" ({offset(here)})" if comes_twice(here) else ""
    return f"{day(here, year=True)}, {here.strftime(clock)}{which}"


def common(zones: Iterable[str]) -> str:
    """Return the zone that all of these share, else UTC: no table mixes clocks."""
    named = {zone for zone in zones if is_known(zone)} or {UTC}
    return named.pop() if len(named) == 1 else UTC
