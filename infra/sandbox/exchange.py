"""Requests read and answers written byte for byte as Telegram does, and connections broken."""

import json
import socket
import struct
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from infra.sandbox.arguments import Arguments, Upload
from infra.sandbox.rules import FILE_BYTES, BotApiError, bad_request

REQUEST_BYTES = FILE_BYTES + 1024 * 1024
HTML_ERROR = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
REASONS = {
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Unavailable",
    504: "504 Gateway Time-out",
}
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


async def read_arguments(request: web.Request) -> Arguments:
    """Read the values and files of a call from its query and its body."""
    values: dict[str, object] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type == "application/json":
        values |= _json_object(await request.text())
    elif request.can_read_body:
        try:
            form = await request.post()
        except web.HTTPRequestEntityTooLarge as error:
            raise BotApiError(413, "Request Entity Too Large") from error
        for name, value in form.items():
            if isinstance(value, FileField):
                uploads[name] = Upload(value.filename, value.content_type, value.file.read())
                value.file.close()
            else:
                values[name] = value if isinstance(value, str) else bytes(value).decode()
    return Arguments(values, uploads)


def envelope(result: Any) -> web.Response:
    """Put a result, or a refusal, into Telegram's envelope."""
    if not isinstance(result, BotApiError):
        return _json(200, {"ok": True, "result": result})
    refusal: dict[str, object] = {"ok": False, "error_code": result.code, "description": result.description}
    if result.parameters:
        refusal["parameters"] = result.parameters
    return _json(result.code, refusal)


def _json_object(body: str) -> dict[str, object]:
    try:
        values = json.loads(body) if body else {}
    except ValueError as error:
        raise bad_request("can't parse JSON object") from error
    if not isinstance(values, dict):
        raise bad_request("can't parse JSON object")
    return values


def _json(code: int, body: object) -> web.Response:
    return web.Response(body=json.dumps(body).encode(), content_type="application/json", status=code)


def html_error(code: int) -> web.Response:
    """Write the page of a proxy whose server is gone."""
    page = HTML_ERROR.format(REASONS.get(code, str(code)))
    return web.Response(text=page, content_type="text/html", status=code)


def reset(request: web.Request) -> web.Response:
    """Break the connection with a RST; what is returned goes nowhere."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        transport.abort()
    return web.Response()
