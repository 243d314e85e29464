"""Which films can be a story, and what is made new of one: decided on paper."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from actors.domain.item import Longer
from infra.media.films import Cut, Repair, changes, cuts, faults, plan
from infra.media.probe import Film, MovingPicture, Sound

PICTURE = MovingPicture("AVC", "avc1", 1080, 1920, 30.0)
FILM = Film("MPEG-4", 9_000_000, 12.0, PICTURE, Sound("AAC", 2, 48_000))
WHOLE = Cut(0.0, 12.0)


def with_picture(**how: Any) -> Film:
    return replace(FILM, picture=replace(PICTURE, **how))


@pytest.mark.parametrize(
    "film",
    [
        FILM,
        replace(FILM, sound=None),
        with_picture(codec="HEVC", tag="hev1"),
        with_picture(width=1440, height=2560),
        with_picture(width=1920, height=1080),
        with_picture(rate=23.976),
        with_picture(rate=59.94),
        with_picture(rate=30.05, varies=True),
        with_picture(turned=True),
        with_picture(primaries="BT.601 NTSC", matrix="BT.601"),
    ],
)
def test_film_within_the_rules_keeps_its_pictures_and_its_sound(film: Film) -> None:
    assert plan(film, WHOLE).repairs == frozenset()


@pytest.mark.parametrize(
    ("film", "repair"),
    [
        (with_picture(codec="AV1"), Repair.CODEC),
        (with_picture(light="HLG", primaries="BT.2020"), Repair.HDR),
        (with_picture(light="PQ"), Repair.HDR),
        (with_picture(primaries="Display P3"), Repair.COLOURS),
        (with_picture(depth=10), Repair.DEPTH),
        (with_picture(chroma="4:2:2"), Repair.CHROMA),
        (with_picture(interlaced=True), Repair.INTERLACED),
        (with_picture(square=False), Repair.SHAPE),
        (with_picture(width=2160, height=3840), Repair.SIZE),
        (with_picture(width=1079, height=1919), Repair.SIZE),
        (with_picture(rate=120.0), Repair.RATE),
        (with_picture(rate=22.0), Repair.RATE),
        (replace(FILM, size_bytes=51 * 1024 * 1024), Repair.BITS),
        (replace(FILM, size_bytes=38_000_000), Repair.BITS),
        (replace(FILM, sound=Sound("MPEG Audio", 2, 48_000)), Repair.SOUND),
        (replace(FILM, sound=Sound("AAC", 6, 48_000)), Repair.SOUND),
        (replace(FILM, sound=Sound("AAC", 2, 96_000)), Repair.SOUND),
    ],
)
def test_one_thing_beyond_the_rules_is_the_one_thing_that_is_made_new(film: Film, repair: Repair) -> None:
    made = plan(film, WHOLE)

    assert made.repairs == {repair}
    assert list(changes(film, made)) == [repair.value]


def test_trimmed_film_is_cut_with_its_sound() -> None:
    assert plan(with_picture(trimmed=True), WHOLE).repairs == {Repair.CUT, Repair.SOUND}


@pytest.mark.parametrize(
    ("rate", "varies", "made"),
    [
        (240.0, False, Fraction(60)),
        (100.0, False, Fraction(50)),
        (15.0, False, Fraction(30)),
        (12.5, False, Fraction(25)),
        (1.0, False, Fraction(23)),
        (9.75, True, Fraction(30)),
        (0.0, False, Fraction(30)),
    ],
)
def test_each_frame_of_another_rate_is_shown_as_often(rate: float, varies: bool, made: Fraction) -> None:
    assert plan(with_picture(rate=rate, varies=varies), WHOLE).rate == made


@pytest.mark.parametrize(
    ("size", "made"),
    [
        ((2160, 3840), (1080, 1920)),
        ((3840, 2160), (1920, 1080)),
        ((4000, 3000), (1440, 1080)),
        ((1079, 1919), (1078, 1918)),
    ],
)
def test_film_is_made_as_large_as_a_story_is_shown_in_even_numbers(
    size: tuple[int, int], made: tuple[int, int]
) -> None:
    chosen = plan(with_picture(width=size[0], height=size[1]), WHOLE)

    assert (chosen.width % 2, chosen.height % 2) == (0, 0)
    assert (abs(chosen.width - made[0]) <= 2, abs(chosen.height - made[1]) <= 2) == (True, True)


@pytest.mark.parametrize(
    ("seconds", "longer", "made"),
    [
        (60.04, Longer.PARTS, [(0.0, 60.04)]),
        (90.0, Longer.FIRST_MINUTE, [(0.0, 60.0)]),
        (90.0, Longer.PARTS, [(0.0, 60.0), (60.0, 30.0)]),
        (120.0, Longer.PARTS, [(0.0, 60.0), (60.0, 60.0)]),
        (121.0, Longer.PARTS, [(0.0, 60.0), (60.0, 57.0), (117.0, 4.0)]),
    ],
)
def test_parts_cover_the_film_and_each_is_long_enough(
    seconds: float, longer: Longer, made: list[tuple[float, float]]
) -> None:
    assert [(part.starts, part.seconds) for part in cuts(seconds, longer)] == made


@pytest.mark.parametrize(
    ("film", "longer", "sentence"),
    [
        (replace(FILM, picture=None), Longer.REFUSED, "has no picture, only sound: a story needs one."),
        (replace(FILM, seconds=None), Longer.REFUSED, "does not say how long it is: export it as MP4."),
        (replace(FILM, seconds=2.9), Longer.REFUSED, "is too short: 2.9 s, and a story lasts 3 s at least."),
        (with_picture(width=100, height=1001), Longer.REFUSED, "is too narrow: 100 × 1001 pixels, and"),
        (replace(FILM, seconds=90.0), Longer.REFUSED, "is too long: 90.0 s, and a story lasts 60 s at most:"),
        (replace(FILM, seconds=661.0), Longer.PARTS, "is too long: 661 s would be 12 stories, and 10 are made at most"),
    ],
)
def test_film_that_cannot_be_a_story_is_told_why(film: Film, longer: Longer, sentence: str) -> None:
    (fault,) = faults(film, longer)

    assert fault.startswith(sentence)
    assert fault.endswith(".")


def test_film_too_long_for_parts_is_offered_its_first_minute_alone() -> None:
    (fault,) = faults(replace(FILM, seconds=3600.0), Longer.REFUSED)

    assert "--first-minute" in fault
    assert "--parts" not in fault


def test_film_that_is_wider_than_high_is_said() -> None:
    film = with_picture(width=1920, height=1080)

    assert list(changes(film, plan(film, WHOLE))) == ["wider than high: Instagram shows it between bars"]
