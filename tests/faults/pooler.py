"""One pgbouncer in transaction mode before every database of a server (that of tests/poolers.py is for one)."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import anyio

from tests.poolers import PGBOUNCER

STARTED_SECONDS = 10.0
PAUSE_SECONDS = 0.01

CONFIGURATION = """
[databases]
* = host={host} port={port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
"""


@asynccontextmanager
async def pooler(dsn: str) -> AsyncIterator[int]:
    """Yield the port behind which the server of this DSN is."""
    assert PGBOUNCER is not None, "the caller looks first whether there is one"
    url = urlsplit(dsn)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free: int = listener.getsockname()[1]
    with TemporaryDirectory() as folder:
        server = {"host": url.hostname, "port": url.port, "user": url.username, "password": unquote(url.password or "")}
        file = _written(Path(folder), CONFIGURATION.format(**server, listen=free))
        # pgbouncer refuses to run as root.
        user = "nobody" if os.geteuid() == 0 else None
        process = await anyio.open_process([PGBOUNCER, "-q", str(file)], user=user, stderr=None)
        async with process:
            try:
                await _accepts(free)
                yield free
            finally:
                process.terminate()


def _written(folder: Path, text: str) -> Path:
    file = folder / "pgbouncer.ini"
    file.write_text(text, encoding="utf-8")
    folder.chmod(0o755)
    return file


async def _accepts(port: int) -> None:
    with anyio.fail_after(STARTED_SECONDS):
        while True:
            try:
                async with await anyio.connect_tcp("127.0.0.1", port):
                    return
            except OSError:
                await anyio.sleep(PAUSE_SECONDS)
