"""Who this worker is: a name that survives a restart on the same machine, and one for this run of it."""

from __future__ import annotations

import fcntl
import hashlib
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOST_WORKERS = 100  # of one DATA_DIR


@dataclass(frozen=True, slots=True)
class Names:
    """`owner` holds leases: a worker that was killed finds its own again. `worker` claims cards: never used twice."""

    owner: str
    worker: str


@contextmanager
def take_names(data_dir: Path) -> Iterator[Names]:
    """Take the first name that no living worker of this DATA_DIR has; its lock goes with the process."""
    folder = data_dir / "workers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    where = f"{socket.gethostname()}:{hashlib.sha256(bytes(data_dir.resolve())).hexdigest()[:8]}"
    for number in range(MOST_WORKERS):
        with (folder / f"{number}.lock").open("w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            owner = f"{where}:{number}"
            yield Names(owner, f"{owner}:{secrets.token_hex(4)}")
            return
    raise RuntimeError(f"{MOST_WORKERS} workers run from {data_dir} already; stop one of them.")
