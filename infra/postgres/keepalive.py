"""How soon we learn that the other end of a connection is gone."""

from __future__ import annotations

import socket
from typing import Any

import asyncpg

# Dead after 20 s of silence and three unanswered probes, or when what was sent is not acknowledged for 10 s. The names
# differ between systems; what one does not know keeps its default.
_OPTIONS = {
    "TCP_KEEPIDLE": 20,
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 10_000,
}


async def keep_alive(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Have the kernel watch the connection; asyncpg by itself sets no more than TCP_NODELAY."""
    driver: Any = connection
    link = driver._transport.get_extra_info("socket")  # noqa: SLF001 - the only way to the socket; held by a test
    if link.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if hasattr(socket, name):
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
