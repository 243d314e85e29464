"""One HTTP call to the Graph API; it knows whether a failed call can have left.

aiohttp's errors carry the URL, and a URL may carry a token. So no error of aiohttp's leaves this module, not even as
the cause or the context of another one.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from actors.publish.texts import SILENT
from infra.instagram import texts

CONNECT_SECONDS = 5.0
CONNECTIONS = 256  # more sagas than that wait for their turn, within the time for connecting
LARGEST_BODY = 4 * 1024 * 1024
TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")

# Raised before a connection was there. Anything else may have happened after the first byte had left.
NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.ClientHttpProxyError,  # the proxy did not let us through
)


class CallNotSent(Exception):
    """The call never left: no connection, or none in time."""


class AnswerBroken(Exception):
    """The call left, and no whole answer came."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One call. A form makes it a POST. The token travels in a header, which is not logged."""

    url: str
    token: str | None = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class GraphReply:
    """What came back, whatever it is."""

    code: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def is_token(text: str) -> bool:
    """Say whether a text can be sent as a token at all."""
    return TOKEN.fullmatch(text) is not None


def open_session() -> aiohttp.ClientSession:
    """Open what the calls go through.

    Each call has a connection of its own: one that was kept could be closed by the other side just now, and a publish
    on it would have an unknown end without need.
    """
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, force_close=True, ttl_dns_cache=60)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


async def call(session: aiohttp.ClientSession, ask: Ask, seconds: float, proxy: str | None = None) -> GraphReply:
    """Make one call within so many seconds; raises `CallNotSent` and `AnswerBroken`, which hold no URL."""
    if session.closed:
        raise CallNotSent(texts.STOPPING)
    try:
        return await _call(session, ask, seconds, proxy)
    except (aiohttp.ClientError, OSError) as error:  # asyncio's TimeoutError is an OSError
        failure = _failure(error)
    raise failure  # outside of the except: the error it stands for is not even its context


async def _call(session: aiohttp.ClientSession, ask: Ask, seconds: float, proxy: str | None) -> GraphReply:
    headers = {} if ask.token is None else {"Authorization": f"Bearer {ask.token}"}
    timeout = aiohttp.ClientTimeout(total=seconds, connect=min(CONNECT_SECONDS, seconds))
    async with session.request(
        "GET" if ask.form is None else "POST",
        ask.url,
        params=ask.query,
        data=ask.form,
        headers=headers,
        timeout=timeout,
        allow_redirects=False,
        proxy=proxy,
    ) as response:
        return GraphReply(response.status, await _body(response), response.headers)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise AnswerBroken(texts.ENDLESS)
    return bytes(body)


def _failure(error: Exception) -> Exception:
    if isinstance(error, NEVER_LEFT):
        return CallNotSent(texts.unreachable(_obstacle(error)))
    if isinstance(error, TimeoutError):
        return AnswerBroken(SILENT)
    return AnswerBroken(texts.BROKE)


def _obstacle(error: Exception) -> str:
    """Name what stood in the way of a connection."""
    match error:
        case aiohttp.ClientHttpProxyError():
            return texts.proxy_refused(error.status)
        case aiohttp.ClientProxyConnectionError():
            return texts.PROXY_SILENT
        case aiohttp.ClientConnectorDNSError():
            return texts.NO_NAME
        case aiohttp.ClientConnectorCertificateError():
            return texts.BAD_CERTIFICATE
        case aiohttp.ClientSSLError():
            return texts.NO_TLS
        case aiohttp.ConnectionTimeoutError():
            return texts.NO_CONNECTION_IN_TIME
        case aiohttp.InvalidURL():
            return texts.BAD_ADDRESS
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, ConnectionRefusedError):
            return texts.CONNECTION_REFUSED
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, socket.gaierror):
            return texts.NO_NAME
        case _:
            return texts.NO_CONNECTION
