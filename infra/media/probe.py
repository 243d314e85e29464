"""What is in a film, by MediaInfo: nothing is guessed from its name, and nothing is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymediainfo import MediaInfo

MOST_BOXES = 10_000  # a minute in fragments of 50 ms has 2,400
QUARTER_TURNS = {90, 270}
INTERLACED = {"Interlaced", "MBAFF", "PAFF"}


@dataclass(frozen=True, slots=True)
class MovingPicture:
    """A film's moving picture.

    `width` and `height` are pixels as they are seen: upright, and square. `rate` is in frames a second, over the whole
    film. `trimmed`: an edit list leaves out some of its frames. `light` is how brightness is coded (HLG, PQ, BT.709 …),
    `primaries` which red, green and blue are meant; an empty word: not said.
    """

    codec: str
    tag: str
    width: int
    height: int
    rate: float
    depth: int = 8
    chroma: str = "4:2:0"
    interlaced: bool = False
    square: bool = True
    turned: bool = False
    trimmed: bool = False
    varies: bool = False
    light: str = ""
    primaries: str = ""
    matrix: str = ""


@dataclass(frozen=True, slots=True)
class Sound:
    """One track of sound; `number` counts the tracks of sound from 0, `hertz` is the sampling rate."""

    codec: str
    channels: int
    hertz: int
    number: int = 0


@dataclass(frozen=True, slots=True)
class Film:
    """A film; `seconds` is None where nothing says how long it is, `sound` the track that is to be heard."""

    container: str
    size_bytes: int
    seconds: float | None
    picture: MovingPicture | None
    sound: Sound | None = None


def look(path: Path) -> Film | None:
    """Read what a file says of itself; None if it is no film, or a broken one. Blocks."""
    found = MediaInfo.parse(path)
    whole = next((track for track in found.tracks if track.track_type == "General"), None)
    if whole is None or not whole.format or (whole.istruncated == "Yes" and not _is_followed(path)):
        return None
    pictures = [_picture(track) for track in found.video_tracks if track.width and track.height]
    sounds = [_sound(number, track) for number, track in enumerate(found.audio_tracks)]
    if not pictures and not sounds:
        return None
    seconds = _number(found.video_tracks[0].duration if pictures else None) or _number(whole.duration)
    return Film(
        whole.format,
        path.stat().st_size,
        seconds / 1000 if seconds else None,
        pictures[0] if pictures else None,
        # Some phones write a second track of spatial sound beside the AAC one.
        next((sound for sound in sounds if sound.codec == "AAC"), sounds[0] if sounds else None),
    )


def _is_followed(path: Path) -> bool:
    """Say whether all boxes of a film are there, and behind them something that is none: phones append things."""
    names: set[bytes] = set()
    end = path.stat().st_size
    with path.open("rb") as file:
        for _ in range(MOST_BOXES):
            if file.tell() >= end:
                break
            start = file.tell()
            size, name = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
            if size == 1:
                (size,) = struct.unpack(">Q", file.read(8).ljust(8, b"\0"))
            if size < 8 or start + size > end:
                return {b"moov", b"mdat"} <= names and name not in {b"moov", b"mdat", b"moof"}
            names.add(name)
            file.seek(start + size)
    return {b"moov", b"mdat"} <= names


def _picture(track: Any) -> MovingPicture:
    width, height = int(track.width), int(track.height)
    shape = _number(track.pixel_aspect_ratio) or 1.0
    turn = round(_number(track.rotation)) % 360
    if abs(shape - 1) > 0.001:
        width = round(width * shape)
    if turn in QUARTER_TURNS:
        width, height = height, width
    return MovingPicture(
        codec=str(track.format or ""),
        tag=str(track.codec_id or ""),
        width=width,
        height=height,
        rate=_number(track.frame_rate),
        depth=int(_number(track.bit_depth) or 8),
        chroma=str(track.chroma_subsampling or "4:2:0"),
        interlaced=track.scan_type in INTERLACED,
        square=abs(shape - 1) <= 0.001,
        turned=turn != 0,
        trimmed=_number(track.source_delay) < 0,
        varies=track.frame_rate_mode == "VFR",
        light=str(track.transfer_characteristics or ""),
        primaries=str(track.color_primaries or ""),
        matrix=str(track.matrix_coefficients or ""),
    )


def _sound(number: int, track: Any) -> Sound:
    extra = str(track.format_additionalfeatures or "")
    codec = f"{track.format or ''}"
    # HE-AAC counts the lower rate, xHE-AAC is another codec under the same name.
    if codec == "AAC" and extra and not extra.startswith(("LC", "SBR", "PS")):
        codec = f"AAC {extra}"
    return Sound(codec, int(_number(track.channel_s) or 0), int(_number(track.sampling_rate) or 0), number)


def _number(value: Any) -> float:
    """A number among MediaInfo's words; 0 where there is none, the last of several."""
    try:
        return float(str(value if value is not None else 0).split(" / ")[-1])
    except ValueError:
        return 0.0
