"""The boxes of ISO/IEC 14496-12, of which MP4 and MOV files are made. Pure; every read is within bounds."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 8  # a film's own nesting ends at 6; what goes deeper was made to hurt
MOST_BOXES = (
    10_000  # side by side; a minute in fragments of 50 ms has 2,400, and millions would keep us busy for minutes
)


@dataclass(frozen=True, slots=True)
class Box:
    """One box: what stands after its head, whether all of it is there, its name's place, and where `content` starts."""

    name: bytes
    content: memoryview
    whole: bool
    label: memoryview
    starts: int


def boxes(content: bytes | memoryview) -> Iterator[Box]:
    """Yield the boxes that stand side by side, in order; stops at a broken one."""
    view, at, left = memoryview(content), 0, MOST_BOXES
    while at < len(view):
        size, name = struct.unpack(">I4s", bytes(view[at : at + 8]).ljust(8, b"\0"))
        head = 8
        if size == 1:  # 64 bits of size follow
            (size,) = struct.unpack(">Q", bytes(view[at + 8 : at + 16]).ljust(8, b"\0"))
            head = 16
        size = size or len(view) - at  # 0: to the end
        left -= 1
        whole = head <= size <= len(view) - at and left > 0
        yield Box(name, view[at + head : at + size] if whole else view[:0], whole, view[at + 4 : at + 8], at + head)
        if not whole:
            return
        at += size


def inside(content: bytes | memoryview, *path: bytes) -> Iterator[memoryview]:
    """Yield what every box at the end of this path of names holds, in order."""
    assert len(path) <= DEEPEST
    if not path:
        yield memoryview(content)
        return
    for box in boxes(content):
        if box.name == path[0] and box.whole:
            yield from inside(box.content, *path[1:])
