"""Whether a story's link works from outside: asked before anybody taps Auto Post."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp

from actors.errors import Refused, Unreachable
from actors.rules.item import Kind, Story

SECONDS = 10.0
FIRST_BYTE = {"range": "bytes=0-0"}  # not HEAD: a presigned link is good for one method
WANTED = {Kind.PHOTO: "image/", Kind.VIDEO: "video/"}


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
            code, kind = await _ask(link, self._proxy(link))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unreachable("The story's file cannot be reached at its public address.") from _bare(error)
        if code not in {200, 206}:
            raise Refused(f"The story's public address answers {code} instead of the file.")
        if not kind.startswith(WANTED[story.kind]):
            raise Refused("Something else than the story's file answers at its public address.")


async def _ask(link: str, proxy: str | None) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, proxy=proxy) as session,
        session.get(link, headers=FIRST_BYTE) as reply,
    ):
        return reply.status, reply.content_type


def _bare(error: Exception) -> Exception:
    """The same failure without its text, which may repeat the link."""
    return ConnectionError(type(error).__name__)
