"""A worker as a process of its own, without what main.py does besides: `python -m tests.understudy` plays it."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process

from actors.publisher import CarefulPublisher
from actors.tree import Identity, Ports, Worker
from infra.clock import WallClock
from infra.identity import take_names
from infra.logs import configure_logs
from infra.postgres.bindings import BINDINGS
from infra.postgres.pool import PoolSettings, open_pool
from infra.telegram.bot import open_telegram
from tests.stage import PATIENCE_SECONDS, OnePicture, Stage

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

    async def until(self, event: str) -> None:
        """Wait until it has logged such a line; a file announces nothing, so it is looked at again and again."""
        with anyio.fail_after(PATIENCE_SECONDS):
            while True:
                if any(line["event"] == event for line in self.lines()):
                    return
                await anyio.sleep(0.02)

    async def kill(self) -> None:
        """End it as the kernel would."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def understudy(stage: Stage, data_dir: Path, name: str) -> AsyncIterator[Understudy]:
    """Run a worker beside us, with a log of this name; whatever becomes of it, it is gone in the end."""
    arguments = [stage.dsn, stage.sandbox.url, stage.sandbox.token, str(data_dir)]
    await anyio.Path(data_dir).mkdir(exist_ok=True)
    log = data_dir / f"{name}.log"
    with log.open("ab") as lines:
        process = await anyio.open_process(
            [sys.executable, "-m", "tests.understudy", *arguments], cwd=ROOT, stdout=lines, stderr=lines
        )
    try:
        yield Understudy(process, log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        with anyio.CancelScope(shield=True):
            await process.aclose()
        stage.lines.all += Understudy(process, log).lines()


async def play(dsn: str, url: str, token: str, data_dir: str) -> None:
    """Run the worker until SIGTERM."""
    async with AsyncExitStack() as stack:
        names = stack.enter_context(take_names(Path(data_dir)))
        pool = await stack.enter_async_context(open_pool(dsn, PoolSettings(5, False, names.worker), BINDINGS))
        chat, updates = await stack.enter_async_context(open_telegram(token, url, OnePicture(b"no picture")))
        ports = Ports(pool, chat, updates, CarefulPublisher(), WallClock())
        worker = Worker(ports, Identity(names.worker, names.owner, 5.0), random.Random())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.supervisor.stop)
        await worker.supervisor.run()


if __name__ == "__main__":
    configure_logs("json", "INFO")
    asyncio.run(play(*sys.argv[1:]))
