"""Files that may become stories, and files that may not."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from actors.domain.item import Dimensions, MediaKind, Story
from actors.errors import Refused, Unreachable
from infra.media.fitting import fit
from infra.media.links import SignedLinks
from infra.media.local import LocalMedia
from infra.media.names import published_path
from infra.media.stored import Stored
from tests.infra.media.films import FTYP, MDAT, FilmPlan, box, moov, real_film
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio


@pytest.fixture
def library(tmp_path: Path) -> LocalMedia:
    """An empty folder, not even made."""
    return LocalMedia(tmp_path / "media")


def picture(kind: str = "JPEG", size: tuple[int, int] = (90, 160)) -> bytes:
    content = BytesIO()
    Image.effect_noise(size, 64).convert("RGB").save(content, kind)
    return content.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def story(path: str) -> Story:
    return Story(3, MediaKind.PHOTO, path, "sunset.jpg", "Sunset", "")


def put(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def oddly_named(folder: Path) -> Path:
    """A file with a name of Latin-1, which is no UTF-8."""
    path = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.jpg"))
    path.write_bytes(picture())
    return path


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("name", "content", "ending"),
    [
        ("sunset.jpg", picture("JPEG"), "jpg"),
        ("sunset.png", picture("PNG"), "png"),
        ("sunset.webp", picture("WEBP"), "webp"),
        ("a name that lies.txt", picture("JPEG"), "jpg"),
    ],
)
async def test_file_is_known_by_its_content_and_kept_under_its_hash(
    library: LocalMedia, tmp_path: Path, name: str, content: bytes, ending: str
) -> None:
    stored = await library.check_and_store(put(tmp_path, name, content))

    digest = hashlib.sha256(content).hexdigest()
    path, size, notes = f"{digest[:2]}/{digest}.{ending}", Dimensions(1080, 1920), stored.notes
    assert stored == Stored(MediaKind.PHOTO, path, name, len(content), digest, size, notes)
    assert await library.original(story(stored.path)) == content


@pytest.mark.parametrize("ending", ["mp4", "mov"])
async def test_film_that_is_fit_is_wrapped_anew_and_is_its_own_original(
    library: LocalMedia, tmp_path: Path, ending: str
) -> None:
    stored = await library.check_and_store(put(tmp_path, f"film.{ending}", real_film(ending)))

    kept = Path(stored.path)
    assert files(tmp_path / "media") == [str(kept), str(kept.with_suffix(".thumbnail.jpg"))]
    assert (kept.name, stored.dimensions.width, stored.dimensions.height) == (f"{stored.sha256}.mp4", 64, 112)
    assert stored.dimensions.seconds == pytest.approx(3.2, abs=0.05)
    thumbnail = await library.thumbnail(story(stored.path))
    assert thumbnail is not None
    assert Image.open(BytesIO(thumbnail)).size == (64, 112)


async def test_same_content_is_kept_once(library: LocalMedia, tmp_path: Path) -> None:
    content = picture()

    first = await library.check_and_store(put(tmp_path, "a.jpg", content))
    second = await library.check_and_store(put(tmp_path, "b.jpg", content))

    assert (first.path, second.file_name) == (second.path, "b.jpg")
    assert files(tmp_path / "media") == [first.path, published_path(MediaKind.PHOTO, first.path)]


async def test_torn_copy_of_before_is_replaced(library: LocalMedia, tmp_path: Path) -> None:
    source = put(tmp_path, "a.jpg", picture())
    stored = await library.check_and_store(source)
    put(tmp_path / "media", stored.path, b"half")

    await library.check_and_store(source)

    assert await library.original(story(stored.path)) == source.read_bytes()


async def test_picture_is_kept_twice_as_it_was_and_fit_for_a_story(library: LocalMedia, tmp_path: Path) -> None:
    content = picture("PNG", (400, 300))

    stored = await library.check_and_store(put(tmp_path, "a.png", content))

    original, fitted = (tmp_path / "media" / path for path in files(tmp_path / "media"))
    assert await library.original(story(stored.path)) == original.read_bytes() == content
    assert fitted.name == f"{stored.sha256}.story.jpg"
    with Image.open(fitted) as shown:
        assert (shown.format, shown.size) == ("JPEG", (1080, 1920))


async def test_lost_copy_for_instagram_comes_back_when_the_file_is_added_again(
    library: LocalMedia, tmp_path: Path
) -> None:
    source = put(tmp_path, "a.jpg", picture())
    stored = await library.check_and_store(source)
    fitted = tmp_path / "media" / published_path(stored.kind, stored.path)
    fitted.unlink()

    await library.check_and_store(source)

    assert fitted.is_file()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"Dear team, here is a story", "is not a picture or film that can be read"),
        (b"GIF89a" + b"\0" * 40, "is broken"),
        (b"%PDF-1.7 " + b"x" * 40, "is not a picture or film"),
        (b"x", "is not a picture or film"),
        (b"\xff\xd8\xff\xe0 and then text", "is broken"),
        (picture("JPEG", (900, 1600))[:-4000], "is broken"),
        (picture("PNG", (90, 160))[:-400], "is broken"),
        (picture("WEBP", (90, 160))[:-400], "is broken"),
        (png_header(90, 160), "is broken"),
        (png_header(30_000, 30_000), "is too large: too many pixels, and a picture may have 210 million at most"),
        (png_header(14_000, 15_001), "14000 × 15001 pixels, and a picture may have 210 million at most"),
        (picture("PNG", (10, 201)), "is too narrow"),
        (FTYP.replace(b"isom", b"heic") + MDAT, "is broken"),
        (FTYP, "is broken"),
        (real_film()[:-1000], "is broken"),
    ],
)
async def test_unfit_file_is_refused_in_one_sentence(
    library: LocalMedia, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = put(tmp_path, "story.jpg", content)

    with pytest.raises(Refused) as refused:
        await library.check_and_store(path)

    assert str(refused.value).startswith(f"{path} ")
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")
    assert list((tmp_path / "media").iterdir()) == []


@pytest.mark.parametrize(
    ("head", "megabytes", "sentence"),
    [(picture(), 51, "a picture may have 50 MB"), (real_film(), 2049, "a film may have 2048 MB")],
)
async def test_too_large_file_is_refused_unread(
    library: LocalMedia, tmp_path: Path, head: bytes, megabytes: int, sentence: str
) -> None:
    path = put(tmp_path, "large", head)
    os.truncate(path, megabytes * 1024 * 1024)

    with pytest.raises(Refused, match=f"{megabytes}.0 MB, and {sentence}"):
        await library.check_and_store(path)


async def test_what_is_no_file_is_refused(library: LocalMedia, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(Refused, match="does not exist"):
        await library.check_and_store(tmp_path / "nothing.jpg")
    with pytest.raises(Refused, match="is a folder: name the files in it"):
        await library.check_and_store(tmp_path)
    with pytest.raises(Refused, match="is not a file"):
        await library.check_and_store(tmp_path / "pipe")
    with pytest.raises(Refused, match="cannot be read"):
        await library.check_and_store(tmp_path / ("n" * 300))


async def test_name_that_is_no_text_is_kept_readable(library: LocalMedia, tmp_path: Path) -> None:
    stored = await library.check_and_store(oddly_named(tmp_path))

    assert stored.file_name == "caf\N{REPLACEMENT CHARACTER}.jpg"


async def test_folder_that_cannot_be_written_is_our_own_fault(tmp_path: Path) -> None:
    source = put(tmp_path, "a.jpg", picture())

    with pytest.raises(Unreachable, match="cannot be written to"):
        await LocalMedia(source).check_and_store(source)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "aa/../../secret", "link"])
async def test_path_out_of_the_folder_is_not_read(library: LocalMedia, tmp_path: Path, path: str) -> None:
    put(tmp_path, "secret", b"secret")
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "link").symlink_to(tmp_path / "secret")

    with pytest.raises(Refused, match="leads out of the media folder"):
        await library.original(story(path))


@pytest.mark.parametrize("path", ["", ".", "aa/none.jpg", "nul\0.jpg"])
async def test_missing_file_is_refused(library: LocalMedia, tmp_path: Path, path: str) -> None:
    (tmp_path / "media").mkdir()

    with pytest.raises(Refused, match="media 3 is missing"):
        await library.original(story(path))


async def test_stories_that_are_not_out_yet_are_closed_to_others_of_the_machine(
    library: LocalMedia, tmp_path: Path
) -> None:
    await library.check_and_store(put(tmp_path, "sunset.jpg", picture()))

    kept = [tmp_path / "media", *(tmp_path / "media").rglob("*")]
    assert len(kept) == 4
    assert [path for path in kept if path.stat().st_mode & 0o077] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
async def test_what_root_takes_in_belongs_to_the_owner_of_the_folder(library: LocalMedia, tmp_path: Path) -> None:
    """The operator's command as root, the worker as another account: it has to read the story."""
    (tmp_path / "media").mkdir()
    os.chown(tmp_path / "media", 10001, 10001)

    await library.check_and_store(put(tmp_path, "sunset.jpg", picture()))

    assert {path.stat().st_uid for path in (tmp_path / "media").rglob("*")} == {10001}


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 2, 1, 12, tzinfo=UTC)


