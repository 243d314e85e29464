"""One file over a presigned link, from the host that the link names and from no other.

A redirect is an answer here, and goes nowhere. Errors of aiohttp's hold the link, which is a key: none of them leaves
this module.
"""

from __future__ import annotations

import aiohttp
import anyio
from yarl import URL

CONNECT_SECONDS, READ_SECONDS = 5, 20
LARGEST_BYTES = 64 * 1024 * 1024  # more than any file that was taken in
RETRIES, PAUSE_SECONDS = 2, 0.2
NO_ANSWER = 599  # in the place of a code: there was no answer, or not to its end


async def fetch_straight(link: str, proxy: str | None) -> tuple[int, bytes]:
    """Return the code and the body, tried again where the other side stumbles; raises OSError without the link."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), proxy=proxy) as session:
        code, content = await _tried(session, link)
        for _ in range(RETRIES):
            if code < 500:
                break
            await anyio.sleep(PAUSE_SECONDS)
            code, content = await _tried(session, link)
    if code == NO_ANSWER:
        raise ConnectionError("no answer")
    return code, content


async def _tried(session: aiohttp.ClientSession, link: str) -> tuple[int, bytes]:
    try:
        async with session.get(URL(link, encoded=True), allow_redirects=False) as reply:
            content = bytearray()
            async for piece in reply.content.iter_any():
                content += piece
                if len(content) > LARGEST_BYTES:
                    return NO_ANSWER, b""
            return reply.status, bytes(content)
    except (aiohttp.ClientError, OSError):
        return NO_ANSWER, b""
