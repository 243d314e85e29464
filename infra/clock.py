"""The wall clock, the one place where it is read."""

from datetime import UTC, datetime


class WallClock:
    """Fills ports.Clock by the clock of this machine, in UTC."""

    def now(self) -> datetime:
        """Return this moment, in UTC and aware of it."""
        return datetime.now(UTC)
