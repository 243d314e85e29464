"""A transaction pooler in front of a database: Debian's pgbouncer, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
STARTED_SECONDS = 10.0

CONFIGURATION = """
[databases]
{name} = host={host} port={port} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
"""


@contextmanager
def pooled(dsn: str) -> Iterator[str]:
    """Yield the address of the same database behind a transaction pooler."""
    assert PGBOUNCER is not None, "the test asks for pgbouncer before it calls this"
    url = urlsplit(dsn)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "pgbouncer.ini"
        file.write_text(
            CONFIGURATION.format(
                name=url.path.strip("/"),
                host=url.hostname,
                port=url.port,
                user=url.username,
                password=unquote(url.password or ""),
                listen=free,
            )
        )
        Path(folder).chmod(0o755)
        # pgbouncer refuses to run as root.
        with subprocess.Popen(
            [PGBOUNCER, "-q", str(file)], user="nobody" if os.geteuid() == 0 else None, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _wait_until_open(free, process)
                yield f"postgresql://{url.username}@127.0.0.1:{free}{url.path}?sslmode=disable"
            finally:
                process.terminate()


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    """The kernel queues a connection as soon as the port is bound: the first one that succeeds is the sign."""
    for _ in range(1000):
        assert process.poll() is None, "pgbouncer ended at its start"
        with closing(socket.socket()) as client:
            client.settimeout(STARTED_SECONDS)
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        os.sched_yield()
    raise AssertionError("pgbouncer did not open its port")
