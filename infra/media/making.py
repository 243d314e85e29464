"""Has a file taken in by a process of its own (workshop.py), and cleans up after it, however either of the two ends.

What it makes lies in a folder with a random name, under `.everytap-making` beside what is kept. The folder is locked by
who asked for it, and the kernel unlocks it when that process ends in whatever way: `clean` removes those that no
process holds.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import anyio
from anyio.abc import Process

from actors.domain.item import Dimensions, Longer, MediaKind
from actors.errors import Refused
from infra.media.stored import Stored, Taken, shown_path

ROOT = Path(__file__).parents[2]
MAKING = ".everytap-making"
MOST_SECONDS = 3600  # of a film; a minute of 4K takes some, on one slow processor beside other work
END_SECONDS = 5.0  # for what was told to end
MOST_LINE_BYTES = 1_000_000
# No setting of ours and no secret is there for what decodes strangers' files.
ENVIRONMENT = {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}

Told = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A file to take in, where what is made of it may lie, what a long film becomes, and who hears how far it is."""

    path: Path
    folder: Path
    longer: Longer = Longer.REFUSED
    told: Told = lambda _: None


async def make(asked: Asked) -> list[Taken]:
    """Return the stories that were made; raises `Refused` with a sentence for the person who named the file."""
    try:
        with anyio.fail_after(MOST_SECONDS):
            async with _started(asked) as process:
                return await _heard(process, asked)
    except TimeoutError as error:
        told = f"takes longer than {MOST_SECONDS // 60} minutes to make fit"
        raise Refused(f"{shown_path(asked.path)} {told}: make it shorter or smaller.") from error


@contextmanager
def work_folder(below: Path) -> Iterator[Path]:
    """Yield an empty folder of our own, and remove it; raises OSError."""
    folder = below / MAKING / secrets.token_hex(8)
    folder.mkdir(mode=0o700, parents=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
        with suppress(OSError):  # another one is at work there
            folder.parent.rmdir()


def clean(below: Path) -> int:
    """Remove what processes left behind that were killed; returns how many folders."""
    dead = [folder for folder in _folders(below / MAKING) if _is_dead(folder)]
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    return len(dead)


def _folders(above: Path) -> list[Path]:
    try:
        return [folder for folder in above.iterdir() if folder.is_dir()]
    except FileNotFoundError:
        return []


def _is_dead(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _started(asked: Asked) -> AsyncIterator[Process]:
    tempfolder = str(asked.folder.absolute())
    process = await anyio.open_process(
        _command(asked),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=ROOT,
        env={**ENVIRONMENT, "TMPDIR": tempfolder},
    )
    try:
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            await _ended(process)


def _command(asked: Asked) -> list[str]:
    folder, path = str(asked.folder.absolute()), str(asked.path.absolute())
    wish = {"path": path, "typed": shown_path(asked.path), "folder": folder, "longer": asked.longer.value}
    return [sys.executable, "-m", "infra.media.workshop", json.dumps(wish)]


async def _ended(process: Process) -> None:
    """End it and all that it started: at first by the end of its pipe, then by force."""
    assert process.stdin is not None
    await process.stdin.aclose()
    with anyio.move_on_after(END_SECONDS):
        await process.wait()
    if process.returncode is None:
        process.kill()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.aclose()


async def _heard(process: Process, asked: Asked) -> list[Taken]:
    """Listen until it has ended: while it lives, the end of its pipe would have it remove what it made."""
    made: list[Taken] | None = None
    async for line in _lines(process):
        if "done" in line:
            asked.told(line["done"])
        elif "refused" in line:
            raise Refused(line["refused"])
        else:
            made = [_taken(one, asked.folder) for one in line["taken"]]
    code = await process.wait()
    if made is not None:
        return made
    killed = code == -signal.SIGKILL
    why = "needs too much memory: make it smaller" if killed else "cannot be read: it breaks what reads it"
    raise Refused(f"{shown_path(asked.path)} {why}.")


async def _lines(process: Process) -> AsyncIterator[dict[str, Any]]:
    assert process.stdout is not None
    kept = b""
    async for piece in process.stdout:
        *lines, kept = (kept + piece).split(b"\n")
        for line in lines:
            yield json.loads(line)
        assert len(kept) <= MOST_LINE_BYTES


def _taken(line: dict[str, Any], folder: Path) -> Taken:
    stored = Stored(
        MediaKind(line["kind"]),
        line["path"],
        line["file_name"],
        line["bytes"],
        line["sha256"],
        Dimensions(*line["dimensions"]),
        tuple(line["notes"]),
    )
    return Taken(stored, {name: folder / place for name, place in line["files"].items()})
