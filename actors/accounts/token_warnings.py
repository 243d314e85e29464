"""When people are warned of a token's end. Pure."""

from __future__ import annotations

from actors.operations.tokens import TokenDue

DAY_SECONDS = 86_400.0
GONE = 0
WARNINGS = (1, 7)  # days before the end, the most urgent one first


def warning(due: TokenDue) -> int | None:
    """Return the warning that is due: so many days before the end, 0 once it is gone, None if nothing is to be said.

    Each is given once, and none after a more urgent one.
    """
    days = _urgency(due)
    said = days is not None and due.warned_days is not None and due.warned_days <= days
    return None if said else days


def _urgency(due: TokenDue) -> int | None:
    if due.gone:
        return GONE
    if due.seconds_left is None:
        return None
    if due.seconds_left <= 0:
        return GONE
    return next((days for days in WARNINGS if due.seconds_left <= days * DAY_SECONDS), None)
