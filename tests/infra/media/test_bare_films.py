"""A film keeps its pictures and its sound, byte for byte and place for place, and tells nothing else."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from infra.media.bare_films import bare
from infra.media.boxes import boxes, inside
from infra.media.probe import look
from tests.infra.media.films import FTYP, FilmPlan, box, length, moov, real_film
from tests.infra.media.films import film as boxes_of_a_film

HANDLER = bytes(8)
SECRETS = (b"+52.5200+013.4050/", b"iPhone of Anna", b"xmp of Anna", b"where she walked", b"behind")
PICTURE = b"the picture's own bytes"


def sensors(at: int, *chunks: bytes, one_size: bool = False) -> bytes:
    """A track of a phone's sensors whose chunks stand one after the other from `at` on, two samples in each."""
    sizes = [len(chunk) // 2 for chunk in chunks for _ in range(2)]
    offsets = [at + sum(map(len, chunks[:number])) for number in range(len(chunks))]
    table = box(
        b"stbl",
        box(b"stsc", bytes(4), struct.pack(">IIII", 1, 1, 2, 1)),
        box(b"stsz", bytes(4), struct.pack(">II", sizes[0], len(sizes)))
        if one_size
        else box(b"stsz", bytes(4), struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)),
        box(b"stco", bytes(4), struct.pack(f">I{len(offsets)}I", len(offsets), *offsets)),
    )
    return box(b"trak", box(b"mdia", box(b"hdlr", HANDLER, b"meta", bytes(13)), box(b"minf", table)))


def told(track: bytes = b"") -> bytes:
    place = box(b"udta", box(b"\xa9xyz", SECRETS[0]), box(b"meta", SECRETS[1]))
    return FTYP + moov(FilmPlan(), place, track) + box(b"uuid", bytes(16), SECRETS[2])


def test_place_device_and_remarks_go() -> None:
    content = told() + box(b"mdat", PICTURE) + box(b"sefd", SECRETS[4])

    made = bare(content)

    assert [secret for secret in SECRETS if secret in made] == []
    assert len(made) == len(content)
    assert made.index(PICTURE) == content.index(PICTURE)


def test_film_can_be_read_as_before(tmp_path: Path) -> None:
    before, after = tmp_path / "before.mp4", tmp_path / "after.mp4"
    before.write_bytes(real_film())
    after.write_bytes(bare(real_film()))

    assert b"remark of Anna" in before.read_bytes()
    assert b"remark of Anna" not in after.read_bytes()
    assert look(before) == look(after) is not None


@pytest.mark.parametrize("one_size", [False, True])
def test_track_of_sensors_goes_with_its_samples(one_size: bool) -> None:
    walked = SECRETS[3]
    head = len(told(sensors(0, walked, walked, one_size=one_size))) + 8
    content = told(sensors(head, walked, walked, one_size=one_size)) + box(b"mdat", walked, walked, PICTURE)

    made = bare(content)

    assert walked not in made
    assert made.index(PICTURE) == content.index(PICTURE)
    assert {bytes(handler[8:12]) for handler in inside(made, b"moov", b"trak", b"mdia", b"hdlr")} == {b"vide", b"soun"}


def test_day_is_not_told() -> None:
    dated = length(12.0).replace(b"mvhd" + bytes(12), b"mvhd" + bytes(4) + b"\xe1\x02\x03\x04" * 2)

    made = bare(FTYP + box(b"moov", dated) + box(b"mdat"))

    assert b"\xe1\x02\x03\x04" not in made


def test_name_that_a_maker_gave_a_track_goes() -> None:
    content = boxes_of_a_film().replace(b"vide" + bytes(13), b"vide" + bytes(12) + b"A")

    assert bare(content) == boxes_of_a_film()


@pytest.mark.parametrize(
    "track",
    [
        sensors(2**31, b"1234"),
        sensors(0, b"1234").replace(struct.pack(">IIII", 1, 1, 2, 1), struct.pack(">IIII", 1, 0, 2**32 - 1, 1)),
        sensors(0, b"1234").replace(b"stsz", b"none"),
        sensors(0, b"1234").replace(struct.pack(">II", 0, 2), struct.pack(">II", 2**31, 2**32 - 1)),
    ],
)
def test_tables_that_cannot_be_true_end_in_a_film_or_one_error(track: bytes) -> None:
    try:
        made = bare(told(track) + box(b"mdat", PICTURE))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either end is right, and both come soon
    else:
        assert all(found.whole for found in boxes(made))
