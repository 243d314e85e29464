"""The demo's workers: each a process of its own, whose log goes to a file."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.abc import Process, TaskGroup

from infra.sandbox.telegram.rules import StageError

MOST_WORKERS = 4
HOST = "127.0.0.1"


@asynccontextmanager
async def worker_process(
    command: Sequence[str], environment: Mapping[str, str], log_file: Path, held: Sequence[int] = ()
) -> AsyncIterator[Process]:
    """Run the command for as long as this lasts, then stop it in order; its log is appended to.

    The worker is told a free port, and that the world reaches it there. Its stdin ends when we die; the descriptors in
    `held` it holds open as long as it lives.
    """
    with log_file.open("ab") as output, free_port() as port:
        own = {"PORT": str(port), "PUBLIC_URL": f"http://{HOST}:{port}"}
        process = await anyio.open_process(
            command, env={**environment, **own}, stdin=subprocess.PIPE, stdout=output, stderr=output, pass_fds=held
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            with anyio.CancelScope(shield=True):
                await process.wait()
                await process.aclose()


@contextmanager
def free_port() -> Iterator[int]:
    """Keep a port from other programs for as long as this lasts; a server that sets SO_REUSEADDR still gets it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((HOST, 0))
        yield int(holder.getsockname()[1])


@dataclass(slots=True)
class WorkerProcess:
    """One worker of the group: its log, and its process while it runs; `end` says how the last one ended."""

    number: int
    log_file: Path
    process: Process | None = None
    end: str = "never started"

    @property
    def name(self) -> str:
        """How the page calls it."""
        return f"worker {self.number}"


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """What every worker of a group is started with."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    held: Sequence[int] = ()


class WorkerGroup:
    """Workers that are started, stopped and killed while the demo runs; `changed` is called after each change."""

    def __init__(self, script: WorkerCommand, tasks: TaskGroup, changed: Callable[[], None]) -> None:
        self.members: dict[int, WorkerProcess] = {}
        self._script = script
        self._tasks = tasks
        self._changed = changed

    def add(self) -> WorkerProcess:
        """Start one worker more."""
        number = len(self.members) + 1
        if number > MOST_WORKERS:
            raise StageError(f"{MOST_WORKERS} workers are enough.")
        self.members[number] = member = WorkerProcess(number, self._script.folder / f"worker-{number}.log")
        self.start(number)
        return member

    def start(self, number: int) -> None:
        """Start a worker that does not run."""
        member = self._member(number)
        if member.process is None and member.end != "starting":
            member.end = "starting"
            self._tasks.start_soon(self._run, member)

    def kill(self, number: int) -> None:
        """End a worker as the kernel would, at any point of what it does."""
        self._end(self._member(number), "killed", lambda process: process.kill())

    def stop(self, number: int) -> None:
        """Ask a worker to stop in order."""
        self._end(self._member(number), "stopped", lambda process: process.terminate())

    def _end(self, member: WorkerProcess, end: str, signal: Callable[[Process], None]) -> None:
        if member.process is None:
            raise StageError(f"{member.name.capitalize()} does not run.")
        member.end = end
        with suppress(ProcessLookupError):
            signal(member.process)

    async def _run(self, member: WorkerProcess) -> None:
        script = self._script
        async with worker_process(script.command, script.environment, member.log_file, script.held) as process:
            member.process, member.end = process, "ended"
            self._changed()
            await process.wait()
        member.process = None
        self._changed()

    def _member(self, number: int) -> WorkerProcess:
        if number not in self.members:
            raise StageError(f"There is no worker {number}.")
        return self.members[number]
