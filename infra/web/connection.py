"""One client's connection: HTTP/1.1 alone, each request within a bound, over hypercorn's own protocol.

hypercorn's server bounds neither connections nor requests, and its parts have no public names: `pyproject.toml` holds
it to the release whose parts were read for this.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias, cast

import h11
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr

HEAD_SECONDS = 5.0  # for a request's head to come, since the connection was made or the answer before had left
REQUEST_SECONDS = 300.0  # from there to the end of the answer: a film of 100 MB at 3 Mbit/s
CHUNK = 2**16
MOST_UNREAD = 10  # pieces of a body

AsgiMessage: TypeAlias = Any  # what an ASGI app and its server tell each other, in one of a dozen shapes


class _Gone(ConnectionError):
    """The client is gone, and hears no answer."""


class _Inbox:
    """What an app has still to read of its request: bounded, but its end never waits.

    hypercorn's own is full for ever once an app has answered that reads no body: its client would keep its place.
    """

    def __init__(self) -> None:
        self._messages: asyncio.Queue[AsgiMessage] = asyncio.Queue()
        self._room = asyncio.Semaphore(MOST_UNREAD)
        self._is_over = False

    async def put(self, message: AsgiMessage) -> None:
        if message["type"] == "http.disconnect":
            self._is_over = True
            self._room.release()
        else:
            await self._room.acquire()
        self._messages.put_nowait(message)

    async def get(self) -> AsgiMessage:
        message = await self._messages.get()
        self._room.release()
        return message


class _Requests(TaskGroup):
    """The apps at work on one connection; a crash of one is a crash of it."""

    async def spawn_app(
        self, app: Any, config: Config, scope: Any, send: Any
    ) -> Callable[[AsgiMessage], Awaitable[None]]:
        del config
        inbox = _Inbox()
        self.spawn(self._answer, cast(ASGIWrapper, app), scope, inbox, send)
        return inbox.put

    @staticmethod
    async def _answer(app: ASGIWrapper, scope: Any, inbox: _Inbox, send: Any) -> None:
        with suppress(_Gone):
            try:
                await app.app(scope, inbox.get, send)
            finally:
                await send(None)


class _PlainHttp(H11Protocol):
    """A client that asks for another protocol, WebSockets and clear-text HTTP/2 included, is answered in this one."""

    async def _check_protocol(self, event: h11.Request) -> None:
        del event  # it would change to HTTP/2, whose streams know no bounds of ours

    async def _create_stream(self, request: h11.Request) -> None:
        headers = [(name, value) for name, value in request.headers if name != b"upgrade"]
        plain = h11.Request(
            method=request.method, headers=headers, target=request.target, http_version=request.http_version
        )
        await super()._create_stream(plain)


class ClientConnection:
    """From the accepted socket to its end; whatever it is asked, it ends within the bounds above."""

    def __init__(self, app: ASGIWrapper, config: Config, context: WorkerContext) -> None:
        self._app, self._config, self._context = app, config, context
        self._loop = asyncio.get_running_loop()
        self._alarm = self._loop.call_later(HEAD_SECONDS, self.cut)
        self._writer: asyncio.StreamWriter | None = None
        self.is_cut = False
        self._writing = asyncio.Lock()
        self.at_work = False
        self.moved_at = self._loop.time()

    def cut(self) -> None:
        """End it at once, whatever it is at."""
        self.is_cut = True
        if self._writer is not None:
            self._writer.transport.abort()

    async def run(self, client: socket.socket) -> None:
        """Answer until one of the two has enough."""
        try:
            with suppress(OSError):  # it went while it was let in
                await self._talk(await self._open(client), client.family)
        finally:
            self._alarm.cancel()

    async def _open(self, client: socket.socket) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(CHUNK)
        bridge = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await self._loop.connect_accepted_socket(lambda: bridge, client)
        except OSError:
            client.close()
            raise
        self._writer = asyncio.StreamWriter(transport, bridge, reader, self._loop)
        if self.is_cut:
            transport.abort()
        return reader

    async def _talk(self, reader: asyncio.StreamReader, family: socket.AddressFamily) -> None:
        assert self._writer is not None
        names = self._writer.get_extra_info("sockname"), self._writer.get_extra_info("peername")
        here, there = (parse_socket_addr(family, name) if name else None for name in names)
        try:
            async with _Requests(self._loop) as requests:
                way = self._context, requests, ConnectionState({}), False, there, here, self._send
                await self._read(reader, _PlainHttp(self._app, self._config, *way))
        finally:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader, http: H11Protocol) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                self.moved_at = self._loop.time()
                await http.handle(RawData(chunk))
        await http.handle(Closed())

    async def _send(self, event: Event) -> None:
        assert self._writer is not None
        match event:
            case RawData(chunk):
                await self._write(self._writer, chunk)
            case Closed():
                self._writer.close()
            case Updated(idle):
                self._turn(at_work=not idle)

    async def _write(self, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        try:
            async with self._writing:
                writer.write(chunk)
                await writer.drain()
        except (OSError, RuntimeError) as error:  # uvloop's, of a transport that is closed
            raise _Gone from error
        self.moved_at = self._loop.time()

    def _turn(self, *, at_work: bool) -> None:
        self.at_work = at_work
        self._alarm.cancel()
        self._alarm = self._loop.call_later(REQUEST_SECONDS if at_work else HEAD_SECONDS, self.cut)
