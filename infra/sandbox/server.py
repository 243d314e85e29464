"""Opens the sandbox, on a loopback port if nothing else is asked for, and closes it again."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from infra.sandbox.common.listening import BACKLOG, Listener, addresses, own_address
from infra.sandbox.control import Control, explain, guard
from infra.sandbox.instagram.control import InstagramControl
from infra.sandbox.page.page import PageRoutes
from infra.sandbox.sandbox import TOKEN, Sandbox, SandboxAddress
from infra.sandbox.telegram.exchange import REQUEST_BYTES
from infra.sandbox.telegram.rules import Rules


@asynccontextmanager
async def open_sandbox(
    listener: Listener | None = None,
    rules: Rules | None = None,
    seed: int = 0,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[Sandbox]:
    """Yield a sandbox that accepts connections; raises CannotListen."""
    listener = listener or Listener()
    with listener.open() as opened:
        async with _serving(Sandbox(clock or telegram_clock(), rules or Rules(), seed), listener, opened) as sandbox:
            yield sandbox


@asynccontextmanager
async def _serving(sandbox: Sandbox, listener: Listener, opened: socket.socket) -> AsyncIterator[Sandbox]:
    app = web.Application(client_max_size=REQUEST_BYTES, middlewares=[guard(listener), explain])
    sandbox.bot_api.add_routes(app)
    sandbox.instagram.api.add_routes(app)
    Control(sandbox).add_routes(app)
    InstagramControl(sandbox.instagram).add_routes(app)
    PageRoutes(sandbox).add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    pushing = asyncio.create_task(sandbox.bot_api.pushing.run())
    try:
        await web.SockSite(runner, opened, backlog=BACKLOG).start()
        sandbox.address = SandboxAddress(own_address(opened), TOKEN, tuple(addresses(opened)))
        yield sandbox
    finally:
        pushing.cancel()
        with suppress(asyncio.CancelledError):
            await pushing
        sandbox.close()
        await runner.cleanup()


def telegram_clock() -> Callable[[], float]:
    """Return Telegram's own clock: the wall clock of the start, carried on evenly."""
    loop = asyncio.get_running_loop()
    started_at = time.time() - loop.time()  # noqa: TID251 - the sandbox is an outside system with a clock of its own
    return lambda: started_at + loop.time()
