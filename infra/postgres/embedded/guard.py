"""Ends a server and removes its folder once all who were to do so are gone: a process of its own, for a demo.

A process that is killed with -9 cleans up nothing, but the kernel closes what it held open, however it died. So the
guard waits for the end of a pipe that the demo and its workers hold open, and then does what is left to do, which is
nothing after an orderly end. It has a session of its own: a terminal's Ctrl-C and its end do not reach it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.postgres.embedded.owner import EmbeddedOwner, EmbeddedPostgresFailed

ROOT = Path(__file__).parents[3]
LOOK_SECONDS = 0.1
END_SECONDS = 60.0  # an initdb that was under way ends by itself, once its folder is gone


@contextmanager
def guarded(data_dir: Path) -> Iterator[int]:
    """Have the folder removed and its server ended, however we end; yields what our children are to hold open."""
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "infra.postgres.embedded.guard", str(data_dir)]
    nowhere = subprocess.DEVNULL  # a reader of our output is not to wait for the guard
    try:
        with subprocess.Popen(command, cwd=ROOT, stdin=reader, stdout=nowhere, stderr=nowhere, start_new_session=True):
            try:
                yield writer
            finally:
                os.close(writer)
    finally:
        os.close(reader)


def end(data_dir: Path, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
    """Stop the server once it has no owner, and remove the folder; what keeps an owner for a minute is left alone."""
    deadline = now() + END_SECONDS
    while data_dir.exists() and now() < deadline:
        with suppress(EmbeddedPostgresFailed):
            if EmbeddedOwner(data_dir).stop_ownerless():
                shutil.rmtree(data_dir, ignore_errors=True)
        sleep(LOOK_SECONDS)


def main() -> None:
    """Wait until the last who held the pipe is gone."""
    sys.stdin.buffer.read()
    end(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
