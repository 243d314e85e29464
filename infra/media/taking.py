"""Takes a file in: tells what it is, and makes of it what goes live and what is kept. Blocks, as long as that takes.

It runs in the process of making.py, and nowhere else: what is read here may be made to hurt, and needs memory.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from actors.domain.item import Dimensions, Longer, MediaKind
from actors.errors import Refused
from infra.media import bare_films, encoding, ffmpeg
from infra.media.animations import Animation
from infra.media.films import MOST_BYTES, Cut, FilmPlan, changes, cuts, faults, plan
from infra.media.fitting import Fitted, fit
from infra.media.formats import BROKEN, Format, Unfit, broken, check_picture, check_size, recognise
from infra.media.names import ORIGINAL, published_path, thumbnail_path
from infra.media.probe import Film, look
from infra.media.stored import Stored, Taken, shown_path

HEAD_BYTES = 200
ENLARGED = 2  # times; beyond it a picture looks soft
BOXED = {Format.MP4, Format.MOV}


@dataclass(frozen=True, slots=True)
class Wish:
    """A file to take in, the empty folder for what is made, what a long film becomes, and who hears how far it is."""

    path: Path
    folder: Path
    longer: Longer = Longer.REFUSED
    told: Callable[[float], None] = lambda _: None
    typed: str | None = None

    @property
    def called(self) -> str:
        """How the person who named the file wrote it."""
        return self.typed or shown_path(self.path)

    @property
    def name(self) -> str:
        """What the file is called; a name that is no text as well as it can be: the database takes nothing else."""
        return os.fsencode(self.path.name).decode(errors="replace")

    def place(self, name: str) -> Path:
        """Return where a file of this name is made."""
        return self.folder / name


def take_in(wish: Wish) -> list[Taken]:
    """Make a story of a file, or several of a long film; raises `Refused` with a sentence for who named it."""
    try:
        found = _recognised(wish.path)
        if not found.pillow_name:
            return list(_films(wish, found))
        content = wish.path.read_bytes()
        if check_picture(found, content).frames > 1:
            return [_animation(wish, found, content)]
        return [_picture(wish, found, content)]
    except Unfit as unfit:
        raise Refused(f"{wish.called} {unfit}") from unfit
    except FileNotFoundError as error:
        raise Refused(f"{wish.called} does not exist.") from error
    except MemoryError as error:
        raise Refused(f"{wish.called} needs too much memory: make it smaller.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Refused(f"{wish.called} cannot be read: {why}.") from error


def _recognised(path: Path) -> Format:
    size = _size(path)
    with path.open("rb") as file:
        found = recognise(file.read(HEAD_BYTES))
    check_size(found, size)
    return found


def _size(path: Path) -> int:
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Unfit("is a folder: name the files in it.")
    if not stat.S_ISREG(found.st_mode):
        raise Unfit("is not a file.")
    if found.st_size == 0:
        raise Unfit("is empty.")
    return found.st_size


def _picture(wish: Wish, found: Format, content: bytes) -> Taken:
    try:
        fitted = fit(content)
        original, ending = _kept(found, content)
    except BROKEN as error:
        raise Unfit(broken(found)) from error
    digest = hashlib.sha256(content).hexdigest()
    path = _named(digest, ending)
    files = {path: wish.place("original"), published_path(MediaKind.PHOTO, path): wish.place("story")}
    wish.place("original").write_bytes(original)
    wish.place("story").write_bytes(fitted.content)
    size = Dimensions(fitted.width, fitted.height)
    return Taken(Stored(MediaKind.PHOTO, path, wish.name, len(content), digest, size, tuple(_said(fitted))), files)


def _said(fitted: Fitted) -> Iterator[str]:
    if fitted.enlarged > ENLARGED:
        yield f"enlarged {fitted.enlarged:.1f} times: it will look soft"


def _kept(found: Format, content: bytes) -> tuple[bytes, str]:
    """The original as it is kept; what few programs open is kept as PNG, with the same pixels."""
    if found not in {Format.TIFF, Format.BMP, Format.GIF}:
        return content, found.ending
    made = BytesIO()
    with Image.open(BytesIO(content), formats=[found.pillow_name]) as picture:
        profile = picture.info.get("icc_profile")
        picture.info.clear()
        if picture.mode == "CMYK":
            picture.save(made, "JPEG", quality=95, icc_profile=profile)
            return made.getvalue(), Format.JPEG.ending
        picture.save(made, "PNG", icc_profile=profile)
    return made.getvalue(), Format.PNG.ending


def _films(wish: Wish, found: Format) -> Iterator[Taken]:
    film = look(wish.path)
    if film is None:
        raise Unfit(broken(found))
    for fault in faults(film, wish.longer):
        raise Unfit(fault)
    assert film.seconds is not None
    whole = Cut(0.0, film.seconds)
    parts = cuts(film.seconds, wish.longer)
    original = _original(wish, found, film) if parts == (whole,) else None
    digest = _digest(original or wish.path)
    for number, part in enumerate(parts):
        chosen = plan(film, part)
        made = _made(wish, _Work(film, chosen, _share(wish.told, number, len(parts))), f"story{number}.mp4")
        of_part = digest if part == whole else _digest_of(digest, part)
        kept = None if chosen.keeps_picture else original  # the same pictures need not be kept twice
        yield _taken(wish, made, _Kept(of_part, kept, found.ending, tuple(changes(film, chosen))))


@dataclass(frozen=True, slots=True)
class _Work:
    film: Film
    plan: FilmPlan
    told: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Kept:
    """By which digest a film is called, what is kept of what was given, and what is told of it."""

    digest: str
    original: Path | None = None
    ending: str = "mp4"
    notes: tuple[str, ...] = ()


def _share(told: Callable[[float], None], number: int, of: int) -> Callable[[float], None]:
    return lambda done: told((number + done) / of)


def _original(wish: Wish, found: Format, film: Film) -> Path | None:
    """The film as it was given, but for what it tells; None if Telegram would not send it, or that cannot be said."""
    if found not in BOXED or film.size_bytes > MOST_BYTES:
        return None
    try:
        bare = bare_films.bare(wish.path.read_bytes())
    except ValueError:
        return None
    original = wish.place("original")
    original.write_bytes(bare)
    return original


def _made(wish: Wish, work: _Work, name: str) -> Path:
    made = wish.place(name)
    arguments = encoding.arguments(work.film, work.plan, str(wish.path.absolute()), str(made))
    try:
        ffmpeg.run(arguments, work.plan.cut.seconds, work.told)
    except ffmpeg.FfmpegFailed as error:
        raise Unfit(
            "cannot be made a film that Instagram takes: it is broken, or of a kind that is not read."
        ) from error
    if made.stat().st_size > MOST_BYTES:
        raise Unfit("is too large for a card even when it is made anew: cut it.")
    return made


def _animation(wish: Wish, found: Format, content: bytes) -> Taken:
    """A picture that moves becomes a film, which is its own original."""
    made = wish.place("story0.mp4")
    try:
        animation = Animation(content, found.pillow_name)
        ffmpeg.run_with_frames(encoding.from_frames(animation.size, animation.rate, str(made)), animation.frames())
    except (ffmpeg.FfmpegFailed, *BROKEN) as error:
        raise Unfit(broken(found)) from error
    return _taken(wish, made, _Kept(hashlib.sha256(content).hexdigest(), notes=("an animation made a film",)))


def _taken(wish: Wish, made: Path, kept: _Kept) -> Taken:
    size = _measured(made)
    assert size.seconds is not None
    if kept.original is None:
        path = _named(kept.digest, "mp4")
        files, given = {path: made}, made
    else:
        path = _named(kept.digest, f"{ORIGINAL[1:]}.{kept.ending}")
        files, given = {path: kept.original, published_path(MediaKind.VIDEO, path): made}, kept.original
    small = made.with_suffix(".jpg")
    ffmpeg.run(encoding.thumbnail(str(made), size.seconds, str(small)), size.seconds)
    stored = Stored(MediaKind.VIDEO, path, wish.name, given.stat().st_size, kept.digest, size, kept.notes)
    return Taken(stored, {**files, thumbnail_path(path): small})


def _measured(made: Path) -> Dimensions:
    film = look(made)
    if film is None or film.picture is None or film.seconds is None:
        raise Unfit("cannot be made a film that Instagram takes: it has no pictures that can be read.")
    return Dimensions(film.picture.width, film.picture.height, film.seconds)


def _named(digest: str, ending: str) -> str:
    return f"{digest[:2]}/{digest}.{ending}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(digest: str, part: Cut) -> str:
    """A part is a story of its own: the same part of the same file is the same story."""
    return hashlib.sha256(f"{digest} from {part.starts:.3f} for {part.seconds:.3f}".encode()).hexdigest()
