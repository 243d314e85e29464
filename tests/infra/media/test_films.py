"""Which videos Instagram would take as a story, told from their boxes."""

from __future__ import annotations

import struct

import pytest

from infra.media.boxes import boxes
from infra.media.films import Film, faults, read_film
from tests.infra.media.films import FTYP, MDAT, QUARTER_TURN, FilmPlan, box, film, length, moov


def read(content: bytes) -> Film:
    found = read_film(content)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "plan",
    [
        FilmPlan(),
        FilmPlan(wide=True),
        FilmPlan(seconds=3.0),
        FilmPlan(seconds=60.04),
        FilmPlan(picture=b"hvc1", brand=b"qt  "),
        FilmPlan(sounds=()),
        FilmPlan(sounds=(b"apac", b"mp4a")),
        FilmPlan(size=(1920, 1080)),
        FilmPlan(size=(2160, 1920), turn=QUARTER_TURN),
    ],
)
def test_video_within_the_limits_is_fit(plan: FilmPlan) -> None:
    assert list(faults(read(film(plan)))) == []


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (FilmPlan(seconds=2.9), "is too short: 2.9 s, and a story lasts 3 s at least."),
        (FilmPlan(seconds=61), "is too long: 61.0 s, and a story lasts 60 s at most."),
        (FilmPlan(seconds=3600, wide=True), "is too long: 3600.0 s, and a story lasts 60 s at most."),
        (FilmPlan(seconds=0), "does not say how long it is: export it as MP4 with H.264 and AAC, not fragmented."),
        (FilmPlan(picture=None), "has no picture, only sound: a story needs one."),
        (FilmPlan(picture=b"av01"), "has av01 pictures, and Instagram takes H.264 and HEVC only:"),
        (FilmPlan(picture=b"\xff\0/\n"), "has unknown pictures, and Instagram takes H.264 and HEVC only:"),
        (FilmPlan(sounds=(b"ac-3",)), "has unknown sound, and Instagram takes AAC only:"),
        (FilmPlan(sounds=(b"Opus",)), "has Opus sound, and Instagram takes AAC only:"),
        (FilmPlan(size=(0, 0)), "does not say how large its picture is:"),
        (FilmPlan(size=(100, 1001)), "is too narrow: 100 × 1001 pixels, and Instagram takes 1:10 at most."),
        (FilmPlan(size=(3840, 2160)), "is too wide: 3840 × 2160 pixels, and Instagram takes 1920 in a row at most."),
        (FilmPlan(size=(1080, 1922), turn=QUARTER_TURN), "is too wide: 1922 × 1080 pixels"),
    ],
)
def test_video_beyond_a_limit_is_told_which(plan: FilmPlan, sentence: str) -> None:
    (fault,) = faults(read(film(plan)))

    assert fault.startswith(sentence)
    assert fault.endswith(".")


def test_fragmented_video_may_say_its_length_in_a_box_of_its_own() -> None:
    extended = box(b"mvex", box(b"mehd", bytes(4), struct.pack(">I", 9000)))

    assert read(FTYP + moov(FilmPlan(seconds=0), extended) + box(b"moof")).seconds == 9.0


@pytest.mark.parametrize(
    "content",
    [
        FTYP,
        FTYP + MDAT,
        FTYP + moov(),
        film()[:-1],
        film() + b"\0\0\0\3",
        FTYP + box(b"moov", box(b"mvhd", b"\0\0")) + MDAT,
        FTYP + box(b"moov", box(b"mvhd")) + MDAT,
        FTYP + box(b"moov", length(9), box(b"trak", box(b"tkhd", b"\0\0"))) + MDAT,
    ],
)
def test_broken_video_is_read_as_none(content: bytes) -> None:
    assert read_film(content) is None


def test_track_that_says_nothing_is_no_picture() -> None:
    found = read(FTYP + box(b"moov", length(9), box(b"trak"), b"\0\0\0\1trak") + MDAT)

    assert list(faults(found)) == ["has no picture, only sound: a story needs one."]


def test_sizes_of_64_bits_and_to_the_end_are_followed() -> None:
    content = struct.pack(">I4sQ", 1, b"free", 20) + b"four" + struct.pack(">I4s", 0, b"mdat") + b"rest"

    assert [(one.name, bytes(one.content), one.whole) for one in boxes(content)] == [
        (b"free", b"four", True),
        (b"mdat", b"rest", True),
    ]
