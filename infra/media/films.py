"""What a video says of itself in its boxes, and whether Instagram takes it as a story. Pure.

The limits are those of "Story Video Specifications" at
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from infra.media.boxes import boxes, inside

SHORTEST_SECONDS, LONGEST_SECONDS = 3.0, 60.0
SLACK_SECONDS = 0.05  # a film cut to a minute ends with its last frame or its last packet of sound
MOST_COLUMNS = 1920
STEEPEST_RATIO = 10
PICTURE_CODECS = {b"avc1": "H.264", b"avc3": "H.264", b"hvc1": "HEVC", b"hev1": "HEVC"}
SOUND_CODECS = {b"mp4a": "AAC"}
EXPORT = "export it as MP4 with H.264 and AAC"


@dataclass(frozen=True, slots=True)
class Track:
    """One track; `codec` is None if its description is missing. The size is what is seen, after any rotation."""

    media: bytes
    codec: bytes | None
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Film:
    """A video as its boxes tell it; `seconds` is None where they do not say how long it is."""

    seconds: float | None
    tracks: tuple[Track, ...]


def read_film(content: bytes) -> Film | None:
    """Read a whole file; None when it is broken or incomplete."""
    outermost = list(boxes(content))
    names = {box.name for box in outermost}
    if not all(box.whole for box in outermost) or b"moov" not in names or not {b"mdat", b"moof"} & names:
        return None
    try:
        return Film(_seconds(content), tuple(_track(track) for track in inside(content, b"moov", b"trak")))
    except (struct.error, IndexError):
        return None


def faults(film: Film) -> Iterator[str]:
    """Yield why Instagram would not take it, each completing the sentence "film.mp4 …"; nothing: it is fit."""
    yield from _faults_of_length(film.seconds)
    seen = [track for track in film.tracks if track.media == b"vide"]
    if not seen:
        yield "has no picture, only sound: a story needs one."
    for track in seen[:1]:
        yield from _faults_of_picture(track)
    heard = [track.codec for track in film.tracks if track.media == b"soun"]
    # Some phones write a second track of spatial sound beside the AAC one.
    if heard and not SOUND_CODECS.keys() & set(heard):
        yield f"has {_spelled(heard[0])} sound, and Instagram takes AAC only: {EXPORT}."


def _faults_of_length(seconds: float | None) -> Iterator[str]:
    if seconds is None:
        yield f"does not say how long it is: {EXPORT}, not fragmented."
    elif seconds < SHORTEST_SECONDS - SLACK_SECONDS:
        yield f"is too short: {seconds:.1f} s, and a story lasts 3 s at least."
    elif seconds > LONGEST_SECONDS + SLACK_SECONDS:
        yield f"is too long: {seconds:.1f} s, and a story lasts 60 s at most."


def _faults_of_picture(track: Track) -> Iterator[str]:
    width, height = track.width, track.height
    if track.codec not in PICTURE_CODECS:
        yield f"has {_spelled(track.codec)} pictures, and Instagram takes H.264 and HEVC only: {EXPORT}."
    if not width or not height:
        yield f"does not say how large its picture is: {EXPORT}."
    elif max(width, height) > STEEPEST_RATIO * min(width, height):
        yield f"is too narrow: {width} × {height} pixels, and Instagram takes 1:{STEEPEST_RATIO} at most."
    elif width > MOST_COLUMNS:
        yield f"is too wide: {width} × {height} pixels, and Instagram takes {MOST_COLUMNS} in a row at most."


def _spelled(codec: bytes | None) -> str:
    text = (codec or b"").decode("ascii", "replace").strip()
    return text if text.isascii() and text.isalnum() else "unknown"


def _seconds(content: bytes) -> float | None:
    """The film's length; a fragmented one may say it in a box of its own."""
    header = next(inside(content, b"moov", b"mvhd"), None)
    if header is None:
        return None
    if header[0] == 1:
        scale, length = struct.unpack_from(">IQ", header, 20)
    else:
        scale, length = struct.unpack_from(">II", header, 12)
    for extended in inside(content, b"moov", b"mvex", b"mehd"):
        (length,) = struct.unpack_from(">Q" if extended[0] == 1 else ">I", extended, 4)
    unknown = 2**64 - 1 if header[0] == 1 else 2**32 - 1
    return None if length in {0, unknown} or not scale else length / scale


def _track(track: memoryview) -> Track:
    media = next(inside(track, b"mdia", b"hdlr"), memoryview(b"\0" * 12))
    described = next(inside(track, b"mdia", b"minf", b"stbl", b"stsd"), None)
    first = next(boxes(described[8:]), None) if described is not None else None
    header = next(inside(track, b"tkhd"), None)
    width, height = _size(header) if header is not None else (0, 0)
    return Track(bytes(media[8:12]), first.name if first else None, width, height)


def _size(header: memoryview) -> tuple[int, int]:
    matrix = 52 if header[0] == 1 else 40
    (a,) = struct.unpack_from(">i", header, matrix)
    width, height = struct.unpack_from(">II", header, matrix + 36)
    size = (width >> 16, height >> 16)
    return size if a else (size[1], size[0])  # a quarter turn has no share of x in x
