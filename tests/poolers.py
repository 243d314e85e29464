"""A transaction pooler in front of a database: Debian's pgbouncer, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
UP = "process up: "

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
log_connections = 0
log_disconnections = 0
log_pooler_errors = 0
log_stats = 0
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
            [PGBOUNCER, str(file)], user="nobody" if os.geteuid() == 0 else None, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                _wait_until_up(process)
                yield f"postgresql://{url.username}@127.0.0.1:{free}{url.path}?sslmode=disable"
            finally:
                process.terminate()


def _wait_until_up(process: subprocess.Popen[str]) -> None:
    """It says so once its port is open; so little follows that the pipe has room for it."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if UP in line:
            return
    raise AssertionError(f"pgbouncer ended at its start: {''.join(said)}")
