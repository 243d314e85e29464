"""Lets clients in, fewer than the process may open files: the database, Telegram and files need theirs at any time."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from functools import partial

import anyio
import structlog
from anyio.lowlevel import checkpoint
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework

from infra.web.connection import ClientConnection
from infra.web.seldom import RareLog

log = structlog.get_logger()

FEWEST, MOST = 8, 256
SHARE = 4  # one in so many of the files that this process may open
GRACE_SECONDS = 1.0
AGAIN_SECONDS = 0.1
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def most_connections() -> int:
    """How many clients may be connected at once, by the limit of open files (`ulimit -n`)."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else max(FEWEST, min(MOST, files // SHARE))


class Gate:
    """Accepts one client after the other. When it is full, who has been still for longest makes room."""

    def __init__(self, app: ASGIFramework, most: int) -> None:
        self._app = ASGIWrapper(app)
        self._most = most
        self._config = Config()
        self._config.accesslog = self._config.errorlog = None
        self._config.include_server_header = False
        self._context = WorkerContext(None)
        self._clients: dict[asyncio.Task[None], ClientConnection] = {}
        self._seldom = RareLog()

    async def run(self, listener: socket.socket, stopping: anyio.Event) -> None:
        """Accept until `stopping` is set; then let requests that are worked on end, within a bound."""
        listener.setblocking(False)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._accept_all, listener)
                await stopping.wait()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._close()

    async def _accept_all(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await checkpoint()  # many knock at once, and others have work to do
            try:
                client, _ = await loop.sock_accept(listener)
            except ConnectionError:
                continue  # it went while it waited
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise
                self._make_room("no more files can be opened")
                await anyio.sleep(AGAIN_SECONDS)
            else:
                self._let_in(client)

    def _let_in(self, client: socket.socket) -> None:
        if len(self._present()) >= self._most and not self._make_room("all places are taken"):
            client.close()
            return
        connection = ClientConnection(self._app, self._config, self._context)
        task = asyncio.get_running_loop().create_task(connection.run(client))
        self._clients[task] = connection
        task.add_done_callback(self._ended)

    def _present(self) -> list[ClientConnection]:
        return [connection for connection in self._clients.values() if not connection.is_cut]

    def _make_room(self, reason: str) -> bool:
        """Cut off the client that has been still for longest; False: each is being answered."""
        self._seldom.note(reason, partial(self._complain, reason))
        still = [connection for connection in self._present() if not connection.at_work]
        if still:
            min(still, key=lambda connection: connection.moved_at).cut()
        return bool(still)

    def _complain(self, reason: str, count: int) -> None:
        log.warning("web.connections_full", most=self._most, count=count, reason=reason)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._clients[task]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("web.connection_broke", exc_info=error)

    async def _close(self) -> None:
        await self._context.terminated.set()
        for connection in self._present():
            if not connection.at_work:
                connection.cut()
        await self._wait(GRACE_SECONDS)
        for task, connection in self._clients.items():
            connection.cut()
            task.cancel()
        await self._wait(None)

    async def _wait(self, seconds: float | None) -> None:
        if self._clients:
            await asyncio.wait(self._clients, timeout=seconds)
