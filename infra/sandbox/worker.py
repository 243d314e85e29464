"""The demo's worker: a process of its own, whose log goes to a file."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio


@asynccontextmanager
async def worker_process(command: Sequence[str], environment: Mapping[str, str], log_file: Path) -> AsyncIterator[None]:
    """Run the command for as long as this lasts, then stop it in order."""
    with log_file.open("wb") as output:
        process = await anyio.open_process(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.terminate()
            with anyio.CancelScope(shield=True):
                await process.wait()
