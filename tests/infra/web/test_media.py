"""Files of stories over real HTTP, on loopback: what a link shows, and what nobody gets without one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import anyio
import pytest
from yarl import URL

from infra.web.media import media_route
from infra.web.server import listen, serve
from tests.backends import BACKENDS, Backend
from tests.infra.web.vitals import FakeVitals

CONTENT = bytes(range(256)) * 1024
GOOD = "until=1&signature=good"
SHOWN = "ab/abc.mp4"


@dataclass
class FakeShelf:
    """A folder whose links are good if they say so."""

    folder: Path
    tried: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def opens(self, path: str, until: str, signature: str) -> bool:
        self.tried.append(path)
        return (until, signature) == ("1", "good")

    async def place(self, path: str) -> Path | None:
        self.asked.append(path)
        return self.folder / path if path == SHOWN else None

    def content_type(self, path: str) -> str:
        return "video/mp4" if path == SHOWN else ""


@dataclass(frozen=True)
class Reply:
    code: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Visitor:
    """Asks as Instagram does, or as somebody does who guesses."""

    session: aiohttp.ClientSession
    address: str

    async def ask(self, path: str, method: str = "GET", **headers: str) -> Reply:
        url = URL(f"{self.address}{path}", encoded=True)
        async with self.session.request(method, url, headers=headers) as reply:
            return Reply(reply.status, reply.headers, await reply.read())


@pytest.fixture
def anyio_backend() -> Backend:
    """The server is hypercorn's for asyncio."""
    return BACKENDS["uvloop"]()


@pytest.fixture
def shelf(tmp_path: Path) -> FakeShelf:
    (tmp_path / "ab").mkdir()
    (tmp_path / SHOWN).write_bytes(CONTENT)
    return FakeShelf(tmp_path)


@pytest.fixture
async def visitor(shelf: FakeShelf) -> AsyncIterator[Visitor]:
    stopping = anyio.Event()
    with listen("127.0.0.1", 0) as listener:
        async with anyio.create_task_group() as tasks, aiohttp.ClientSession() as session:
            tasks.start_soon(serve, FakeVitals(), listener, stopping, lambda: None, media_route(shelf))
            yield Visitor(session, f"http://127.0.0.1:{listener.getsockname()[1]}")
            stopping.set()


async def test_good_link_shows_the_whole_file(visitor: Visitor) -> None:
    reply = await visitor.ask(f"/media/{SHOWN}?{GOOD}")

    assert (reply.code, reply.body) == (200, CONTENT)
    assert reply.headers["content-type"] == "video/mp4"
    assert reply.headers["content-length"] == str(len(CONTENT))
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["cache-control"] == "private, no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_head_tells_of_the_file_without_it(visitor: Visitor) -> None:
    reply = await visitor.ask(f"/media/{SHOWN}?{GOOD}", "HEAD")

    assert (reply.code, reply.body) == (200, b"")
    assert reply.headers["content-length"] == str(len(CONTENT))


@pytest.mark.parametrize(
    ("wanted", "told", "part"),
    [
        ("bytes=0-0", "bytes 0-0/262144", CONTENT[:1]),
        ("bytes=100-299", "bytes 100-299/262144", CONTENT[100:300]),
        ("bytes=262000-", "bytes 262000-262143/262144", CONTENT[262000:]),
        ("bytes=-10", "bytes 262134-262143/262144", CONTENT[-10:]),
        ("bytes=70000-999999", "bytes 70000-262143/262144", CONTENT[70000:]),
    ],
)
async def test_part_of_the_file_can_be_had(visitor: Visitor, wanted: str, told: str, part: bytes) -> None:
    reply = await visitor.ask(f"/media/{SHOWN}?{GOOD}", Range=wanted)

    assert (reply.code, reply.body) == (206, part)
    assert reply.headers["content-range"] == told


async def test_part_beyond_the_end_is_refused(visitor: Visitor) -> None:
    reply = await visitor.ask(f"/media/{SHOWN}?{GOOD}", Range="bytes=262144-")

    assert (reply.code, reply.headers["content-range"]) == (416, "bytes */262144")


@pytest.mark.parametrize("query", ["", "?until=1", "?until=1&signature=bad", "?until=2&signature=good", "?until=%ff"])
@pytest.mark.parametrize("path", [SHOWN, "ab/none.mp4", "%2e%2e%2flink-secret", "%00", "%ff", ""])
async def test_without_a_good_link_nobody_learns_what_is_there(
    visitor: Visitor, shelf: FakeShelf, path: str, query: str
) -> None:
    reply = await visitor.ask(f"/media/{path}{query}")

    assert reply.code == 403
    assert shelf.asked == []


async def test_path_is_judged_as_it_will_be_used(visitor: Visitor, shelf: FakeShelf) -> None:
    await visitor.ask(f"/media/%2e%2e/%252e/x%20y?{GOOD}")

    assert shelf.tried == shelf.asked == ["../%2e/x y"]


@pytest.mark.parametrize("path", ["ab/none.mp4", "ab", "", "%2e%2e/link-secret", "%00"])
async def test_good_link_to_nothing_shows_nothing(visitor: Visitor, path: str) -> None:
    assert (await visitor.ask(f"/media/{path}?{GOOD}")).code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_changed_through_a_link(visitor: Visitor, method: str) -> None:
    assert (await visitor.ask(f"/media/{SHOWN}?{GOOD}", method)).code == 405


async def test_probes_stand_beside_the_files(visitor: Visitor) -> None:
    assert (await visitor.ask("/healthz")).code == 200
