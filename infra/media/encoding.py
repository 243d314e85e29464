"""What ffmpeg is told: how to make a film that Instagram takes out of one that it does not. Pure.

The film that comes out is MP4 with its index in front, without edit lists, chapters, dates, places, or tracks of
sensors; H.264 and AAC where something has to be made new, otherwise the coded pictures and the sound as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from infra.media.films import BRIGHT, WRAPPED, FilmPlan, Repair
from infra.media.probe import Film, MovingPicture

MEGABYTE = 1024 * 1024
AIM_BYTES = 47 * MEGABYTE  # of 50: the encoder's buffer and the index come on top
BEST_BITS, BUFFER_SECONDS = 12_000_000, 1  # a second; beyond this no difference is seen in a story
SOUND_BITS = 128_000
QUALITY = "20"  # of x264's 0 to 51; lower is better
PRESET = "veryfast"
THREADS = "2"  # of decoder and encoder each: what a film needs in memory grows with them
PRIMARIES = {"BT.2020": "2020", "Display P3": "smpte432", "DCI P3": "smpte431"}
# Nothing but files, whatever a playlist or a reference within a film names.
READS = ("-protocol_whitelist", "file", "-format_whitelist", "mov,matroska,webm,avi,mpegts,mpeg,asf,ogg,flv,gif")
QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error", "-y")
PLAIN = ("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-write_tmcd", "0")
SHAPED = ("-movflags", "+faststart+negative_cts_offsets", "-use_editlist", "0", "-f", "mp4")
THUMBNAIL_PIXELS = 320
HD = 1280


def arguments(film: Film, plan: FilmPlan, source: str, made: str) -> list[str]:
    """Return ffmpeg's arguments for a film without faults."""
    assert film.picture is not None
    words = [*QUIET, "-progress", "pipe:1", "-stats_period", "0.2", *READS]
    if not plan.keeps_picture:
        words += ["-threads", THREADS]
    if Repair.CUT in plan.repairs and plan.cut.starts:
        words += ["-ss", f"{plan.cut.starts:.3f}"]
    words += ["-i", source, "-map", "0:V:0"]
    if film.sound is not None:
        words += ["-map", f"0:a:{film.sound.number}"]
    if Repair.CUT in plan.repairs:
        words += ["-t", f"{plan.cut.seconds:.3f}"]
    words += _picture(film.picture, plan)
    words += _sound(film, plan)
    return [*words, *PLAIN, *SHAPED, made]


def from_frames(size: tuple[int, int], rate: int, made: str) -> list[str]:
    """Return ffmpeg's arguments for frames that come by its standard input, three bytes a pixel."""
    width, height = size
    frames = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate}", "-i", "pipe:0"]
    colours = ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p", *_tagged()]
    words = [*QUIET, "-protocol_whitelist", "pipe,file", *frames]
    return [*words, *colours, *_x264(BEST_BITS, Fraction(rate)), *PLAIN, *SHAPED, made]


def thumbnail(source: str, seconds: float, made: str) -> list[str]:
    """Return ffmpeg's arguments for one picture of a film, of a moment in it."""
    side = THUMBNAIL_PIXELS
    small = f"scale='min({side},iw)':'min({side},ih)':force_original_aspect_ratio=decrease"
    moment = ["-ss", f"{min(1.0, seconds / 2):.3f}", *READS, "-i", source, "-frames:v", "1", "-map", "0:V:0"]
    return [
        *QUIET,
        *moment,
        "-vf",
        small,
        "-q:v",
        "4",
        "-map_metadata",
        "-1",
        "-fflags",
        "+bitexact",
        "-f",
        "mjpeg",
        made,
    ]


def _picture(picture: MovingPicture, plan: FilmPlan) -> list[str]:
    if plan.keeps_picture:
        return ["-c:v", "copy", "-tag:v", WRAPPED[picture.codec]]
    room = AIM_BYTES * 8 / (plan.cut.seconds + BUFFER_SECONDS) - SOUND_BITS * 1.2
    rate = plan.rate or Fraction(picture.rate).limit_denominator(1001) or Fraction(30)
    return ["-vf", ",".join(_filters(picture, plan)), *_tagged(), *_x264(min(BEST_BITS, int(room)), rate)]


def _x264(most_bits: int, rate: Fraction) -> list[str]:
    bound = ["-maxrate", f"{most_bits}", "-bufsize", f"{most_bits * BUFFER_SECONDS}"]
    how = ["-c:v", "libx264", "-preset", PRESET, "-crf", QUALITY, "-profile:v", "high", "-flags", "+cgop"]
    return [*how, "-threads", THREADS, "-g", f"{round(rate * 2)}", *bound]


def _tagged() -> list[str]:
    return ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]


def _filters(picture: MovingPicture, plan: FilmPlan) -> Iterator[str]:
    """Yield the steps in the order in which they cost least: fewer frames first, then fewer pixels."""
    if picture.interlaced:
        yield "bwdif=mode=send_frame"
    if plan.rate is not None:
        yield f"fps={plan.rate}"
    size = f"w={plan.width}:h={plan.height}"
    if picture.light in BRIGHT or Repair.COLOURS in plan.repairs:
        yield from _to_bt709(picture, size)
    else:
        yield f"scale={size}:flags=bicubic:in_color_matrix={_matrix(picture)}:out_color_matrix=bt709:out_range=tv"
    yield "setsar=1"
    yield "format=yuv420p"


def _matrix(picture: MovingPicture) -> str:
    """How its colours are coded; where nothing says it, players go by the size."""
    said = picture.matrix.startswith("BT.709") or (not picture.matrix and max(picture.width, picture.height) >= HD)
    return "bt709" if said else "bt601"


def _to_bt709(picture: MovingPicture, size: str) -> Iterator[str]:
    """Light made linear, lights of BT.709, and for HDR its range pressed into that of SDR; by what the film says."""
    light = BRIGHT.get(picture.light, "709")
    primaries = PRIMARIES.get(picture.primaries, "2020")
    matrix = "2020_ncl" if picture.matrix.startswith("BT.2020") or picture.light in BRIGHT else "709"
    yield f"zscale={size}:tin={light}:pin={primaries}:min={matrix}:t=linear:npl=100"
    yield "format=gbrpf32le"
    yield "zscale=p=709"
    if picture.light in BRIGHT:
        yield "tonemap=tonemap=hable:desat=0"
    yield "zscale=t=709:m=709:r=limited"


def _sound(film: Film, plan: FilmPlan) -> Sequence[str]:
    if film.sound is None:
        return ("-an",)
    if Repair.SOUND not in plan.repairs:
        return ("-c:a", "copy")
    hertz = min(max(film.sound.hertz, 32_000), 48_000) if film.sound.hertz else 48_000
    hertz = hertz if hertz in {32_000, 44_100, 48_000} else 48_000
    channels = 1 if film.sound.channels == 1 else 2
    return ("-c:a", "aac", "-b:a", f"{SOUND_BITS}", "-ac", f"{channels}", "-ar", f"{hertz}")
