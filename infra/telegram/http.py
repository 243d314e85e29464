"""python-telegram-bot's BaseRequest on aiohttp; it knows whether a failed call can have reached Telegram.

aiohttp's errors carry the URL, and Telegram's URLs carry the token. So no error of aiohttp's leaves this module, not
even as the cause of another one.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import aiohttp
from telegram.error import BadRequest, InvalidToken, NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from infra.telegram.uploads import Upload, UploadBody

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
WRITE_SECONDS = 10.0
UPLOADED_SECONDS = 60.0  # Telegram answers a large film some time after its last byte
# Its sender gives up much sooner what does not move: 50 MB take 14 minutes on a line of 0.5 Mbit/s.
LONGEST_UPLOAD_SECONDS = 1800.0
# Shorter than any proxy keeps an idle connection: a call on one that the other side just closed has an unknown end.
KEEP_ALIVE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 86_400.0  # JSON can hold an infinite one
CLASSIFIED = frozenset({400, 401, 403, 404, 409})  # python-telegram-bot has an exception for each

# Raised before a connection was there. Anything else may have happened after the first byte had left.
NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.ClientHttpProxyError,  # the proxy did not let us through
)

EDITS = ("/editMessageCaption", "/editMessageReplyMarkup")


class NotSent(NetworkError):
    """The call never left, or not to its end: no connection, none in time, or one that broke before."""


class PauseAsked(NetworkError):
    """Telegram did nothing and asks to wait; `seconds` is None if it named no time."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__("Too many requests")
        self.seconds = seconds


class AiohttpRequest(BaseRequest):
    """One pool of connections. Made for one event loop; `async with` opens and closes it."""

    def __init__(self, connections: int, proxy: str | None = None) -> None:
        self._connections = connections
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None
        self._date: tuple[datetime, float] | None = None

    @property
    def read_timeout(self) -> float:
        """How long an answer may take by default, in seconds."""
        return READ_SECONDS

    async def initialize(self) -> None:
        """Open the pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=60
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxy,
        )

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    async def do_request(  # noqa: PLR0913, PLR0917 - the signature is python-telegram-bot's
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = None,
        write_timeout: object = None,
        connect_timeout: object = None,
        pool_timeout: object = None,
    ) -> tuple[int, bytes]:
        """Make one call and return its HTTP code and body; raises only python-telegram-bot's errors and ours."""
        if self._session is None or self._session.closed:
            raise NotSent("The connections to Telegram are closed")
        upload = _upload(request_data)
        timeout = _timeout(
            connect=_seconds(connect_timeout, CONNECT_SECONDS) + _seconds(pool_timeout, 0),
            write=_seconds(write_timeout, WRITE_SECONDS if upload is None else LONGEST_UPLOAD_SECONDS),
            read=_seconds(read_timeout, READ_SECONDS if upload is None else UPLOADED_SECONDS),
        )
        try:
            async with self._session.request(
                method,
                url,
                timeout=timeout,
                allow_redirects=False,
                **_body(request_data),
            ) as response:
                self._note_date(response.headers.get("Date"))
                code, payload = response.status, await response.read()
        except (aiohttp.ClientError, OSError) as error:  # asyncio's TimeoutError is an OSError
            if upload is not None and upload.sending.kept_back:
                raise NotSent(f"The file did not get through: {type(error).__name__}") from None
            raise _failure(error) from None
        _refuse_what_ptb_mistakes(code, payload)
        return code, _without_message(url, payload)

    def seconds_since(self, moment: datetime) -> float | None:
        """How long ago this was by the other side's clock; None: it has not told its time."""
        if self._date is None:
            return None
        date, noted_at = self._date
        return (date - moment).total_seconds() + asyncio.get_running_loop().time() - noted_at

    def _note_date(self, header: str | None) -> None:
        with suppress(ValueError):
            date = parsedate_to_datetime(header or "")
            if date.tzinfo is not None:
                self._date = (date, asyncio.get_running_loop().time())

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read a reply without logging it, which the original does; TelegramError if it is no JSON object."""
        reply = _json(payload)
        if not isinstance(reply, dict):
            raise TelegramError("Invalid server response")
        return reply


@lru_cache(64)
def _timeout(connect: float, write: float, read: float) -> aiohttp.ClientTimeout:
    # aiohttp has no limit for writing: a peer that stops reading is caught by the total.
    return aiohttp.ClientTimeout(total=connect + write + read, connect=connect, sock_read=read)


def _seconds(given: object, default: float) -> float:
    return float(given) if isinstance(given, int | float) else default


def _body(request_data: RequestData | None) -> dict[str, Any]:
    """The arguments by which aiohttp sends these parameters."""
    if request_data is None:
        return {"skip_auto_headers": ["Content-Type"]}  # it would name a body
    if not request_data.contains_files:
        return {"data": request_data.json_payload, "headers": {"Content-Type": "application/json"}}
    # Telegram's parser wants the file's name as it is, not quoted.
    form = aiohttp.FormData(quote_fields=False)
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    # A file that is seen to move goes last: while its end is kept back, Telegram cannot have the whole request.
    parts = sorted(request_data.multipart_data.items(), key=lambda part: isinstance(part[1][1], Upload))
    for name, (file_name, content, content_type) in parts:
        body = UploadBody(content, content_type) if isinstance(content, Upload) else content
        form.add_field(name, body, filename=file_name, content_type=content_type)
    return {"data": form}


def _upload(request_data: RequestData | None) -> Upload | None:
    """The file that these parameters have with them."""
    if request_data is None or not request_data.contains_files:
        return None
    return next(
        (content for _, content, _ in request_data.multipart_data.values() if isinstance(content, Upload)), None
    )


def _without_message(url: str, payload: bytes) -> bytes:
    """Put `true` for the message that an edit returns, as Telegram does itself for inline ones.

    It is not read, and parsing it would take a third of the whole call. A body that cannot be read stays as it is.
    """
    if not url.endswith(EDITS):
        return payload
    match _json(payload):
        case {"ok": True, "result": _}:
            return b'{"ok":true,"result":true}'
        case _:
            return payload


def _failure(error: Exception) -> NetworkError:
    name = type(error).__name__
    if isinstance(error, NEVER_LEFT):
        return NotSent(f"No connection to Telegram: {name}")
    if isinstance(error, TimeoutError):
        return TimedOut(f"Telegram did not answer in time: {name}")
    return NetworkError(f"The connection to Telegram broke: {name}")


def _refuse_what_ptb_mistakes(code: int, payload: bytes) -> None:
    """Classify what python-telegram-bot makes a plain NetworkError of, although nothing happened."""
    if code == 429 or (code >= 400 and b'"retry_after"' in payload):
        raise PauseAsked(_retry_after(_json(payload)))
    if code == 421:  # a Bot API server that serves other tokens
        raise InvalidToken(_description(payload) or "Misdirected Request")
    if 300 <= code < 500 and code not in CLASSIFIED:
        raise BadRequest(_description(payload) or f"HTTP {code}")


def _retry_after(reply: object) -> float | None:
    match reply:
        case {"parameters": {"retry_after": int() | float() as seconds}} if seconds > 0:
            return float(min(seconds, LONGEST_PAUSE_SECONDS))
        case _:
            return None


def _description(payload: bytes) -> str | None:
    match _json(payload):
        case {"description": str() as words}:
            return words
        case _:
            return None


def _json(payload: bytes) -> object:
    try:
        return json.loads(payload.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
