"""A worker as a process of its own: `main.py run`, as an operator would start it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process

from infra.settings import child_environment
from tests.stage import PATIENCE_SECONDS, Stage

ROOT = Path(__file__).parent.parent


@dataclass
class Understudy:
    """The process, and all that it has logged so far."""

    process: Process
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """Read what it has logged; a line that was cut off by its end is left out."""
        whole = self.log.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in whole if line.startswith("{") and line.endswith("\n")]

    async def until(self, event: str, times: int = 1) -> None:
        """Wait until it has logged such lines; a file announces nothing, so it is looked at again and again."""
        with anyio.fail_after(PATIENCE_SECONDS):
            while True:
                if sum(line["event"] == event for line in self.lines()) >= times:
                    return
                await anyio.sleep(0.02)

    async def stop(self) -> None:
        """Have it stop in order."""
        self.process.send_signal(signal.SIGTERM)
        await self.until("worker.stopping")

    async def kill(self) -> None:
        """End it as the kernel would."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def understudy(
    stage: Stage, data_dir: Path, name: str, changes: Mapping[str, str] | None = None, source: Path = ROOT
) -> AsyncIterator[Understudy]:
    """Run a worker beside us, with a log of this name and changes to its environment; in the end it is gone.

    `source`: another version of the source than ours.
    """
    await anyio.Path(data_dir).mkdir(exist_ok=True)
    log = data_dir / f"{name}.log"
    environment = child_environment(
        {
            "DATABASE_URL": stage.dsn,
            "DATA_DIR": str(data_dir),
            "TELEGRAM_API_URL": stage.sandbox.url,
            "TELEGRAM_TOKEN": stage.sandbox.token,
            "PORT": "0",
            "ENV_FILE": os.devnull,
            **(changes or {}),
        }
    )
    with log.open("ab") as lines:
        process = await anyio.open_process(
            [sys.executable, "main.py", "run"], cwd=source, env=environment, stdout=lines, stderr=lines
        )
    played = Understudy(process, log)
    try:
        yield played
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        with anyio.CancelScope(shield=True):
            await process.aclose()
        stage.lines.all += played.lines()
