"""What a worker leaves once a fault is over: a true chat, sessions that came back, an end in order, its log lines."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace

import anyio

from tests.faults.harms import WORKERS
from tests.faults.scenes import Scene, Verdict
from tests.stage import Stage
from tests.understudy import Understudy

CALM_SECONDS = 15.0
STOP_SECONDS = 40.0
POOL_SIZE = 5
SESSIONS = f"select count(*) {WORKERS}"
FORGOTTEN = f"{SESSIONS} and state like 'idle in transaction%'"


async def told(stage: Stage, scene: Scene) -> Verdict:
    """Wait until the chat tells the truth, and compare it with the rows."""
    try:
        await stage.until(lambda: scene.is_told(stage), scene.truth_seconds)
    except TimeoutError:
        found = await scene.verdict(stage)
        words = f"the chat does not tell the truth after {scene.truth_seconds:.0f} s"
        return replace(found, wrong=f"{words}; {found.wrong or 'the rows are right'}")
    return await scene.verdict(stage)


async def complete(found: Verdict, stage: Stage, scene: Scene, worker: Understudy) -> Verdict:
    """Look at what the worker leaves: its sessions, its end, its log."""
    wrong = [found.wrong, await _sessions(stage), await _stopped(scene, worker), _unexplained(scene, worker)]
    return replace(found, wrong="; ".join(words for words in wrong if words) or None)


async def _sessions(stage: Stage) -> str | None:
    """Its sessions come back, and none holds a transaction open for nobody."""
    held = idle = 0
    with anyio.move_on_after(CALM_SECONDS):
        while True:
            held, idle = await stage.database.fetchval(SESSIONS), await stage.database.fetchval(FORGOTTEN)
            if held <= POOL_SIZE and not idle:
                return None
            await anyio.sleep(0.1)
    return f"{held} sessions, {idle} idle in transaction"


async def _stopped(scene: Scene, worker: Understudy) -> str | None:
    """Let it explain its taps; then it ends in order when it is told to."""
    with suppress(TimeoutError):
        await worker.until("tap", len(scene.taps))
    if worker.process.returncode is not None:
        return f"the worker ended by itself with {worker.process.returncode}"
    worker.process.terminate()
    with anyio.move_on_after(STOP_SECONDS):
        code = await worker.process.wait()
        return None if code == 0 else f"the worker ended with {code}"
    return "the worker does not stop"


def _unexplained(scene: Scene, worker: Understudy) -> str | None:
    """Each tap has one line."""
    explained = Counter(line["tap_id"] for line in worker.lines() if line["event"] == "tap")
    wrong = [explained[tap] for tap in scene.taps if explained[tap] != 1]
    return f"{wrong[0]} log lines for its tap" if wrong else None
