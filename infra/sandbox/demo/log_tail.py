"""The workers' log files, read while they grow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

LOOK_EVERY_SECONDS = 0.1
CHUNK_BYTES = 1_000_000

LogLine = dict[str, Any]


class Tail:
    """What has been read of one file; a line that is not finished yet waits for its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""

    def read(self) -> list[LogLine]:
        """Return the lines that are new since the last look."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            chunk = file.read(CHUNK_BYTES)
        self._offset += len(chunk)
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        return [parse(line.decode("utf-8", "replace")) for line in whole if line.strip()]


def parse(text: str) -> LogLine:
    """Read a log line; what is not one (a traceback of the interpreter, say) is an event of its own."""
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    return line if isinstance(line, dict) and "event" in line else {"event": "output", "text": text}


async def follow(path: Path, hear: Callable[[LogLine], None]) -> None:
    """Tell every line of a file, old and new, for ever; a file announces nothing, so it is looked at often."""
    tail = Tail(path)
    while True:
        for line in await anyio.to_thread.run_sync(tail.read):
            hear(line)
        await anyio.sleep(LOOK_EVERY_SECONDS)
