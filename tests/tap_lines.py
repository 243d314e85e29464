"""What the worker logs, kept so that a scenario can wait for the one line that explains a tap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import structlog
from structlog.typing import EventDict, WrappedLogger


class TapLines:
    """Every log line of this process; stands last among structlog's processors."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self._grown = anyio.Event()

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Keep the line and print nothing."""
        self.all.append(dict(event))
        self._grown.set()
        self._grown = anyio.Event()
        raise structlog.DropEvent

    def named(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of one event."""
        return [line for line in self.all if line["event"] == event]

    def of(self, tap_id: str) -> list[dict[str, Any]]:
        """Return the tap lines of one tap."""
        return [line for line in self.named("tap") if line["tap_id"] == tap_id]

    async def until(self, event: str, seconds: float) -> dict[str, Any]:
        """Wait for a line of this event; returns the newest."""
        with anyio.fail_after(seconds):
            while not self.named(event):
                await self._grown.wait()
        return self.named(event)[-1]

    async def changed(self, item_id: int, change: str, seconds: float) -> list[dict[str, Any]]:
        """Wait for the lines of a change of an item."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.named("item") if (line["item_id"], line["change"]) == (item_id, change)]

        with anyio.fail_after(seconds):
            while not found():
                await self._grown.wait()
        return found()

    async def line(self, tap_id: str, seconds: float) -> dict[str, Any]:
        """Wait for the line of a tap."""
        with anyio.fail_after(seconds):
            while not self.of(tap_id):
                await self._grown.wait()
        return self.of(tap_id)[0]


@contextmanager
def captured_lines() -> Iterator[TapLines]:
    """Keep what is logged, and put structlog back as it was."""
    before = structlog.get_config()
    lines = TapLines()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, lines],
        wrapper_class=structlog.make_filtering_bound_logger("INFO"),
        cache_logger_on_first_use=False,
    )
    try:
        yield lines
    finally:
        structlog.configure(**before)
