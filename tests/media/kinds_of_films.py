"""Films as phones, cameras and editors write them, as small as they can be."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from actors.domain.item import Longer
from tests.media.kind import AAC, SMALL, TOLD, Kind, ffmpeg, film, pictures, silent, tone

X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-threads", "1")
SD = "log-level=none:pools=1"
BROKEN = "cannot be read as the film that it begins like: it is broken."
ANEW, AS_IT_IS = "H.264, made anew", "the same pictures"


def hevc(*how: object, parameters: str = "", size: str = "64x112") -> Callable[[Path], None]:
    return silent(*X265, "-x265-params", SD + parameters, *how, size=size)


def hdr(light: int, name: str, *how: object) -> Callable[[Path], None]:
    colours = ("-color_primaries", "bt2020", "-color_trc", name, "-colorspace", "bt2020nc")
    parameters = f":colorprim=9:transfer={light}:colormatrix=9"
    return hevc("-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", *colours, *how, parameters=parameters)


def again(path: Path, *how: object, after: tuple[object, ...] = (), before: tuple[object, ...] = ()) -> None:
    """Make a film, and wrap it anew in another way."""
    first = path.with_name(f"first{path.suffix}")
    film(*(after or (*SMALL, *AAC)))(first)
    ffmpeg(*before, "-i", first, "-c", "copy", *how, path)
    first.unlink()


def trimmed(path: Path) -> None:
    """Its first 0.9 s are there, and an edit list leaves them out."""
    first = path.with_name("first.mp4")
    film(*SMALL, *AAC, "-g", "300", seconds=4.6)(first)
    ffmpeg("-ss", "0.9", "-i", first, "-c", "copy", path)
    first.unlink()


def cut_short(path: Path, how: tuple[object, ...] = ()) -> None:
    film(*SMALL, *AAC, *how)(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def followed(path: Path) -> None:
    film()(path)
    path.write_bytes(path.read_bytes() + b"a trailer behind the end that is no box")


def without_length(path: Path) -> None:
    """The length in the film's head is 0, as live writers leave it."""
    film()(path)
    content = bytearray(path.read_bytes())
    at = content.index(b"mvhd")
    content[at + 20 : at + 24] = bytes(4)
    path.write_bytes(content)


