"""Stories kept in a bucket, over real HTTP on loopback."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from yarl import URL

from actors.domain.item import Dimensions, MediaKind, Story
from actors.errors import Refused, Unreachable
from infra.media.bucket import Bucket, BucketMedia
from infra.media.names import published_path, thumbnail_path
from infra.media.stored import Stored
from tests.infra.media.bucket_server import BUCKET, KEY, KEY_ID, REGION, BucketServer, Kept, bucket_server
from tests.infra.media.films import real_film
from tests.kit.clock import on_either_asyncio

anyio_backend = on_either_asyncio


@pytest.fixture
async def server() -> AsyncIterator[BucketServer]:
    async with bucket_server() as running:
        yield running


@pytest.fixture
def bucket(server: BucketServer) -> Bucket:
    return Bucket(BUCKET, server.url, REGION, KEY_ID, KEY)


@pytest.fixture
def media(bucket: Bucket) -> BucketMedia:
    return BucketMedia(bucket)


def picture(folder: Path, name: str = "sunset.png") -> Path:
    Image.new("RGB", (400, 300), "red").save(folder / name)
    return folder / name


def story(stored: Stored) -> Story:
    return Story(3, stored.kind, stored.path, stored.file_name, "Sunset", "")


async def fetch(link: str, method: str = "GET") -> tuple[int, str, bytes]:
    async with aiohttp.ClientSession() as session, session.request(method, URL(link, encoded=True)) as reply:
        return reply.status, reply.content_type, await reply.read()


async def test_picture_is_kept_as_it_was_and_fit_for_a_story(
    media: BucketMedia, server: BucketServer, tmp_path: Path
) -> None:
    source = picture(tmp_path)

    stored = await media.check_and_store(source)

    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    kept, size = f"{digest[:2]}/{digest}.png", source.stat().st_size
    assert stored == Stored(MediaKind.PHOTO, kept, source.name, size, digest, Dimensions(1080, 1920), stored.notes)
    assert await media.original(story(stored)) == source.read_bytes()
    assert {name: kept.kind for name, kept in server.objects.items()} == {
        stored.path: "image/png",
        f"{digest[:2]}/{digest}.story.jpg": "image/jpeg",
    }


async def test_presigned_link_shows_instagram_the_fitted_picture(media: BucketMedia, tmp_path: Path) -> None:
    stored = await media.check_and_store(picture(tmp_path))

    code, kind, content = await fetch(await media.link(story(stored)))

    assert (code, kind) == (200, "image/jpeg")
    with Image.open(BytesIO(content)) as shown:
        assert shown.size == (1080, 1920)


async def test_presigned_link_shows_the_film_that_was_made(
    media: BucketMedia, server: BucketServer, tmp_path: Path
) -> None:
    source = tmp_path / "film.mov"
    source.write_bytes(real_film("mov"))
    stored = await media.check_and_store(source)

    code, kind, content = await fetch(await media.link(story(stored)))

    assert (code, kind, content) == (200, "video/mp4", server.objects[stored.path].content)
    assert await media.thumbnail(story(stored)) == server.objects[thumbnail_path(stored.path)].content


async def test_link_is_good_for_its_file_its_method_and_its_time(
    media: BucketMedia, server: BucketServer, tmp_path: Path
) -> None:
    stored = await media.check_and_store(picture(tmp_path))
    link = await media.link(story(stored))

    other = await fetch(link.replace(published_path(stored.kind, stored.path), stored.path))
    written = await fetch(link, "PUT")
    server.late = timedelta(hours=24, seconds=1)
    late = await fetch(link)

    assert (other[0], written[0], late[0]) == (403, 403, 403)


async def test_row_1_link_under_another_name_is_another_link_to_the_same_file(
    media: BucketMedia, tmp_path: Path
) -> None:
    """Instagram remembers a link that it could not fetch, also one of the same second."""
    asked = story(await media.check_and_store(picture(tmp_path)))
    links = [await media.link(asked, name) for name in ("", "1.7.1.1.1", "1.7.1.1.2")]

    assert len(set(links)) == 3
    assert [(await fetch(link))[0] for link in links] == [200] * 3


def with_remark() -> bytes:
    content = BytesIO()
    Image.new("RGB", (1080, 1920)).save(content, "JPEG", comment=b"52 deg 31")
    return content.getvalue()


async def test_copy_of_an_earlier_release_tells_nothing_to_the_team_nor_once_there_is_a_link(
    media: BucketMedia, server: BucketServer
) -> None:
    server.objects["ab/abc.story.jpg"] = server.objects["ab/abc.jpg"] = Kept(with_remark(), "image/jpeg")
    asked = Story(3, MediaKind.PHOTO, "ab/abc.jpg", "sunset.jpg", "Sunset", "")

    shown = await media.shown(asked)
    first, again = await fetch(await media.link(asked)), await fetch(await media.link(asked))

    assert b"52 deg" not in shown
    assert b"52 deg" not in first[2]
    assert first == again == (200, "image/jpeg", server.objects["ab/abc.story.jpg"].content)
    assert [line for line in server.asked if line.startswith("PUT")] == [f"PUT /{BUCKET}/ab/abc.story.jpg"]


async def test_file_is_read_from_the_bucket_and_from_no_host_that_it_names(
    media: BucketMedia, server: BucketServer
) -> None:
    """What stands elsewhere is nobody's story, and a key is shown to nobody else."""
    async with bucket_server() as other:
        other.objects["ab/abc.png"] = Kept(b"faked", "image/png")
        server.moved_to = other.url

        with pytest.raises(Unreachable, match="is elsewhere: set AWS_REGION and AWS_ENDPOINT_URL"):
            await media.original(Story(3, MediaKind.PHOTO, "ab/abc.png", "a.png", "A", ""))

        assert other.asked == []


