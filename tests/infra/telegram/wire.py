"""A server that fails in one given way, byte for byte, and counts who connected."""

import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from anyio import create_task_group, create_tcp_listener
from anyio.abc import SocketAttribute, SocketStream

Answer = Callable[[SocketStream], Awaitable[None]]
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class Wire:
    """Where the server listens, and the first bytes of each call that reached it."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)


def replies(code: int, body: str | dict[str, object], headers: str = "") -> Answer:
    """Answer with this body."""
    payload = (body if isinstance(body, str) else json.dumps(body)).encode()
    head = f"HTTP/1.1 {code} X\r\nContent-Length: {len(payload)}\r\n{headers}\r\n".encode()

    async def answer(stream: SocketStream) -> None:
        await stream.send(head + payload)

    return answer


def breaks_off(said: bytes) -> Answer:
    """Say a part of an answer, then reset the connection."""

    async def answer(stream: SocketStream) -> None:
        if said:
            await stream.send(said)
        raw = stream.extra_attributes[SocketAttribute.raw_socket]()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

    return answer


@asynccontextmanager
async def serve(answer: Answer) -> AsyncIterator[Wire]:
    """Listen on loopback; one call a connection."""
    wire = Wire()

    async def take(stream: SocketStream) -> None:
        async with stream:
            wire.heard.append(await stream.receive())
            await answer(stream)

    async with await create_tcp_listener(local_host="127.0.0.1") as listener, create_task_group() as tasks:
        wire.url = f"http://127.0.0.1:{listener.extra_attributes[SocketAttribute.local_port]()}"
        tasks.start_soon(listener.serve, take)
        yield wire
        tasks.cancel_scope.cancel()