FILMS = [
    Kind("H.264 and AAC with its index in front", "f.mp4", film(*SMALL, *AAC, "-movflags", "+faststart"), AS_IT_IS),
    Kind("index at the end, as cameras write it", "f.mp4", film(), AS_IT_IS),
    Kind("without sound", "f.mp4", silent(), AS_IT_IS),
    Kind("mono sound", "f.mp4", film(*SMALL, *AAC, "-ac", "1"), AS_IT_IS),
    Kind("MOV of a phone, HEVC hvc1", "f.mov", hevc("-pix_fmt", "yuv420p", "-tag:v", "hvc1"), AS_IT_IS),
    Kind("HEVC hev1", "f.mp4", hevc("-pix_fmt", "yuv420p", "-tag:v", "hev1"), "the same pictures, called hvc1"),
    Kind("HEVC of 10 bits, SDR", "f.mp4", hevc("-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"), ANEW),
    Kind("HDR of phones (HLG)", "f.mov", hdr(18, "arib-std-b67"), "H.264 in SDR, by zscale and tonemap"),
    Kind("HDR of cameras (PQ)", "f.mp4", hdr(16, "smpte2084"), "H.264 in SDR, by zscale and tonemap"),
    Kind("rotated by its matrix", "f.mp4", partial(again, before=("-display_rotation", "90")), AS_IT_IS),
    Kind(
        "iPhone 16: spatial sound beside AAC",
        "f.mp4",
        lambda path: ffmpeg(
            *pictures(),
            *tone(),
            *tone(),
            "-map",
            "0",
            "-map",
            "1",
            "-map",
            "2",
            *SMALL,
            "-c:a:0",
            "ac3",
            "-c:a:1",
            "aac",
            *TOLD,
            path,
        ),
        "the same pictures, the AAC sound",
    ),
    Kind("time code and other tracks", "f.mov", film(*SMALL, *AAC, "-timecode", "01:00:00:00"), AS_IT_IS),
    Kind("edit list that trims", "f.mp4", trimmed, ANEW),
    Kind("slow motion of 120 frames a second", "f.mp4", film(*SMALL, *AAC, rate=120), "H.264 at 60 frames a second"),
    Kind(
        "slow motion of 240 frames a second",
        "f.mp4",
        film(*SMALL, *AAC, rate=240),
        "H.264 at 60 frames a second",
        slow=True,
    ),
    Kind(
        "screen recording with varying rate, 30 on average",
        "f.mp4",
        silent("-vf", "setpts='(N+0.3*sin(N))/30/TB'", "-fps_mode", "vfr", *SMALL),
        AS_IT_IS,
    ),
    Kind(
        "screen recording that stands still",
        "f.mp4",
        silent("-vf", "select='lt(n,20)+gt(n,80)'", "-fps_mode", "vfr", *SMALL, seconds=3.6),
        "H.264 at 30 frames a second",
    ),
    Kind("1 frame a second", "f.mp4", silent(rate=1, seconds=4), "H.264 at 23 frames a second"),
    Kind("15 frames a second", "f.mp4", silent(rate=15), "H.264 at 30 frames a second"),
    Kind("22 frames a second", "f.mp4", silent(rate=22), "H.264 at 44 frames a second"),
    *(
        Kind(f"{rate} frames a second", "f.mp4", silent(rate=rate), AS_IT_IS, slow=True)
        for rate in ("24000/1001", "24", "25", "30000/1001", "50", "60000/1001", "60")
    ),
    Kind(
        "fragments without a length",
        "f.mp4",
        film(*SMALL, *AAC, "-g", "30", "-movflags", "frag_keyframe+empty_moov"),
        AS_IT_IS,
    ),
    Kind(
        "fragments whose head tells of the first alone",
        "f.mp4",
        film(*SMALL, *AAC, "-g", "30", "-movflags", "frag_keyframe"),
        AS_IT_IS,
    ),
    Kind(
        "90 s in fragments",
        "f.mp4",
        silent(*SMALL, "-g", "300", "-movflags", "frag_keyframe", size="16x28", seconds=90),
        refused="is too long: 90.0 s",
    ),
    Kind("no length in its head", "f.mp4", without_length, AS_IT_IS),
    Kind("H.264 4:2:2", "f.mov", film("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p", *AAC), ANEW),
    Kind(
        "H.264 4:2:2 of 10 bits and PCM",
        "f.mov",
        film("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"),
        ANEW,
    ),
    Kind("H.264 4:4:4", "f.mp4", silent("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p"), ANEW),
    Kind(
        "interlaced",
        "f.mp4",
        silent(
            "-vf",
            "tinterlace=interleave_top",
            "-c:v",
            "libx264",
            "-flags",
            "+ildct+ilme",
            "-x264opts",
            "tff=1",
            "-pix_fmt",
            "yuv420p",
            rate=60,
        ),
        "H.264, deinterlaced",
    ),
    Kind(
        "AV1 in MP4",
        "f.mp4",
        silent("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=1", "-pix_fmt", "yuv420p"),
        ANEW,
    ),
    Kind("VP9 in MP4", "f.mp4", silent("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"), ANEW),
    Kind(
        "WebM of a browser, named .mp4",
        "f.mp4",
        film("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus", "-f", "webm"),
        ANEW,
    ),
    Kind("3GP with H.263", "f.3gp", silent("-c:v", "h263", "-s", "176x144", "-f", "3gp"), ANEW),
    Kind("M4V", "f.m4v", film(*SMALL, *AAC, "-f", "ipod"), AS_IT_IS),
    Kind("PCM sound", "f.mov", film(*SMALL, "-c:a", "pcm_s16le"), "the same pictures, AAC"),
    Kind("AC-3 sound", "f.mp4", film(*SMALL, "-c:a", "ac3"), "the same pictures, AAC"),
    Kind("Opus sound", "f.mp4", film(*SMALL, "-c:a", "libopus"), "the same pictures, AAC"),
    Kind("MP3 sound", "f.mp4", film(*SMALL, "-c:a", "libmp3lame"), "the same pictures, AAC"),
    Kind("AAC of 6 channels", "f.mp4", film(*SMALL, *AAC, "-ac", "6"), "the same pictures, AAC of 2 channels"),
    Kind("AAC of 96 kHz", "f.mp4", film(*SMALL, *AAC, "-ar", "96000"), "the same pictures, AAC of 48 kHz"),
    Kind("2.8 s", "f.mp4", silent(seconds=2.8), refused="is too short: 2.8 s, and a story lasts 3 s at least."),
    Kind("3.0 s", "f.mp4", silent(seconds=3.0), AS_IT_IS),
    Kind("60.02 s", "f.mp4", silent(*SMALL, size="16x28", rate=50, seconds=60.02), AS_IT_IS, slow=True),
    Kind(
        "61 s",
        "f.mp4",
        silent(size="16x28", seconds=61),
        refused="is too long: 61.0 s, and a story lasts 60 s at most: add it with --first-minute as its first 60 s,",
    ),
    Kind(
        "61 s, its first minute",
        "f.mp4",
        silent(size="16x28", seconds=61),
        "its first 60 s",
        longer=Longer.FIRST_MINUTE,
    ),
    Kind(
        "90 s in parts",
        "f.mp4",
        silent(size="16x28", seconds=90),
        "two stories, of 60 and 30 s",
        longer=Longer.PARTS,
        stories=2,
    ),
    Kind(
        "odd size",
        "f.mp4",
        silent(
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv444p",
            "-vf",
            "crop=63:111:exact=1",
            size="66x114",
        ),
        "H.264 in even numbers",
    ),
    Kind("4K", "f.mp4", silent(size="2160x3840", rate=24, seconds=3), "H.264 of 1080 × 1920", slow=True),
    Kind(
        "over 25 Mbit/s",
        "f.mp4",
        silent("-vf", "noise=alls=90:allf=t", *SMALL, "-qp", "0", size="480x854"),
        "H.264 at 12 Mbit/s at most",
        slow=True,
    ),
    Kind(
        "over 50 MB",
        "f.mp4",
        silent("-vf", "noise=alls=90:allf=t", *SMALL, "-qp", "0", size="480x854", seconds=9),
        "H.264 within 50 MB",
        slow=True,
    ),
    Kind("wider than high", "f.mp4", silent(size="112x64"), AS_IT_IS),
    Kind(
        "narrower than 1:10",
        "f.mp4",
        silent(size="32x336"),
        refused="is too narrow: 32 × 336 pixels, and Instagram takes 1:10 at most.",
    ),
    Kind("pixels that are not square", "f.mp4", silent("-vf", "setsar=2/1", *SMALL), "H.264 with square pixels"),
    Kind("index in front, end missing", "f.mp4", partial(cut_short, how=("-movflags", "+faststart")), refused=BROKEN),
    Kind("a recording that crashed, without an index", "f.mp4", partial(cut_short), refused=BROKEN),
    Kind("a trailer behind the end", "f.mp4", followed, AS_IT_IS),
    Kind(
        "only sound",
        "f.mp4",
        lambda path: ffmpeg(*tone(), *AAC, path),
        refused="has no picture, only sound: a story needs one.",
    ),
    Kind(
        "a cover as second picture",
        "f.mp4",
        lambda path: ffmpeg(
            *pictures(),
            "-f",
            "lavfi",
            "-i",
            "color=red:s=64x64:d=1:r=1",
            "-map",
            "0",
            "-map",
            "1",
            *SMALL,
            "-c:v:1",
            "mjpeg",
            "-disposition:v:1",
            "attached_pic",
            *TOLD,
            path,
        ),
        AS_IT_IS,
    ),
    Kind("ProRes of an editor", "f.mov", film("-c:v", "prores_ks", "-c:a", "pcm_s16le"), ANEW),
    Kind("MKV", "f.mkv", film(), AS_IT_IS),
    Kind("AVI", "f.avi", film("-c:v", "mpeg4", "-c:a", "libmp3lame"), ANEW),
    Kind("MPEG transport stream", "f.ts", film(), AS_IT_IS),
    Kind(
        "sound that outlasts the picture by 2 s",
        "f.mp4",
        lambda path: ffmpeg(*pictures(), *tone(5.2), *SMALL, *AAC, *TOLD, path),
        AS_IT_IS,
    ),
]
