"""One promise on trial: its command in a copy of the source, and once more after the promise was broken there."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

from infra.settings import child_environment
from tests.mutants.mutant import Mutant, apply
from tests.promises.promise import Promise

ROOT = Path(__file__).parents[2]
NOT_COPIED = (".venv", ".git", ".everytap", "__pycache__", ".*_cache", ".hypothesis")
PATIENCE_SECONDS = 3600.0
# The first failure is enough, and the others may take a minute each. Tests that look whether a mistake can be made are
# red once it was made, whatever it breaks: they notice nothing.
BROKEN = {"PYTEST_ADDOPTS": "-x --ignore=tests/promises --ignore=tests/mutants --ignore=tests/mutate"}
MOST_SHOWN = 3000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    status: int
    printed: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a promise: `whole` is the command on the source as it is, `broken` the one after the mistake."""

    promise: Promise
    whole: Ended
    broken: Ended | None

    @property
    def wrong(self) -> str | None:
        """Why the command proves nothing; None: it does."""
        if self.whole.status != 0:
            return f"its command ends with {self.whole.status} though nothing is broken"
        if self.broken is None or self.broken.status == 0:
            return "its command stays green when it is broken"
        if self.promise.tells not in self.broken.printed:
            return f"its command is red for another reason: it does not say {self.promise.tells!r}"
        return None


def try_promise(promise: Promise, root: Path = ROOT, *, in_full: bool = False) -> Trial:
    """Run its command, break it, run the command again; what is red already is not broken."""
    command = promise.command if in_full or not promise.sample else promise.sample
    with copied(root) as copy:
        whole = run(command, copy)
        if whole.status != 0:
            return Trial(promise, whole, None)
        apply(Mutant(promise.name, "", promise.broken_by, promise.edits), copy)
        return Trial(promise, whole, run(command, copy, BROKEN))


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """Yield a copy of the sources with the same `.venv`."""
    with tempfile.TemporaryDirectory(prefix="everytap-promise-") as folder:
        copy = Path(folder) / "everytap"
        copytree(root, copy, ignore=ignore_patterns(*NOT_COPIED))
        if (root / ".venv").exists():
            (copy / ".venv").symlink_to((root / ".venv").resolve())
        yield copy


def run(command: str, folder: Path, changes: Mapping[str, str] | None = None) -> Ended:
    """Type a command in this folder, with the environment's Python first; what it leaves running is ended."""
    path = f"{folder / '.venv/bin'}:{child_environment({})['PATH']}"
    around = child_environment({"PATH": path, "MAKEFLAGS": "", "PYTHONDONTWRITEBYTECODE": "1", **(changes or {})})
    began = time.monotonic()
    with subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=around,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as shell:
        try:
            printed, _ = shell.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            printed = shell.communicate()[0] + "\nit did not end"
    return Ended(shell.returncode, printed, time.monotonic() - began)
