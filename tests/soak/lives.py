"""The worker's lives: each process of it, what it weighs, and what it logged as trouble."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anyio.abc import Process

from infra.sandbox.demo.wiring import COMMAND
from infra.sandbox.demo.worker_processes import worker_process
from tests.soak.slope import Sample

LOUD = ('"warning"', '"error"', '"critical"')
UNTOASTED = '"toast_ms": null'
TOLD_BY_TOAST = ('"outcome": "busy"', '"outcome": "refused"')
NOT_SAVED = '"outcome": "refused"'
MOST_KEPT = 40
MOST_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Script:
    """How a worker is started, and where its log goes."""

    environment: Mapping[str, str]
    log: Path


class Lives:
    """Keeps one worker alive."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._process: Process | None = None
        self._wanted = False
        self.count = 0
        self.unexpected = 0
        self.samples: list[Sample] = []
        self.logged: Counter[str] = Counter()
        self.kept: list[str] = []
        self._not_saved: OrderedDict[str, str] = OrderedDict()

    def said_of(self, tap_id: str) -> str | None:
        """The line of a tap that was not saved, if it came lately."""
        return self._not_saved.get(tap_id)

    async def run(self) -> None:
        """Start one after the other, for ever."""
        while True:
            async with worker_process(COMMAND, self._script.environment, self._script.log) as process:
                self.count += 1
                self._process, self._wanted = process, False
                await process.wait()
                if not self._wanted:
                    self.unexpected += 1
                    self._keep("worker.ended", f"the worker ended by itself with exit status {process.returncode}")

    def end(self, sign: signal.Signals) -> None:
        """End it; the next one comes at once."""
        if self._process is not None and self._process.returncode is None:
            self._wanted = True
            self._process.send_signal(sign)

    def look(self, taps: int) -> Sample | None:
        """See what it weighs after so many taps, and read its log; what is written that very moment is not read."""
        self._read_log()
        if self._process is None or self._process.returncode is not None:
            return None
        place = Path("/proc") / str(self._process.pid)
        try:
            lines = (place / "status").read_text(encoding="ascii").splitlines()
            rss = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
            sample = Sample(self.count, taps, rss, len(os.listdir(place / "fd")))
        except (OSError, StopIteration):
            return None
        self.samples.append(sample)
        return sample

    def _read_log(self) -> None:
        written = self._script.log.read_text(encoding="utf-8", errors="replace")
        os.truncate(self._script.log, 0)  # it is appended to, so the next line stands at the start
        for line in written.splitlines():
            if not line.startswith("{"):
                self._keep("not a line of a log", line)
            elif any(word in line for word in LOUD):
                self._keep(_event(line), line)
            elif NOT_SAVED in line:
                self._remember(line)
            if UNTOASTED in line and any(outcome in line for outcome in TOLD_BY_TOAST):
                self._keep("tap without a toast", line)

    def _remember(self, line: str) -> None:
        self._not_saved[line.partition('"tap_id": "')[2].partition('"')[0]] = line
        if len(self._not_saved) > MOST_REMEMBERED:
            self._not_saved.popitem(last=False)

    def _keep(self, event: str, line: str) -> None:
        self.logged[event] += 1
        if self.logged[event] <= 3 and len(self.kept) < MOST_KEPT:
            self.kept.append(line[:2000])


def _event(line: str) -> str:
    try:
        return str(json.loads(line)["event"])
    except (ValueError, KeyError):
        return "half a line"
