"""Requests read and answers written byte for byte as Telegram does, and connections broken."""

import asyncio
import json
import socket
import struct
from typing import Any

from aiohttp import BodyPartReader, web

from infra.sandbox.telegram.arguments import Arguments, ReceivedFile
from infra.sandbox.telegram.rules import FILE_BYTES, BotApiError, bad_request

REQUEST_BYTES = FILE_BYTES + 1024 * 1024
PIECE_BYTES = 16_384
SLOW_LINE_BYTES = 65_536
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


async def read_arguments(request: web.Request, bytes_per_second: int | None = None) -> Arguments:
    """Read the values and files of a call from its query and its body, files as fast as the line is.

    Raises ConnectionError if the body ends before its end.
    """
    values: dict[str, object] = dict(request.query)
    uploads: dict[str, ReceivedFile] = {}
    if request.content_type == "application/json":
        values |= _json_object(await request.text())
    elif request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            content = await _read_part(request, part, bytes_per_second)
            if part.filename:
                kind = part.headers.get("Content-Type", "application/octet-stream")
                uploads[part.name or ""] = ReceivedFile(part.filename, kind, content)
            else:
                values[part.name or ""] = content.decode()
    elif request.can_read_body:
        values |= {name: str(value) for name, value in (await request.post()).items()}
    return Arguments(values, uploads)


def envelope(result: Any) -> web.Response:
    """Put a result, or a refusal, into Telegram's envelope."""
    if not isinstance(result, BotApiError):
        return _json(200, {"ok": True, "result": result})
    refusal: dict[str, object] = {"ok": False, "error_code": result.code, "description": result.description}
    if result.parameters:
        refusal["parameters"] = result.parameters
    response = _json(result.code, refusal)
    if "retry_after" in result.parameters:
        response.headers["Retry-After"] = str(result.parameters["retry_after"])
    return response


async def _read_part(request: web.Request, part: BodyPartReader, bytes_per_second: int | None) -> bytes:
    content = bytearray()
    if bytes_per_second is not None and request.transport is not None:
        # What waits in the kernel has left the line already, as its sender sees it.
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_LINE_BYTES)
    loop = asyncio.get_running_loop()
    began = loop.time()
    while piece := await part.read_chunk(PIECE_BYTES):
        content += piece
        if request.content.total_bytes > REQUEST_BYTES:
            raise BotApiError(413, "Request Entity Too Large")
        if request.transport is None:
            raise ConnectionResetError
        if bytes_per_second is not None:
            await asyncio.sleep(began + len(content) / bytes_per_second - loop.time())
    return bytes(content)


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
