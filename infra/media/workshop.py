"""A process of its own in which one file is taken in: bounded, at low priority, and gone with who started it.

Started by making.py, with what is wished as one argument. It tells on its standard output, one JSON object a line, how
far it is and what it made. Its standard input is a pipe that is never written to: the kernel closes it when the other
end dies, in whatever way, and then this process removes its folder and ends with its whole group, ffmpeg too.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from actors.domain.item import Longer
from actors.errors import Refused
from infra.media.stored import Taken
from infra.media.taking import Wish, take_in

GIGABYTE = 1024**3
MOST_MEMORY_BYTES = 3 * GIGABYTE  # of each process; most of it is room that is reserved and never used
MOST_FILE_BYTES = 2 * GIGABYTE
MOST_PROCESSOR_SECONDS = 3600
# A small file is done before anything else could wait for it; a large one gets what nothing else needs.
NICER, NICEST, LARGE_BYTES = 10, 19, 2_000_000
STEP = 0.01  # of what is told


def main(words: list[str]) -> None:
    """Take one file in."""
    asked = json.loads(words[0])
    folder = Path(asked["folder"])
    with suppress(PermissionError):  # it leads a group already
        os.setpgid(0, 0)
    threading.Thread(target=_end_with_the_other_end, args=(folder,), daemon=True).start()
    _bound()
    os.nice(_priority(Path(asked["path"])))
    os.umask(0o077)
    try:
        taken = take_in(Wish(Path(asked["path"]), folder, Longer(asked["longer"]), Progress(), asked["typed"]))
    except Refused as error:
        _tell(refused=str(error))
    else:
        _tell(taken=[_line(one) for one in taken])


class Progress:
    """Tells how far it is, in steps that are worth a line."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, done: float) -> None:
        """Hear of a share from 0 to 1."""
        if done >= self._told + STEP:
            self._told = done
            _tell(done=round(done, 3))


def _end_with_the_other_end(folder: Path) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def _bound() -> None:
    """Bound this process, and each that it starts; macOS keeps no bound on memory."""
    for kind, most in (
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, MOST_FILE_BYTES),
        (resource.RLIMIT_CPU, MOST_PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY or most < hard:
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, most))


def _priority(path: Path) -> int:
    try:
        return NICEST if path.stat().st_size > LARGE_BYTES else NICER
    except OSError:  # to be told where it is read
        return NICER


def _line(taken: Taken) -> dict[str, Any]:
    stored, size = taken.stored, taken.stored.dimensions
    return {
        "kind": stored.kind.value,
        "path": stored.path,
        "file_name": stored.file_name,
        "bytes": stored.bytes,
        "sha256": stored.sha256,
        "dimensions": [size.width, size.height, size.seconds],
        "notes": list(stored.notes),
        "files": {name: place.name for name, place in taken.files.items()},
    }


def _tell(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
