"""A worker's links to the world, each through a proxy, and the environment that leads a process over them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.sandbox.demo.worker_processes import free_port
from tests.faults.proxy import Proxy, Target, proxy_to
from tests.stage import Stage

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
            "DATABASE_URL": _over(self.database, stage.dsn),
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

        async def to(target: int | None) -> Proxy:
            assert target is not None
            return await stack.enter_async_context(proxy_to(Target(HOST, target)))

        sandbox = urlsplit(stage.sandbox.url).port
        yield Links(await to(urlsplit(stage.dsn).port), await to(sandbox), await to(sandbox), await to(port), port)


def _url(port: int) -> str:
    return f"http://{HOST}:{port}"


def _over(proxy: Proxy, dsn: str) -> str:
    url = urlsplit(dsn)
    login = url.netloc.rpartition("@")[0]
    return url._replace(netloc=f"{login}@{HOST}:{proxy.port}").geturl()
