"""Counts what strangers can repeat at will: the first of a kind has its line at once, the rest one line a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

EVERY_SECONDS = 60.0

Write: TypeAlias = Callable[[int], None]


class RareLog:
    """Of one event loop. A kind is one of a few: each that is in use is remembered."""

    def __init__(self, seconds: float = EVERY_SECONDS) -> None:
        self._seconds = seconds
        self._unwritten: dict[object, int] = {}

    def note(self, kind: object, write: Write) -> None:
        """Count one; `write` is told how many its line stands for."""
        if kind in self._unwritten:
            self._unwritten[kind] += 1
            return
        write(1)
        self._wait(kind, write)

    def _wait(self, kind: object, write: Write) -> None:
        self._unwritten[kind] = 0
        asyncio.get_running_loop().call_later(self._seconds, self._write_rest, kind, write)

    def _write_rest(self, kind: object, write: Write) -> None:
        count = self._unwritten.pop(kind)
        if count:
            write(count)
            self._wait(kind, write)
