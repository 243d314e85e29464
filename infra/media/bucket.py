"""The files of the stories in an S3-compatible bucket, each named after its content."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import gettempdir
from zlib import crc32

import obstore
from anyio import to_thread
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from actors.domain.item import Longer, Story
from actors.errors import Refused, Unreachable
from infra.media.cleaning import for_the_team, published, remember
from infra.media.making import Asked, Told, clean, make, work_folder
from infra.media.names import content_type, published_path, thumbnail_path
from infra.media.stored import Stored, unfitted
from infra.media.straight import fetch_straight

FETCHED = timedelta(minutes=10)  # a link that only we see
VALID = timedelta(hours=24)  # as long as one of Instagram's containers lives
SPREAD = timedelta(hours=1)
CONNECT_SECONDS, READ_SECONDS = 5, 20
RETRIES = 2  # each call of ours can be repeated: what is put under a name never changes
RETRY_SECONDS = 30
# Without a proxy of its own the client would look for one in the environment. Its `*` means names, and no addresses.
NO_PROXY, FOR_ALL = "http://127.0.0.1:9", "*,0.0.0.0/0,::/0"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the bucket is; without a `url` it is Amazon's own, without keys those of the machine are taken.

    Without a `proxy` it is reached straight, whatever the environment says: only the settings read that.
    """

    name: str
    url: str | None = None
    region: str = "us-east-1"
    key_id: str | None = None
    key: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)


class BucketMedia:
    """Fills ports.MediaSource, takes files in, and gives presigned links; its loop is asyncio's."""

    def __init__(self, bucket: Bucket, valid: timedelta = VALID) -> None:
        self._name = bucket.name
        self._proxy = bucket.proxy
        with _failures_told(bucket.name):
            self._store = _open(bucket)
        self._valid = valid
        self._bare: set[str] = set()  # published files that tell nothing, as far as this process knows

    async def shown(self, story: Story) -> bytes:
        """Return what goes live, or the picture itself of before pictures were fitted; `Refused` when it is missing."""
        content = await self._get(published_path(story.kind, story.path))
        if content is None:
            return await self.original(story)
        return await to_thread.run_sync(for_the_team, story.kind, content)

    async def thumbnail(self, story: Story) -> bytes | None:
        """Return a small picture of a film; None: it has none."""
        return await self._get(thumbnail_path(story.path))

    async def original(self, story: Story) -> bytes:
        """Return the uncompressed file without what it tells; `Refused` when it is missing."""
        content = await self._get(story.path)
        if content is None:
            raise Refused(f"the file of media {story.media_id} is missing")
        return await to_thread.run_sync(for_the_team, story.kind, content)

    async def take_in(
        self, path: Path, longer: Longer = Longer.REFUSED, told: Told = lambda _: None
    ) -> Sequence[Stored]:
        """Make a story of the file, or several of a long film, and keep it; the same content is kept once.

        Raises `Refused` with a sentence for the person who named it, `Unreachable` when the bucket cannot be used.
        """
        below = Path(gettempdir())
        try:
            await to_thread.run_sync(clean, below)
            with work_folder(below) as folder:
                taken = await make(Asked(path, folder, longer, told))
                for one in taken:
                    for name, made in one.files.items():
                        await self._put(name, await to_thread.run_sync(made.read_bytes))
        except OSError as error:
            raise Unreachable(f"{below} cannot be written to: {error.strerror}") from error
        return [one.stored for one in taken]

    async def check_and_store(self, path: Path) -> Stored:
        """Take in a file that becomes one story."""
        return (await self.take_in(path))[0]

    async def remove_strays(self, kept: Collection[str], before: datetime) -> tuple[int, int]:
        """Refuse: other programs may have files in the bucket, and a list of it is no right that we ask for."""
        del kept, before
        raise Refused(f"The files are in the bucket {self._name}: only its owner removes files there.")

    async def link(self, story: Story, name: str = "") -> str:
        """Return an address at which Instagram can fetch the story for a while; a missing file is the visitor's to say.

        Under another `name` it is another address: it is good for up to an hour less. Raises `Refused` for a
        file of which it cannot be said what it tells.
        """
        path = published_path(story.kind, story.path)
        if path not in self._bare:
            await self._make_bare(story, path)
            remember(path, self._bare)
        with _failures_told(self._name):
            return await obstore.sign_async(self._store, "GET", path, expires_in=_valid_for(self._valid, name))

    async def _make_bare(self, story: Story, path: str) -> None:
        """An earlier release may have left the place in it: then the file is put there anew, once."""
        content = await self._get(path)
        if content is None:
            return
        try:
            clean = await to_thread.run_sync(published, story.kind, content)
        except ValueError as error:
            raise unfitted(story) from error
        if clean != content:
            await self._put(path, clean)

    async def _get(self, path: str) -> bytes | None:
        with _failures_told(self._name):
            link = await obstore.sign_async(self._store, "GET", path, expires_in=FETCHED)
            code, content = await fetch_straight(link, self._proxy)
        if code == 404:
            return None
        if code in {401, 403}:
            raise Unreachable(f"the bucket {self._name} does not take our keys")
        if 300 <= code < 400:
            raise Unreachable(
                f"the bucket {self._name} is elsewhere: set AWS_REGION and AWS_ENDPOINT_URL to where it is"
            )
        if code != 200:
            raise Unreachable(f"the bucket {self._name} cannot be used just now")
        return content

    async def _put(self, path: str, content: bytes) -> None:
        kind = content_type(path)
        with _failures_told(self._name):
            await obstore.put_async(self._store, path, content, attributes={"Content-Type": kind}, use_multipart=False)


def _valid_for(valid: timedelta, name: str) -> timedelta:
    """All of a presigned address is signed, its time too: no query can be added to it."""
    spread = max(1, min(valid // 4, SPREAD) // timedelta(seconds=1))
    return valid - timedelta(seconds=crc32(name.encode()) % spread)


def _open(bucket: Bucket) -> S3Store:
    """What is not given is what obstore finds on the machine: the role of a container, an instance's own keys."""
    return S3Store(
        bucket.name,
        region=bucket.region,
        client_options={
            "allow_http": (bucket.url or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "read_timeout": timedelta(seconds=READ_SECONDS),
            "proxy_url": bucket.proxy or NO_PROXY,
            "proxy_excludes": "" if bucket.proxy else FOR_ALL,
        },
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        config={
            **({"endpoint": bucket.url} if bucket.url else {}),
            **({"access_key_id": bucket.key_id} if bucket.key_id else {}),
            **({"secret_access_key": bucket.key} if bucket.key else {}),
        },
    )


@contextmanager
def _failures_told(name: str) -> Iterator[None]:
    """Every call can be repeated, so a failure leaves nothing unknown; obstore's own texts name addresses: not told."""
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise Unreachable(f"the bucket {name} does not take our keys") from error
    except FileNotFoundError as error:
        raise Unreachable(f"there is no bucket {name}") from error
    except (BaseError, OSError) as error:
        raise Unreachable(f"the bucket {name} cannot be used just now") from error
