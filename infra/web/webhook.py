"""The address to which Telegram brings updates: who does not know the secret, or speaks nonsense, is counted.

https://core.telegram.org/bots/api#setwebhook
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from actors.ports import Receipt
from infra.web.seldom import RareLog

log = structlog.get_logger()

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name
BODY_SECONDS = 10.0
MOST_BYTES = 1024 * 1024  # an update is some kilobytes
AGAIN = {"retry-after": "2"}  # instead of Telegram's own pauses, which double

ReceiveUpdate: TypeAlias = Callable[[object], Awaitable[Receipt]]


class _Refusal(Exception):
    """The request is answered with this code, and nothing else becomes of it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code

    def write(self, count: int) -> None:
        """Write the line for so many of them."""
        log.warning("webhook.refused", code=self.code, reason=str(self), count=count)


def webhook_route(path: str, secret: str, take: ReceiveUpdate) -> Route:
    """POST of one update; 2xx only once it may be forgotten, else 503."""
    seldom = RareLog()

    async def webhook(request: Request) -> Response:
        try:
            _check_secret(request, secret)
            receipt = await take(_parse(await _read(request)))
            if receipt is Receipt.UNREADABLE:
                raise _Refusal(400, "no update_id")
        except _Refusal as refusal:
            seldom.note(str(refusal), refusal.write)
            return PlainTextResponse(f"{refusal}\n", refusal.code)
        return Response(status_code=200) if receipt is Receipt.DONE else Response(status_code=503, headers=AGAIN)

    return Route(path, webhook, methods=["POST"])


def _check_secret(request: Request, secret: str) -> None:
    given = request.headers.get(SECRET_HEADER, "")
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise _Refusal(401, "wrong secret")


async def _read(request: Request) -> bytes:
    """Read the body: no more of it than an update may have, and no longer than one may take."""
    body = bytearray()
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise _Refusal(413, "too large")
    except ClientDisconnect as error:
        raise _Refusal(400, "cut off") from error
    except TimeoutError as error:
        raise _Refusal(408, "too slow") from error
    return bytes(body)


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Refusal(400, "no JSON") from error
