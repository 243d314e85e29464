"""Time zones by name. A name that this machine does not know is shown as UTC: it stops neither a card nor a list."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo


def zone(name: str) -> tzinfo:
    """Return the zone of this name; UTC if it is not known."""
    return _find(name) or UTC


def is_known(name: str) -> bool:
    """Tell whether this machine knows the name."""
    return _find(name) is not None


def unknown(name: str) -> str:
    """The sentence for a name that is not known."""
    return f"The time zone {name[:40]!r} is not known here: times are shown in UTC."


@lru_cache(1024)
def _find(name: str) -> ZoneInfo | None:
    """Look for a file, as zoneinfo does: what is none of its own may be a folder, no text, too long or closed to us."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
