"""Which films can be a story, and what has to be made new of one before Instagram takes it. Pure.

The limits are those of "Story Video Specifications" at
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media
and of sendVideo at https://core.telegram.org/bots/api#sendvideo, because a card shows the very film that goes live.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from actors.domain.item import Longer
from infra.media.probe import Film, MovingPicture, Sound

MEGABYTE = 1024 * 1024
SHORTEST_SECONDS, LONGEST_SECONDS = 3.0, 60.0
SLACK_SECONDS = 0.05  # a film cut to a minute ends with its last frame or its last packet of sound
MOST_PARTS = 10
STEEPEST_RATIO = 10
LONG_SIDE, SHORT_SIDE = 1920, 1080  # in pixels; a story is shown in 1080 × 1920
SLOWEST, FASTEST = Fraction(23), Fraction(60)  # frames a second
RATE_SLACK = 0.1  # 59.94 are 60, and a film of phones has 29.97 ± something
MOST_BITS_A_SECOND = 25_000_000
MOST_BYTES = 50 * MEGABYTE  # Instagram would take 100, but no card could show it
MOST_HERTZ, MOST_CHANNELS = 48_000, 2
WRAPPED = {"AVC": "avc1", "HEVC": "hvc1"}
BRIGHT = {"HLG": "arib-std-b67", "PQ": "smpte2084"}
NARROW = {"", "BT.709", "BT.601 NTSC", "BT.601 PAL"}


class Repair(Enum):
    """What is made new, and how that is told."""

    CODEC = "made H.264"
    HDR = "HDR made SDR"
    COLOURS = "colours made BT.709"
    DEPTH = "made 8 bits deep"
    CHROMA = "made 4:2:0"
    INTERLACED = "deinterlaced"
    SIZE = "made smaller"
    RATE = "frame rate changed"
    BITS = "made fewer bits a second"
    SHAPE = "pixels made square"
    CUT = "cut"
    SOUND = "sound made AAC"


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a story begins in its film, and how long it is, in seconds."""

    starts: float
    seconds: float


@dataclass(frozen=True, slots=True)
class FilmPlan:
    """What is made of a film: its size in pixels, frames a second (None: as they are), and what is made new."""

    width: int
    height: int
    rate: Fraction | None
    cut: Cut
    repairs: frozenset[Repair]

    @property
    def keeps_picture(self) -> bool:
        """Say whether the coded pictures stay as they are, bit for bit."""
        return self.repairs <= {Repair.SOUND}


def faults(film: Film, longer: Longer) -> Iterator[str]:
    """Yield why it cannot be a story, each completing the sentence "film.mp4 …"; nothing: it can be made one."""
    picture, seconds = film.picture, film.seconds
    if picture is None:
        yield "has no picture, only sound: a story needs one."
    elif max(picture.width, picture.height) > STEEPEST_RATIO * min(picture.width, picture.height):
        size = f"{picture.width} × {picture.height} pixels"
        yield f"is too narrow: {size}, and Instagram takes 1:{STEEPEST_RATIO} at most."
    if seconds is None:
        yield "does not say how long it is: export it as MP4."
    elif seconds < SHORTEST_SECONDS - SLACK_SECONDS:
        yield f"is too short: {seconds:.1f} s, and a story lasts 3 s at least."
    elif seconds > LONGEST_SECONDS + SLACK_SECONDS:
        yield from _faults_of_long(seconds, longer)


def _faults_of_long(seconds: float, longer: Longer) -> Iterator[str]:
    parts = len(cuts(seconds, Longer.PARTS))
    too_many = parts > MOST_PARTS
    if longer is Longer.PARTS and too_many:
        yield f"is too long: {seconds:.0f} s would be {parts} stories, and {MOST_PARTS} are made at most: cut it."
    elif longer is Longer.REFUSED:
        rest = "" if too_many else f", or with --parts as {parts} stories"
        yield (
            f"is too long: {seconds:.1f} s, and a story lasts 60 s at most:"
            f" add it with --first-minute as its first 60 s{rest}."
        )


