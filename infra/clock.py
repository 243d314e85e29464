"""The wall clock, the one place where it is read."""

from datetime import UTC, datetime


class WallClock:
    """Fills ports.Clock."""

    def now(self) -> datetime:
        """Return this moment, in UTC and aware of it."""
        return datetime.now(UTC)
