"""Moments as a person reads them."""

from __future__ import annotations

from datetime import datetime

from actors.rules.zones import zone as named


def told(text: str | None, zone: str = "UTC", clock: str = "%H:%M") -> str:
    """Show an ISO 8601 moment in a time zone, like "Sat 31 Jan 2026, 18:30 UTC"; None as a dash."""
    if text is None:
        return "–"
    at = datetime.fromisoformat(text).astimezone(named(zone))
    return f"{at:%a} {at.day} {at:%b %Y}, {at.strftime(clock)} {at:%Z}"
