"""A JPEG without what it tells beside its pixels: no place, no camera, no preview, nothing behind its end. Pure.

Markers and their order are those of ITU-T T.81, annex B: https://www.w3.org/Graphics/JPEG/itu-t81.pdf
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import TypeAlias

START, END, SCAN = 0xD8, 0xD9, 0xDA
JFIF, ADOBE = 0xE0, 0xEE
# Of the segments of applications these two alone say how pixels are read; what hangs on behind them is a preview.
KEPT_BYTES = {(JFIF, b"JFIF\0"): 14, (ADOBE, b"Adobe"): 12}
FRAMES = {*range(0xC0, 0xD0)}  # tables of Huffman codes and of arithmetic coding among them
TABLES = {0xDB, 0xDC, 0xDD}
MARKER = re.compile(rb"\xff+([^\x00\xff])")  # any number of 0xFF may precede it
# Within a scan 0xFF is followed by a zero, by a restart marker, or by the marker that ends the scan.
# Without a repeat in it, so that it is looked for by its first byte: a hundred times as fast.
SCAN_ENDS = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

SegmentFilter: TypeAlias = Callable[[int, bytes], bytes | None]


def bare(content: bytes, look: SegmentFilter = lambda *_: None) -> bytes:
    """Return the same pixels, bit for bit; raises ValueError where the segments cannot be told apart.

    `look` says what else is kept of a segment that goes.
    """
    return b"".join(_kept(content, look))


def _kept(content: bytes, look: SegmentFilter) -> Iterator[bytes]:
    if content[:2] != bytes((0xFF, START)):
        raise ValueError("no JPEG")
    yield content[:2]
    at = 2
    while True:
        marker, at = _marker(content, at)
        if marker == END:
            yield bytes((0xFF, END))
            return
        (size,) = struct.unpack(">H", content[at : at + 2].ljust(2, b"\0"))
        segment = content[at + 2 : at + size]
        if size < 2 or len(segment) != size - 2:
            raise ValueError("a segment is not complete")
        at += size
        shown = _shown(marker, segment)
        if shown is None:
            shown = look(marker, segment)
        if shown is not None:
            yield struct.pack(">BBH", 0xFF, marker, 2 + len(shown)) + shown
        if marker == SCAN:
            ending = SCAN_ENDS.search(content, at)
            if ending is None:
                raise ValueError("a scan does not end")
            yield content[at : ending.start()]
            at = ending.start()


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """Read a marker; returns it and where it ends."""
    found = MARKER.match(content, at)
    if found is None:
        raise ValueError("no marker where one has to be")
    return found[1][0], found.end()


def _shown(marker: int, segment: bytes) -> bytes | None:
    """What is kept of a segment; None: nothing."""
    if marker in FRAMES | TABLES or marker == SCAN:
        return segment
    most = KEPT_BYTES.get((marker, segment[:5]))
    if most is None or len(segment) < most:
        return None
    if marker == JFIF:
        return segment[: most - 2] + b"\0\0"  # a preview of no columns and no rows
    return segment[:most]
