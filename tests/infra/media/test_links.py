"""Links that open one file for a while, and the secret behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from PIL import Image

from actors.domain.item import MediaKind, Story
from actors.errors import Refused, Unreachable
from infra.media.links import SignedLinks
from infra.media.local import LocalMedia
from infra.media.secret import NAME, kept_secret
from tests.infra.media.films import film
from tests.kit.clock import on_asyncio

anyio_backend = on_asyncio

PUBLIC_URL = "https://stories.example.org/everytap"


@dataclass
class SetClock:
    """A wall clock that stands still until it is set."""

    time: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def links(clock: SetClock) -> SignedLinks:
    return SignedLinks("a secret of the tests", PUBLIC_URL, clock, timedelta(hours=1))


def parts(link: str) -> tuple[str, str, str]:
    """Path, time and signature, as our web server reads them."""
    url = urlsplit(link)
    asked = parse_qs(url.query)
    return unquote(url.path).removeprefix("/everytap/media/"), asked["until"][0], asked["signature"][0]


def story(kind: MediaKind = MediaKind.PHOTO, path: str = "ab/abc.png") -> Story:
    return Story(3, kind, path, "sunset.png", "Sunset", "")


@pytest.mark.parametrize("path", ["ab/abc.story.jpg", "ab/abc.mp4", "odd name/ü?&#%2e.jpg"])
def test_link_opens_its_own_file(links: SignedLinks, path: str) -> None:
    link = links.link(path)

    assert parts(link)[0] == path
    assert links.opens(*parts(link))
    assert link.isascii()
    assert link.startswith(f"{PUBLIC_URL}/media/")


def test_row_1_link_under_another_name_is_another_link_to_the_same_file(links: SignedLinks) -> None:
    """Instagram remembers a link that it could not fetch, also one of the same second."""
    named = [links.link("ab/abc.mp4", name) for name in ("1.7.1.1.1", "1.7.1.1.2", "a b&c#d")]

    assert len({*named, links.link("ab/abc.mp4")}) == 4
    assert all(links.opens(*parts(link)) for link in named)
    assert all(link.isascii() for link in named)


@pytest.mark.parametrize(("seconds", "open_still"), [(0, True), (3599, True), (3600, False), (90_000, False)])
def test_link_opens_until_its_time_has_passed(
    links: SignedLinks, clock: SetClock, seconds: int, open_still: bool
) -> None:
    link = links.link("ab/abc.mp4")
    clock.time += timedelta(seconds=seconds)

    assert links.opens(*parts(link)) is open_still


@pytest.mark.parametrize(
    "path", ["ab/other.mp4", "ab/abc.mp", "../ab/abc.mp4", "ab//abc.mp4", "", "ab/abc.mp4\n", "\ud800"]
)
def test_signature_opens_no_other_file(links: SignedLinks, path: str) -> None:
    _, until, signature = parts(links.link("ab/abc.mp4"))

    assert not links.opens(path, until, signature)


@pytest.mark.parametrize("until", ["9999999999", "", "-1", "١٧٧٢٣٧٠٠٠٠", "1e12", "nan", "9" * 400, "\ud800"])
def test_time_cannot_be_put_off(links: SignedLinks, until: str) -> None:
    path, _, signature = parts(links.link("ab/abc.mp4"))

    assert not links.opens(path, until, signature)


@pytest.mark.parametrize("signature", ["", "A" * 43, "ü", "\ud800", "\0"])
def test_forged_signature_opens_nothing(links: SignedLinks, signature: str) -> None:
    path, until, _ = parts(links.link("ab/abc.mp4"))

    assert not links.opens(path, until, signature)


def test_time_and_path_cannot_trade_places(links: SignedLinks) -> None:
    """What is signed is one text; moving the border inside it must not make another pair of the same text."""
    path, until, signature = parts(links.link("1\nab/abc.mp4"))

    assert not links.opens(path.removeprefix("1\n"), f"{until}\n1", signature)


def test_other_secret_opens_nothing(links: SignedLinks, clock: SetClock) -> None:
    other = SignedLinks("another secret", PUBLIC_URL, clock)

    assert not other.opens(*parts(links.link("ab/abc.mp4")))


def picture() -> bytes:
    content = BytesIO()
    Image.new("RGB", (9, 16)).save(content, "JPEG")
    return content.getvalue()


@pytest.mark.parametrize(
    ("asked", "given"),
    [(story(), "ab/abc.story.jpg"), (story(MediaKind.VIDEO, "ab/abc.mov"), "ab/abc.mov")],
)
async def test_instagram_is_given_a_video_itself_and_of_a_picture_its_fitted_copy(
    links: SignedLinks, tmp_path: Path, asked: Story, given: str
) -> None:
    (tmp_path / "ab").mkdir()
    (tmp_path / given).write_bytes(film() if asked.kind is MediaKind.VIDEO else picture())
    media = LocalMedia(tmp_path, links)

    link = await media.link(asked)

    assert media.opens(*parts(link))
    assert await media.place(parts(link)[0]) == (tmp_path / given).resolve()


async def test_story_without_a_file_for_instagram_says_what_to_do(links: SignedLinks, tmp_path: Path) -> None:
    """It was taken in before pictures were fitted."""
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "abc.png").write_bytes(b"content")

    with pytest.raises(Refused, match=r"Media 3 has no file .*: run `media add` with sunset\.png again\.$"):
        await LocalMedia(tmp_path, links).link(story())


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "ab/../../secret", "link", "ab", "", "nul\0", "n" * 300])
async def test_only_files_of_the_folder_are_found(links: SignedLinks, tmp_path: Path, path: str) -> None:
    """A signature is the first fence, this is the second."""
    folder = tmp_path / "media"
    (folder / "ab").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")

    assert await LocalMedia(folder, links).place(path) is None


async def test_without_an_address_there_are_no_links(tmp_path: Path) -> None:
    media = LocalMedia(tmp_path)

    with pytest.raises(Refused, match="the operator has to set PUBLIC_URL"):
        await media.link(story())
    assert not media.opens("ab/abc.png", "9999999999", "")


def test_secret_is_made_once_and_readable_to_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    first, second = kept_secret(folder), kept_secret(folder)

    assert first == second
    assert len(first) >= 40
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_secrets_of_two_folders_differ(tmp_path: Path) -> None:
    assert kept_secret(tmp_path / "one") != kept_secret(tmp_path / "two")


def test_secret_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / NAME).write_bytes(b"\xff")

    with pytest.raises(Unreachable, match="set LINK_SECRET instead"):
        kept_secret(tmp_path / "file")
    with pytest.raises(Unreachable, match="it is no text"):
        kept_secret(tmp_path)


@pytest.mark.parametrize("secret", ["", "\n", "fifteen letters"])
def test_secret_that_is_guessed_at_once_is_refused(tmp_path: Path, secret: str) -> None:
    (tmp_path / NAME).touch(0o600)
    (tmp_path / NAME).write_text(secret, encoding="ascii")

    with pytest.raises(Unreachable, match="too short"):
        kept_secret(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    kept_secret(tmp_path)
    (tmp_path / NAME).chmod(mode)

    with pytest.raises(Unreachable, match="may be read by others"):
        kept_secret(tmp_path)
