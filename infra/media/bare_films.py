"""A film without what it tells beside picture and sound: no place, no device, no day, no track of its sensors. Pure.

Nothing moves, so no offset has to be written anew: a box that goes is named `free` and filled with zeros in its place.
What stands within the coded pictures themselves stays, and so do the samples of a sensor's track in a fragmented film.
The names are those of ISO/IEC 14496-12 and of the QuickTime File Format:
https://developer.apple.com/documentation/quicktime-file-format
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice, pairwise, repeat

from infra.media.boxes import DEEPEST, Box, boxes, inside

FREE = b"free"
MOST_SAMPLES = 1_000_000  # of one track; a minute of film has some thousands
SHOWN_MEDIA = {b"vide", b"soun"}
# What a player needs, and what it needs to find it; each other box that stands in one of these goes.
OUTERMOST = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"ssix", b"wide"}
KEPT = {
    b"moov": {b"mvhd", b"trak", b"mvex", b"iods"},
    b"trak": {b"tkhd", b"edts", b"mdia", b"tapt"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"hmhd", b"nmhd", b"hdlr", b"dinf", b"stbl", b"gmhd"},
    b"moof": {b"mfhd", b"traf"},
    b"traf": {b"tfhd", b"tfdt", b"trun", b"sdtp", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio"},
}
DATED = {b"mvhd", b"tkhd", b"mdhd"}


def bare(content: bytes) -> bytes:
    """Return the same film, as long as before; raises ValueError where its boxes contradict themselves."""
    made = bytearray(content)
    whole = memoryview(made)
    try:
        for samples in _samples_that_go(whole):
            samples[:] = bytes(len(samples))
        for box in list(boxes(whole)):
            _clean(box, OUTERMOST, 1)
    except (struct.error, IndexError) as error:
        raise ValueError("a table of the film is broken") from error
    whole.release()
    return bytes(made)


def _clean(box: Box, kept: set[bytes], depth: int) -> None:
    if box.name not in kept or (box.name == b"trak" and _media(box.content) not in SHOWN_MEDIA):
        box.label[:] = FREE
        box.content[:] = bytes(len(box.content))
    elif box.name in DATED:
        times = 16 if box.content[0] == 1 else 8  # when it was made, when it was changed; 0: not said
        box.content[4 : 4 + times] = bytes(times)
    elif box.name == b"hdlr":
        box.content[24:] = bytes(len(box.content[24:]))  # its maker's name for it
    elif box.name in KEPT and depth < DEEPEST:
        for part in list(boxes(box.content)):
            _clean(part, KEPT[box.name], depth + 1)


def _media(track: memoryview) -> bytes:
    return bytes(next(inside(track, b"mdia", b"hdlr"), memoryview(bytes(12)))[8:12])


def _samples_that_go(film: memoryview) -> Iterator[memoryview]:
    """Yield what the tracks that go have in the film, chunk by chunk; what lies outside of its media is no sample."""
    media = [slice(box.starts, box.starts + len(box.content)) for box in boxes(film) if box.name == b"mdat"]
    for track in inside(film, b"moov", b"trak"):
        if _media(track) not in SHOWN_MEDIA:
            for table in inside(track, b"mdia", b"minf", b"stbl"):
                for at, size in _chunks(table):
                    if any(part.start <= at and at + size <= part.stop for part in media):
                        yield film[at : at + size]


def _chunks(table: memoryview) -> Iterator[tuple[int, int]]:
    """Yield where each chunk of a track lies and how many bytes it has, by its tables stco or co64, stsc and stsz."""
    offsets = [*_numbers(table, b"stco", ">I"), *_numbers(table, b"co64", ">Q")]
    runs = [*_numbers(table, b"stsc", ">III"), (len(offsets) + 1, 0, 0)]
    sizes = _sizes(table)
    for (first, samples, _), (following, *_) in pairwise(runs):
        for number in range(max(first, 1), min(following, len(offsets) + 1)):
            yield offsets[number - 1][0], sum(islice(sizes, samples))


def _sizes(table: memoryview) -> Iterator[int]:
    """Yield the size of each sample; all may have one."""
    for box in inside(table, b"stsz"):
        one, count = struct.unpack_from(">II", box, 4)
        if one:
            yield from repeat(one, min(count, MOST_SAMPLES))
        else:
            yield from (
                size for (size,) in struct.iter_unpack(">I", box[12 : 12 + 4 * min(count, (len(box) - 12) // 4)])
            )


def _numbers(table: memoryview, name: bytes, shape: str) -> Iterator[tuple[int, ...]]:
    for box in inside(table, name):
        (count,) = struct.unpack_from(">I", box, 4)
        size = struct.calcsize(shape)
        yield from struct.iter_unpack(shape, box[8 : 8 + size * min(count, (len(box) - 8) // size)])
