"""Whether a link works, asked over real HTTP on loopback."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from actors.domain.item import MediaKind, Story
from actors.errors import PortError, Refused, Unreachable
from infra.media.reach import Reach
from tests.backends import BACKENDS, Backend

PHOTO = Story(3, MediaKind.PHOTO, "ab/abc.png", "sunset.png", "Sunset", "")
VIDEO = Story(4, MediaKind.VIDEO, "ab/abc.mp4", "film.mp4", "Film", "")


@pytest.fixture
def anyio_backend() -> Backend:
    """The client is one of asyncio."""
    return BACKENDS["uvloop"]()


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def film(request: web.Request) -> web.Response:
        assert request.headers["range"] == "bytes=0-0"
        return web.Response(status=206, body=b"f", content_type="video/mp4")

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>Welcome</html>", content_type="text/html")

    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["to"])

    async def round_about(_: web.Request) -> web.Response:
        raise web.HTTPFound("/round")

    app = web.Application()
    app.add_routes(
        [web.get("/film", film), web.get("/page", page), web.get("/moved", moved), web.get("/round", round_about)]
    )
    running = TestServer(app, host="127.0.0.1")
    async with running:
        yield running


def reach_of(link: str) -> Reach:
    async def made(_: Story) -> str:
        return link

    return Reach(made)


async def failure(link: str, story: Story = VIDEO) -> PortError:
    with pytest.raises(PortError) as raised:
        await reach_of(link)(story)
    return raised.value


async def test_link_that_shows_the_file_is_well(server: TestServer) -> None:
    await reach_of(str(server.make_url("/film")))(VIDEO)


async def test_link_to_something_else_is_refused(server: TestServer) -> None:
    wrong = await failure(str(server.make_url("/film")), PHOTO)
    page = await failure(str(server.make_url("/page")))
    missing = await failure(str(server.make_url("/none")))

    assert [type(error) for error in (wrong, page, missing)] == [Refused, Refused, Refused]
    assert "Something else" in str(page)
    assert "answers 404" in str(missing)


async def test_address_may_lead_on_within_its_own_host(server: TestServer) -> None:
    """A proxy in front may add a slash, or ask for HTTPS."""
    await reach_of(str(server.make_url("/moved?to=/film")))(VIDEO)


@pytest.mark.parametrize("way", ["http://localhost:1/film?signature=secret", "ftp://127.0.0.1/film", "//localhost:1/"])
async def test_no_other_host_is_asked_with_a_link(server: TestServer, way: str) -> None:
    """A link opens a story: an open redirect is not to hand it on. Nobody listens there, so asking would be told."""
    error = await failure(str(server.make_url("/moved").with_query(to=way)))

    assert isinstance(error, Refused)
    assert "another host" in str(error)
    assert "secret" not in "".join(traceback.format_exception(error))


async def test_address_that_leads_round_in_a_circle_is_refused(server: TestServer) -> None:
    error = await failure(str(server.make_url("/round")))

    assert "circle" in str(error)


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/media/x?signature=secret", "no address?signature=secret"])
async def test_link_that_leads_nowhere_is_told_without_the_link(link: str) -> None:
    error = await failure(link)

    assert isinstance(error, Unreachable)
    assert "secret" not in "".join(traceback.format_exception(error, chain=False))
    assert "secret" not in repr(error.__cause__)