def cuts(seconds: float, longer: Longer) -> tuple[Cut, ...]:
    """Return what becomes a story of its own: all, or parts of a minute of which the last is long enough to be one."""
    if seconds <= LONGEST_SECONDS + SLACK_SECONDS:
        return (Cut(0.0, seconds),)
    if longer is not Longer.PARTS:
        return (Cut(0.0, LONGEST_SECONDS),)
    whole, rest = divmod(seconds, LONGEST_SECONDS)
    lengths = [LONGEST_SECONDS] * int(whole)
    if rest >= SHORTEST_SECONDS:
        lengths.append(rest)
    elif rest > SLACK_SECONDS:  # the last two share what there is
        lengths[-1] = LONGEST_SECONDS - SHORTEST_SECONDS
        lengths.append(rest + SHORTEST_SECONDS)
    return tuple(
        Cut(LONGEST_SECONDS * n if n < whole else seconds - length, length) for n, length in enumerate(lengths)
    )


def plan(film: Film, cut: Cut) -> FilmPlan:
    """Say what has to be made new for this part of a film without faults; as little as can be."""
    assert film.picture is not None
    assert film.seconds is not None
    repairs = set(_repairs_of_picture(film.picture))
    if cut != Cut(0.0, film.seconds) or film.picture.trimmed:
        repairs.add(Repair.CUT)
    too_large = film.size_bytes > MOST_BYTES or film.size_bytes * 8 > MOST_BITS_A_SECOND * film.seconds
    if too_large and Repair.CUT not in repairs:
        repairs.add(Repair.BITS)
    if film.sound is not None and (not _is_fit(film.sound) or Repair.CUT in repairs):
        repairs.add(Repair.SOUND)
    width, height = _size(film.picture) if repairs - {Repair.SOUND} else (film.picture.width, film.picture.height)
    return FilmPlan(width, height, _rate(film.picture), cut, frozenset(repairs))


def _repairs_of_picture(picture: MovingPicture) -> Iterator[Repair]:
    if picture.codec not in WRAPPED:
        yield Repair.CODEC
    if picture.light in BRIGHT:
        yield Repair.HDR
    elif picture.primaries not in NARROW:
        yield Repair.COLOURS
    if picture.depth != 8:
        yield Repair.DEPTH
    if picture.chroma != "4:2:0":
        yield Repair.CHROMA
    if picture.interlaced:
        yield Repair.INTERLACED
    if not picture.square:
        yield Repair.SHAPE
    if _size(picture) != (picture.width, picture.height) and not _is_within_the_rules(picture):
        yield Repair.SIZE
    if _rate(picture) is not None:
        yield Repair.RATE


def _is_within_the_rules(picture: MovingPicture) -> bool:
    """A picture that is larger than it is shown stays as it is, where Instagram takes it."""
    return picture.width <= LONG_SIDE and picture.width % 2 == picture.height % 2 == 0 and picture.height <= 2560


def _size(picture: MovingPicture) -> tuple[int, int]:
    """The size in which a story is shown at most, in even numbers."""
    long, short = max(picture.width, picture.height), min(picture.width, picture.height)
    scale = min(1.0, LONG_SIDE / long, SHORT_SIDE / short)
    return _even(picture.width * scale), _even(picture.height * scale)


def _even(pixels: float) -> int:
    return max(2, round(pixels / 2) * 2)


def _rate(picture: MovingPicture) -> Fraction | None:
    """Frames a second where they have to be others: each one shown as often, so that nothing stutters."""
    rate = Fraction(picture.rate).limit_denominator(1001)
    if rate <= 0:
        return Fraction(30)
    if rate > FASTEST + Fraction(RATE_SLACK):
        return FASTEST if rate % FASTEST == 0 or rate % 50 else Fraction(50)
    if rate >= SLOWEST - Fraction(RATE_SLACK):
        return None
    return Fraction(30) if picture.varies else rate * -(-SLOWEST // rate)


def _is_fit(sound: Sound) -> bool:
    return sound.codec == "AAC" and 0 < sound.hertz <= MOST_HERTZ and 0 < sound.channels <= MOST_CHANNELS


def changes(film: Film, made: FilmPlan) -> Iterator[str]:
    """Yield what a person would want to know of the film that was made, a few words each."""
    assert film.picture is not None
    yield from (repair.value for repair in Repair if repair in made.repairs)
    if film.picture.width > film.picture.height:
        yield "wider than high: Instagram shows it between bars"
