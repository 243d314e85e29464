"""HTTP/1.1 as the stand-in needs it: one request after the other on a connection, answered when it likes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import cast

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Connection(asyncio.Protocol):
    """One client's connection; `serve` gets each request's target and body, and answers whenever it wants."""

    def __init__(self, serve: Callable[[Connection, bytes, bytes], None]) -> None:
        self._serve = serve
        self._received = b""
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether somebody still listens."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class is not one by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody left."""
        del exc
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Serve what is complete."""
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        found = LENGTH.search(head)
        length = int(found[1]) if found else 0
        if len(rest) >= length:
            self._received = rest[length:]
            self._serve(self, head.split(b" ", 2)[1], rest[:length])

    def answer(self, body: bytes) -> None:
        """Send an answer, if anybody still waits for it."""
        if self._transport is not None:
            self._transport.write(HEAD % len(body) + body)
