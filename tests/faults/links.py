"""A worker's links to the world, each through a proxy, and the environment that leads a process over them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from infra.sandbox.demo.worker_processes import free_port
from tests.stage import Stage
from tests.tcp_proxy import Proxy, Target, proxy_to

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Links:
    """The proxies: what the worker asks, and by `files` where Instagram fetches a story from it, at `port`."""

    database: Proxy
    telegram: Proxy
    instagram: Proxy
    files: Proxy
    port: int

    def environment(self, stage: Stage) -> dict[str, str]:
        """Lead a worker through all of them."""
        return self.straight(stage) | {
            "DATABASE_URL": self.database.over(stage.dsn),
            "TELEGRAM_API_URL": _url(self.telegram.port),
            "INSTAGRAM_API_URL": _url(self.instagram.port),
            "PUBLIC_URL": _url(self.files.port),
        }

    def straight(self, stage: Stage) -> dict[str, str]:
        """Lead a worker past all of them."""
        return {"INSTAGRAM_API_URL": stage.sandbox.url, "PUBLIC_URL": _url(self.port), "PORT": str(self.port)}


@asynccontextmanager
async def open_links(stage: Stage) -> AsyncIterator[Links]:
    """Open proxies to all that a worker of this stage needs, and keep a port for it."""
    async with AsyncExitStack() as stack:
        port = stack.enter_context(free_port())

        targets = (stage.dsn, stage.sandbox.url, stage.sandbox.url, _url(port))
        proxies = [await stack.enter_async_context(proxy_to(Target.of(target))) for target in targets]
        database, telegram, instagram, files = proxies
        yield Links(database, telegram, instagram, files, port)


def _url(port: int) -> str:
    return f"http://{HOST}:{port}"
