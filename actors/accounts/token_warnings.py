"""When people are warned of a token's end, and in which words. Pure."""

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


def sentence(due: TokenDue, days: int) -> str:
    """Say what is wrong, what it means and what to do."""
    name = f"@{due.account.username}"
    if days == GONE:
        return (
            f"⛔ Instagram does not let us in to {name} any more: Auto Post cannot publish there. "
            "Ask the operator to connect the account again. Until then post by hand and tap Posted."
        )
    return (
        f"⚠️ Our access to {name} on Instagram ends in {_time_left(due)}, and it could not be renewed. "
        "Ask the operator to connect the account again. Until it ends, Auto Post works as always."
    )


def _urgency(due: TokenDue) -> int | None:
    if due.gone:
        return GONE
    if due.seconds_left is None:
        return None
    if due.seconds_left <= 0:
        return GONE
    return next((days for days in WARNINGS if due.seconds_left <= days * DAY_SECONDS), None)


def _time_left(due: TokenDue) -> str:
    assert due.seconds_left is not None
    days = round(due.seconds_left / DAY_SECONDS)
    if days > 1:
        return f"{days} days"
    hours = max(1, round(due.seconds_left / 3600))
    return "1 hour" if hours == 1 else f"{hours} hours"