def with_remark(size: tuple[int, int]) -> bytes:
    content = BytesIO()
    Image.new("RGB", size).save(content, "JPEG", comment=b"52 deg 31")
    return content.getvalue()


async def test_published_copy_of_an_earlier_release_tells_nothing_once_there_is_a_link(tmp_path: Path) -> None:
    """It was published byte for byte if it was fit."""
    (tmp_path / "ab").mkdir()
    kept = put(tmp_path / "ab", "abc.story.jpg", with_remark((1080, 1920)))
    clip = put(tmp_path / "ab", "abc.mp4", FTYP + moov(FilmPlan(), box(b"udta", b"52 deg 31")) + MDAT)
    media = LocalMedia(tmp_path, SignedLinks("sixteen letters.", "https://stories.example.org", Noon()))

    await media.link(story("ab/abc.jpg"))
    await media.link(Story(3, MediaKind.VIDEO, "ab/abc.mp4", "film.mp4", "Film", ""))

    assert b"52 deg" not in kept.read_bytes() + clip.read_bytes()
    assert kept.read_bytes() == fit(with_remark((1080, 1920))).content
    assert files(tmp_path) == ["ab/abc.mp4", "ab/abc.story.jpg"]


async def test_copy_that_was_looked_at_is_not_looked_at_again(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    kept = put(tmp_path / "ab", "abc.story.jpg", picture())
    media = LocalMedia(tmp_path, SignedLinks("sixteen letters.", "https://stories.example.org", Noon()))
    await media.link(story("ab/abc.jpg"))
    kept.write_bytes(b"no picture")

    await media.link(story("ab/abc.jpg"))

    assert kept.read_bytes() == b"no picture"


async def test_copy_of_which_nobody_can_say_what_it_tells_is_not_published(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    put(tmp_path / "ab", "abc.story.jpg", b"no picture")
    media = LocalMedia(tmp_path, SignedLinks("sixteen letters.", "https://stories.example.org", Noon()))

    with pytest.raises(Refused, match=r"run `media add` with sunset\.jpg again"):
        await media.link(story("ab/abc.jpg"))


async def test_team_is_shown_a_picture_without_its_place_and_the_file_stays(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    kept = put(tmp_path / "ab", "abc.jpg", with_remark((90, 160)))

    shown = await LocalMedia(tmp_path).original(story("ab/abc.jpg"))

    assert b"52 deg" not in shown
    assert b"52 deg" in kept.read_bytes()


async def test_card_shows_the_copy_that_goes_live_and_original_the_file_itself(
    library: LocalMedia, tmp_path: Path
) -> None:
    content = picture("PNG", (400, 300))
    stored = await library.check_and_store(put(tmp_path, "a.png", content))

    shown, original = await library.shown(story(stored.path)), await library.original(story(stored.path))

    assert Image.open(BytesIO(shown)).size == (1080, 1920)
    assert Image.open(BytesIO(original)).size == (400, 300)


async def test_picture_of_before_pictures_were_fitted_is_shown_itself(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    put(tmp_path / "ab", "abc.png", picture("PNG", (400, 300)))

    shown = await LocalMedia(tmp_path).shown(story("ab/abc.png"))

    assert Image.open(BytesIO(shown)).size == (400, 300)


async def test_film_has_a_thumbnail_where_one_was_made(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    put(tmp_path / "ab", "abc.thumbnail.jpg", b"small")
    library = LocalMedia(tmp_path)

    assert await library.thumbnail(story("ab/abc.original.mov")) == b"small"
    assert await library.thumbnail(story("ab/other.mp4")) is None


async def test_files_of_no_story_are_removed_once_they_are_old_and_others_stay(
    library: LocalMedia, tmp_path: Path
) -> None:
    kept = await library.check_and_store(put(tmp_path, "a.png", picture("PNG")))
    stray = await library.check_and_store(put(tmp_path, "b.png", picture("PNG", (300, 200))))
    other = put(tmp_path / "media" / "..", "notes.txt", b"not ours")
    strays = [tmp_path / "media" / stray.path, tmp_path / "media" / published_path(stray.kind, stray.path)]
    size, first = sum(path.stat().st_size for path in strays), datetime(2000, 1, 1, tzinfo=UTC)

    young = await library.remove_strays([kept.path], first)
    old = await library.remove_strays([kept.path], datetime(2200, 1, 1, tzinfo=UTC))

    assert (young, old) == ((0, 0), (2, size))
    assert files(tmp_path / "media") == [kept.path, published_path(kept.kind, kept.path)]
    assert other.exists()
