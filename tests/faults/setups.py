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

from tests.faults.proxy import Proxy, Target, proxy_to
from tests.poolers import pooled


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


class Certificates:
    """An authority of our own, and what the proxy shows."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.root = folder / "root.pem"
        authority.cert_pem.write_to_path(str(self.root))
        self.shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(self.shown)


@asynccontextmanager
async def road(setup: Setup, dsn: str, certificates: Certificates) -> AsyncIterator[Road]:
    """Lay the road."""
    async with AsyncExitStack() as stack:
        behind = stack.enter_context(pooled(dsn)) if setup is Setup.POOLER else dsn
        url = urlsplit(behind)
        target = Target(url.hostname or "", url.port or 0, certificates.shown if _has_tls(setup) else None)
        proxy = await stack.enter_async_context(proxy_to(target))
        if setup is Setup.MID_RECORD:
            proxy = await stack.enter_async_context(proxy_to(Target("127.0.0.1", proxy.port)))
        options = {"sslmode": "disable"}
        if _has_tls(setup):
            options = {"sslmode": "verify-full", "sslrootcert": str(certificates.root)}
        login = url.netloc.rpartition("@")[0]
        there = url._replace(netloc=f"{login}@127.0.0.1:{proxy.port}", query=urlencode(options))
        yield Road(proxy, there.geturl(), setup is Setup.POOLER)


def _has_tls(setup: Setup) -> bool:
    return setup in {Setup.TLS, Setup.MID_RECORD}
