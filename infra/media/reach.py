"""Whether a story's link works from outside: asked before a tap on Auto Post."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp
from yarl import URL

from actors.domain.item import MediaKind, Story
from actors.errors import Refused, Unreachable

SECONDS = 10.0
MOST_STEPS = 4
REDIRECTS = frozenset({301, 302, 303, 307, 308})
ELSEWHERE = (
    "The story's public address leads on to another host, or out of HTTPS, where its link is not taken: "
    "tell the operator to set the address at which the files themselves are."
)
FIRST_BYTE = {"range": "bytes=0-0"}  # not HEAD: a presigned link is good for one method
WANTED = {MediaKind.PHOTO: "image/", MediaKind.VIDEO: "video/"}


class Reach:
    """Fetches the first byte of a story over its public link, as Instagram would the whole of it."""

    def __init__(
        self, link: Callable[[Story], Awaitable[str]], proxy: Callable[[str], str | None] = lambda _: None
    ) -> None:
        self._link = link
        self._proxy = proxy

    async def __call__(self, story: Story) -> None:
        """Return if the file can be had; raises `Refused` or `Unreachable` with a sentence that holds no link."""
        link = await self._link(story)
        try:
            code, kind = await self._ask(link)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unreachable("The story's file cannot be reached at its public address.") from _bare(error)
        if code not in {200, 206}:
            raise Refused(f"The story's public address answers {code} instead of the file.")
        if not kind.startswith(WANTED[story.kind]):
            raise Refused("Something else than the story's file answers at its public address.")

    async def _ask(self, link: str) -> tuple[int, str]:
        """Go where the address leads, on its own host: a link is a key, and no other host is to be given it."""
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        here = URL(link)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            for _ in range(MOST_STEPS):
                proxy = self._proxy(str(here))
                async with session.get(here, headers=FIRST_BYTE, proxy=proxy, allow_redirects=False) as reply:
                    if reply.status not in REDIRECTS or "location" not in reply.headers:
                        return reply.status, reply.content_type
                    here = _next(here, reply.headers["location"])
        raise Refused("The story's public address leads round in a circle.")


def _next(here: URL, location: str) -> URL:
    there = here.join(URL(location))
    if there.host != here.host or there.scheme not in {here.scheme, "https"}:
        raise Refused(ELSEWHERE)
    return there


def _bare(error: Exception) -> Exception:
    """The same failure without its text, which may repeat the link."""
    return ConnectionError(type(error).__name__)
