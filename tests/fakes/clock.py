"""A wall clock that goes with the event loop, virtual or not, and that a test can set forward."""

from datetime import UTC, datetime, timedelta

import anyio

NOON = datetime(2026, 2, 25, 12, 0, tzinfo=UTC)


class FakeClock:
    """Fills ports.Clock; made inside the event loop whose time it follows."""

    def __init__(self, start: datetime = NOON) -> None:
        self._start = start
        self._began = anyio.current_time()
        self.skipped_seconds = 0.0

    def now(self) -> datetime:
        """Return the start, and what has passed or was skipped since."""
        return self._start + timedelta(seconds=anyio.current_time() - self._began + self.skipped_seconds)

    def skip(self, seconds: float) -> None:
        """Let this much time have passed at once."""
        self.skipped_seconds += seconds
