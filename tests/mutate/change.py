"""One small mistake in one place of a source file, as a random mutant makes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What sort of mistake it is."""

    COMPARISON = "comparison"
    CONDITION = "condition"
    CONSTANT = "constant"
    STATEMENT = "statement"
    ARGUMENTS = "arguments"


@dataclass(frozen=True, slots=True)
class Change:
    """In the file at `path` the bytes from `start` to `end` become `new`."""

    path: str
    kind: Kind
    start: int
    end: int
    new: str

    def applied(self, source: bytes) -> bytes:
        """Return the file with the mistake."""
        return source[: self.start] + self.new.encode() + source[self.end :]

    def line(self, source: bytes) -> int:
        """Count the lines up to its place, from 1."""
        return source.count(b"\n", 0, self.start) + 1

    def lines(self, source: bytes) -> range:
        """Name all of its lines, from 1."""
        return range(self.line(source), source.count(b"\n", 0, self.end) + 2)

    def before(self, source: bytes) -> str:
        """Return the lines that it changes, as they stand, in one."""
        return _in_one(source[_line_start(source, self.start) : _line_end(source, self.end)])

    def after(self, source: bytes) -> str:
        """Return the same lines with the mistake, in one."""
        head = source[_line_start(source, self.start) : self.start]
        return _in_one(head + self.new.encode() + source[self.end : _line_end(source, self.end)])


def _line_start(source: bytes, at: int) -> int:
    return source.rfind(b"\n", 0, at) + 1


def _line_end(source: bytes, at: int) -> int:
    found = source.find(b"\n", at)
    return len(source) if found < 0 else found


def _in_one(lines: bytes) -> str:
    return " ".join(lines.decode().split())
