"""An HTTP proxy on loopback that counts what it is asked for, and alone knows where a name leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream

OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


@dataclass
class CountingProxy:
    """`leads` has a port on loopback for each name; `asked` has the first line of each request, `keys` its login."""

    leads: Mapping[str, int]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    async def carry(self, client: SocketStream) -> None:
        """Serve one connection."""
        async with client:
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
                head = await _head(client)
                line = head.split(b"\r\n", 1)[0].decode()
                self.asked.append(line)
                self.keys += [
                    one[21:].decode() for one in head.split(b"\r\n") if one.lower().startswith(b"proxy-authorization")
                ]
                method, target, _ = line.split(" ")
                port = self.leads.get(_host(method, target))
                if port is None:
                    await client.send(REFUSED)
                    return
                async with await anyio.connect_tcp("127.0.0.1", port) as server:
                    await (client.send(OPENED) if method == "CONNECT" else server.send(_relative(head, target, port)))
                    await _relay(client, server)


@asynccontextmanager
async def counting_proxy(leads: Mapping[str, int]) -> AsyncIterator[CountingProxy]:
    """Listen for as long as this lasts."""
    proxy = CountingProxy(leads)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        proxy.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"  # noqa: S610 - anyio's
        tasks.start_soon(listener.serve, proxy.carry)
        yield proxy
        tasks.cancel_scope.cancel()


async def _head(client: SocketStream) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += await client.receive()
    return head


def _host(method: str, target: str) -> str:
    return target.partition(":")[0] if method == "CONNECT" else urlsplit(target).hostname or ""


def _relative(head: bytes, target: str, port: int) -> bytes:
    """What the server is told: the path alone, its own name (the sandbox takes no other), one request a connection."""
    url = urlsplit(target)
    path = url._replace(scheme="", netloc="").geturl()
    lines = head.replace(target.encode(), path.encode(), 1).split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"host:")]
    return b"\r\n".join([kept[0], f"Host: 127.0.0.1:{port}".encode(), b"Connection: close", *kept[1:]])


async def _relay(one: SocketStream, other: SocketStream) -> None:
    async def pump(source: SocketStream, sink: SocketStream) -> None:
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            while True:
                await sink.send(await source.receive())
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pump, one, other)
        tasks.start_soon(pump, other, one)
