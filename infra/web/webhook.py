"""The address to which Telegram brings updates: who does not know the secret, or speaks nonsense, leaves a log line.

https://core.telegram.org/bots/api#setwebhook
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from actors.ports import Receipt

log = structlog.get_logger()

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the header's name
MOST_BYTES = 1024 * 1024  # an update is some kilobytes
AGAIN = {"retry-after": "2"}  # instead of Telegram's own pauses, which double

Take: TypeAlias = Callable[[object], Awaitable[Receipt]]


class _Refusal(Exception):
    """The request is answered with this code, and nothing else becomes of it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def webhook_route(path: str, secret: str, take: Take) -> Route:
    """POST of one update; 2xx only once it may be forgotten, else 503."""

    async def webhook(request: Request) -> Response:
        try:
            _check_secret(request, secret)
            receipt = await take(_parse(await _read(request)))
            if receipt is Receipt.UNREADABLE:
                raise _Refusal(400, "no update_id")
        except _Refusal as refusal:
            log.warning("webhook.refused", code=refusal.code, reason=str(refusal))
            return PlainTextResponse(f"{refusal}\n", refusal.code)
        return Response(status_code=200) if receipt is Receipt.DONE else Response(status_code=503, headers=AGAIN)

    return Route(path, webhook, methods=["POST"])


def _check_secret(request: Request, secret: str) -> None:
    given = request.headers.get(SECRET_HEADER, "")
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise _Refusal(401, "wrong secret")


async def _read(request: Request) -> bytes:
    """Read the body, and no more of it than an update may have."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise _Refusal(413, "too large")
    except ClientDisconnect as error:
        raise _Refusal(400, "cut off") from error
    return bytes(body)


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Refusal(400, "no JSON") from error
