"""Our worker as `main.py run` runs it, with a probe in its event loop; a process of its own."""

from __future__ import annotations

import cProfile
import os
import signal
import time
from pathlib import Path

import anyio

import main
from infra.logs import configure_logs, dropped_line
from infra.process.output import queued
from infra.settings import Settings, load_settings
from tests.bench.pipes import obey
from tests.bench.stalls import Stalls


class Probe:
    """What the bench asks of the process."""

    def __init__(self) -> None:
        self._stalls = Stalls()
        self._profile = cProfile.Profile()

    async def obey(self) -> None:
        """Answer until stdin ends, then stop the worker as an operator would."""
        await obey(
            {
                "stalls": self._stalls.start,
                "stalled": self._stalls.stop,
                "cpu": self._cpu,
                "profile": self._start_profile,
                "profiled": self._save_profile,
            }
        )
        os.kill(os.getpid(), signal.SIGTERM)

    async def _cpu(self) -> float:
        return time.process_time()

    async def _start_profile(self) -> None:
        self._profile.enable()

    async def _save_profile(self, path: str) -> None:
        self._profile.disable()
        self._profile.dump_stats(path)


async def run(settings: Settings) -> None:
    """Run worker and probe side by side."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(main.run_worker, settings)
        tasks.start_soon(Probe().obey)


def start() -> None:
    """Do what `main.py run` does; the log goes to a file, stdout is the bench's."""
    settings = load_settings()
    with (
        (Path(settings.data_dir) / "worker.log").open("w", encoding="utf-8") as file,
        queued(file, dropped_line) as lines,
    ):
        configure_logs(settings.log_format, settings.log_level, settings.secrets(), stream=lines)
        anyio.run(run, settings, backend_options=main.UVLOOP)


if __name__ == "__main__":
    start()
