"""A HEIC or AVIF picture without what it tells beside its pixels: no place, no camera, no remark. Pure.

Nothing moves: what goes is filled with zeros in its place, so no offset has to be written anew. Which way is up and
which colours are meant stand in properties (irot, colr), which stay. The names are those of ISO/IEC 23008-12 and of
ISO/IEC 14496-12, 8.11.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

from infra.media.boxes import boxes, inside

TELLING = {b"Exif", b"mime", b"uri "}
MOST_ITEMS = 10_000
HEAD = 4  # version and flags stand before what a box of this kind holds


def bare(content: bytes) -> bytes:
    """Return the same picture, as long as before; raises ValueError where its boxes contradict themselves."""
    made = bytearray(content)
    whole = memoryview(made)
    try:
        for meta in inside(whole, b"meta"):
            _clean(whole, meta[HEAD:])
    except (struct.error, IndexError) as error:
        raise ValueError("a table of the picture is broken") from error
    whole.release()
    return bytes(made)


def _clean(whole: memoryview, meta: memoryview) -> None:
    telling = {number for number, kind in _items(meta) if kind in TELLING}
    held = next(inside(meta, b"idat"), None)
    for number, within, at, size in _extents(meta):
        if number not in telling:
            continue
        place = whole if not within else held
        if place is None or at + size > len(place):
            raise ValueError("an item lies outside of its file")
        end = at + size if size else len(place)
        place[at:end] = bytes(end - at)


def _items(meta: memoryview) -> Iterator[tuple[int, bytes]]:
    for table in inside(meta, b"iinf"):
        start = 6 if table[0] == 0 else 8
        for box in islice(boxes(table[start:]), MOST_ITEMS):
            if box.name == b"infe" and box.content[0] >= 2:
                wide = box.content[0] == 3
                (number,) = struct.unpack_from(">I" if wide else ">H", box.content, 4)
                at = 10 if wide else 8
                yield number, bytes(box.content[at : at + 4])


def _extents(meta: memoryview) -> Iterator[tuple[int, bool, int, int]]:
    """Yield of each item its number, whether its bytes stand within the table itself, where, and how many."""
    for table in inside(meta, b"iloc"):
        yield from _Extents(table).read()


class _Extents:
    def __init__(self, table: memoryview) -> None:
        self._table, self._at, self._version = table, HEAD, table[0]

    def read(self) -> Iterator[tuple[int, bool, int, int]]:
        sizes = self._number(2)
        offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
        for _ in range(min(self._number(4 if self._version == 2 else 2), MOST_ITEMS)):
            number = self._number(4 if self._version == 2 else 2)
            method = self._number(2) & 15 if self._version else 0
            self._number(2)  # which file
            begins = self._number(base)
            for _ in range(min(self._number(2), MOST_ITEMS)):
                if self._version:
                    self._number(index)
                at = begins + self._number(offset)
                yield number, method == 1, at, self._number(length)

    def _number(self, size: int) -> int:
        if self._at + size > len(self._table):
            raise ValueError("a table of the picture is broken")
        self._at += size
        return int.from_bytes(self._table[self._at - size : self._at], "big")
