"""A PostgreSQL of our own under DATA_DIR, shared by all that use it at once and stopped by the last.

Each owner holds a file lock, which the kernel drops when it dies in whatever way, so nothing is counted. The
server of a killed owner runs on until the next start, which adopts it. Under DATA_DIR: `postgres/` the cluster and its
password, `postgres.lock` held while a server is started or stopped, `postgres.owners/` one locked file an owner,
`postgres.life` locked by the server's processes, `postgres.port` the last one used, `postgres.log`.
"""

import os
import secrets
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import anyio
from anyio import to_thread

from infra.postgres.embedded.os_account import EmbeddedPostgresFailed
from infra.postgres.embedded.server import START_SECONDS, Server, lock

__all__ = ["EmbeddedOwner", "EmbeddedPostgresFailed", "open_embedded"]

LOCK_SECONDS = 2 * START_SECONDS  # its holder may be starting a server


@asynccontextmanager
async def open_embedded(data_dir: Path) -> AsyncIterator[str]:
    """Own the server of `data_dir` for a while and yield its DSN; raises EmbeddedPostgresFailed."""
    owner = EmbeddedOwner(data_dir)
    try:
        yield await to_thread.run_sync(owner.join)
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(owner.leave)


class EmbeddedOwner:
    """One user of the server; both calls block, and both are to be made once."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = Path(os.path.abspath(data_dir))  # a symbolic link stays what it is
        self._owners = self._data_dir / "postgres.owners"
        self._own = self._owners / secrets.token_hex(8)
        self._descriptor: int | None = None
        self._left = False

    def join(self) -> str:
        """Have a running server and return its DSN."""
        with self._told_in_one_sentence():
            # Root's server has an account of its own, which has to pass through it.
            self._data_dir.mkdir(mode=0o700 if os.geteuid() else 0o711, parents=True, exist_ok=True)
            self._owners.mkdir(mode=0o700, exist_ok=True)
            with self._locked():
                self._register()
                return Server(self._data_dir).ensure_running()

    def leave(self) -> None:
        """Stop the server if it has no other owner; after a `join` that failed or was abandoned, undo what it did."""
        self._left = True
        if not self._own.exists():
            return
        with self._told_in_one_sentence(), self._locked():
            self._unregister()
            self._stop_if_ownerless()

    def stop_ownerless(self) -> bool:
        """Stop a server whose owners have died; False: one of them lives. To be called by who never joined."""
        with self._told_in_one_sentence(), self._locked():
            self._owners.mkdir(mode=0o700, exist_ok=True)
            return self._stop_if_ownerless()

    def _stop_if_ownerless(self) -> bool:
        if self._others_live():
            return False
        Server(self._data_dir).stop()
        return True

    @contextmanager
    def _told_in_one_sentence(self) -> Iterator[None]:
        try:
            yield
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedPostgresFailed(f"cannot use {self._data_dir} for the embedded PostgreSQL: {error}") from error

    def _register(self) -> None:
        if self._left:  # our caller was cancelled while this thread waited
            raise EmbeddedPostgresFailed("the start of the embedded PostgreSQL was given up")
        self._descriptor = os.open(self._own, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        lock(self._descriptor)

    def _unregister(self) -> None:
        self._own.unlink(missing_ok=True)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _others_live(self) -> bool:
        living = [owner for owner in self._owners.iterdir() if _lives(owner)]  # looks at all, so that no dead one stays
        return bool(living)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._data_dir / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            end = time.monotonic() + LOCK_SECONDS
            while not lock(descriptor):
                if time.monotonic() > end:
                    raise EmbeddedPostgresFailed(
                        f"another process has kept {self._data_dir} locked for {LOCK_SECONDS} s"
                    )
                time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)


def _lives(owner: Path) -> bool:
    """Say whether the owner's process still holds its file, and remove the file if not."""
    with suppress(FileNotFoundError):
        descriptor = os.open(owner, os.O_RDWR)
        try:
            if not lock(descriptor):
                return True
            owner.unlink()
        finally:
            os.close(descriptor)
    return False