async def test_file_that_could_not_be_read_at_once_is_asked_for_again(
    media: BucketMedia, server: BucketServer, tmp_path: Path
) -> None:
    source = picture(tmp_path)
    stored = await media.check_and_store(source)
    server.failures.extend([503, 500])

    assert await media.original(story(stored)) == source.read_bytes()


async def test_bucket_that_cannot_be_read_says_why_without_the_link(bucket: Bucket, server: BucketServer) -> None:
    asked = Story(3, MediaKind.PHOTO, "ab/abc.png", "a.png", "A", "")
    server.objects["ab/abc.png"] = Kept(b"content", "image/png")

    refused = await _failure_of_reading(replace(bucket, key="another key"), asked)
    server.failures.extend([500] * 3)
    broken = await _failure_of_reading(bucket, asked)
    away = await _failure_of_reading(replace(bucket, url="http://127.0.0.1:1"), asked)

    assert str(refused) == "the bucket stories does not take our keys"
    assert str(broken) == str(away) == "the bucket stories cannot be used just now"


async def _failure_of_reading(bucket: Bucket, asked: Story) -> Unreachable:
    with pytest.raises(Unreachable) as raised:
        await BucketMedia(bucket).original(asked)
    assert "Signature" not in "".join(traceback.format_exception(raised.value))
    return raised.value


async def test_missing_file_is_refused(media: BucketMedia) -> None:
    with pytest.raises(Refused, match="the file of media 3 is missing"):
        await media.original(Story(3, MediaKind.PHOTO, "ab/none.png", "none.png", "None", ""))


async def test_file_that_cannot_be_a_story_never_reaches_the_bucket(
    media: BucketMedia, server: BucketServer, tmp_path: Path
) -> None:
    source = tmp_path / "letter.jpg"
    source.write_text("Dear team, here is a story")

    with pytest.raises(Refused, match="is not a picture or film"):
        await media.check_and_store(source)
    assert server.asked == []


@pytest.mark.parametrize("code", [500, 503])
async def test_bucket_that_stumbles_once_is_asked_again(
    media: BucketMedia, server: BucketServer, tmp_path: Path, code: int
) -> None:
    server.failures.append(code)

    stored = await media.check_and_store(picture(tmp_path))

    assert len(server.objects) == 2
    assert server.asked[0] == server.asked[1] == f"PUT /{BUCKET}/{stored.path}"


async def test_bucket_that_cannot_be_used_says_why_without_addresses_and_keys(
    bucket: Bucket, server: BucketServer, tmp_path: Path
) -> None:
    source = picture(tmp_path)
    wrong = replace(bucket, key="another key")
    unknown = replace(bucket, name="elsewhere")
    server.objects["kept"] = Kept(b"content", "image/png")

    refused = await _failure(wrong, source)
    missing = await _failure(unknown, source)
    server.failures.extend([500] * 3)
    broken = await _failure(bucket, source)
    away = await _failure(replace(bucket, url="http://127.0.0.1:1"), source)

    assert str(refused) == "the bucket stories does not take our keys"
    assert str(missing) == "there is no bucket elsewhere"
    assert str(broken) == str(away) == "the bucket stories cannot be used just now"


async def _failure(bucket: Bucket, source: Path) -> Unreachable:
    with pytest.raises(Unreachable) as raised:
        await BucketMedia(bucket).check_and_store(source)
    assert "key" not in repr(bucket).replace("key_id", "")
    assert KEY not in "".join(traceback.format_exception(raised.value))
    return raised.value
