"""What stands between the worker and PostgreSQL while connections are cut."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import trustme

from tests.tcp_proxy import Proxy, Target, proxy_to


class Setup(Enum):
    """The ways to the server, each with a proxy that cuts."""

    PLAIN = "plain"
    TLS = "TLS"
    MID_RECORD = "TLS, inside a record"
    POOLER = "pgbouncer"


@dataclass(frozen=True, slots=True)
class Road:
    """A way to one database; `pooled`: a transaction pooler stands on it."""

    proxy: Proxy
    dsn: str
    pooled: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all roads of a run have in common: our own authority for TLS, and where a pooler listens."""

    root: Path
    shown: ssl.SSLContext
    pooler_port: int | None = None


def surroundings(folder: Path, pooler_port: int | None = None) -> Surroundings:
    """Make an authority, and what the proxy shows."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "root.pem"))
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(shown)
    return Surroundings(folder / "root.pem", shown, pooler_port)


def setups(around: Surroundings) -> list[Setup]:
    """Those that there can be."""
    return [setup for setup in Setup if setup is not Setup.POOLER or around.pooler_port is not None]


@asynccontextmanager
async def road(setup: Setup, dsn: str, around: Surroundings) -> AsyncIterator[Road]:
    """Lay the road."""
    port = around.pooler_port if setup is Setup.POOLER else urlsplit(dsn).port
    assert port is not None
    target = Target("127.0.0.1", port, around.shown if _has_tls(setup) else None)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(proxy_to(target))
        if setup is Setup.MID_RECORD:
            proxy = await stack.enter_async_context(proxy_to(Target("127.0.0.1", proxy.port)))
        options = {"sslmode": "disable"}
        if _has_tls(setup):
            options = {"sslmode": "verify-full", "sslrootcert": str(around.root)}
        there = urlsplit(proxy.over(dsn))._replace(query=urlencode(options))
        yield Road(proxy, there.geturl(), setup is Setup.POOLER)


def _has_tls(setup: Setup) -> bool:
    return setup in {Setup.TLS, Setup.MID_RECORD}
