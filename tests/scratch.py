"""Where a database lives that is gone after the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory

MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there has a name of its own
ROOM_BYTES = 4 << 30


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """Yield a folder in memory, where there is plenty: a disk takes seconds for the files of one new database."""
    place = MEMORY if MEMORY.exists() and disk_usage(MEMORY).free > ROOM_BYTES else None
    with TemporaryDirectory(prefix=f"everytap-{name}-", dir=place) as folder:
        yield Path(folder)
