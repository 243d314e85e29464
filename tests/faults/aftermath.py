"""What workers leave once a fault is over: a true chat, answered and confirmed taps, sessions, an end, log lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import anyio

from infra.sandbox.sandbox import Sandbox
from tests.faults.harms import WORKERS
from tests.faults.scenes import Scene, Verdict
from tests.stage import Stage
from tests.understudy import Understudy

ANSWERED_SECONDS = 60.0  # a poll that fell silent is given up, and the tap comes with the next one
START_SECONDS = 90.0  # of many workers together
CALM_SECONDS = 15.0
STOP_SECONDS = 40.0
POOL_SIZE = 5
SESSIONS = f"select count(*) {WORKERS}"
FORGOTTEN = f"{SESSIONS} and state like 'idle in transaction%'"

Log = Sequence[Mapping[str, Any]]


async def told(stage: Stage, scene: Scene) -> Verdict:
    """Wait until the chat tells the truth, and compare it with the rows."""
    try:
        await stage.until(lambda: scene.is_told(stage), scene.truth_seconds)
    except TimeoutError:
        found = await scene.verdict(stage)
        words = f"the chat does not tell the truth after {scene.truth_seconds:.0f} s"
        return replace(found, wrong=f"{words}; {found.wrong or 'the rows are right'}")
    return await scene.verdict(stage)


async def complete(found: Verdict, stage: Stage, scene: Scene, workers: Sequence[Understudy]) -> Verdict:
    """Every section of a worker ends here: its taps, its sessions, its end, its log. The last worker has to live."""
    await _serves(workers[-1])
    living = [one for one in workers if one is workers[-1] or one.process.returncode is None]
    wrong = [found.wrong, *await _taken(stage, scene), await _sessions(stage, POOL_SIZE * len(living))]
    await _explained(scene, workers)
    wrong += [await _stopped(worker) for worker in living]
    wrong += unexplained(scene.taps, [worker.lines() for worker in workers])
    return replace(found, wrong="; ".join(words for words in wrong if words) or None)


async def _taken(stage: Stage, scene: Scene) -> list[str]:
    """Wait until each tap is answered, and Telegram was told that it is done with."""
    with suppress(TimeoutError):
        await stage.until(lambda: not unanswered(stage.sandbox, scene.taps), ANSWERED_SECONDS)
    with anyio.move_on_after(ANSWERED_SECONDS):
        while unconfirmed(stage.sandbox):  # noqa: ASYNC110 - a poll's end is no change of a screen
            await anyio.sleep(0.05)
    return unanswered(stage.sandbox, scene.taps) + unconfirmed(stage.sandbox)


def unanswered(sandbox: Sandbox, taps: Iterable[str]) -> list[str]:
    """Each tap has its toast; one that came too late for Telegram, since its poll fell silent, was at least sent."""
    count = sum(not sandbox.telegram.queries.by_id[tap].answers for tap in taps)
    return [f"{count} taps were never answered"] if count else []


def unconfirmed(sandbox: Sandbox) -> list[str]:
    """Telegram holds nothing any more: what it holds it brings again, for a day."""
    count = len(sandbox.telegram.updates)
    return [f"{count} updates were never confirmed"] if count else []


def unexplained(taps: Iterable[str], logs: Iterable[Log]) -> list[str]:
    """Each tap has a line, and no worker writes two: one that died over it may have written the first of two."""
    counts = [Counter(line["tap_id"] for line in log if line["event"] == "tap") for log in logs]
    told = {tap: [count[tap] for count in counts] for tap in taps}
    return [f"{sum(lines)} log lines for its tap" for lines in told.values() if not sum(lines) or max(lines) > 1]


async def _serves(worker: Understudy) -> None:
    """Wait until it has started: before, a signal finds no worker to stop in order, but an interpreter."""
    with anyio.move_on_after(START_SECONDS):
        while worker.process.returncode is None and not _started(worker):  # noqa: ASYNC110 - unannounced
            await anyio.sleep(0.1)


def _started(worker: Understudy) -> bool:
    return any(line["event"] == "worker.started" for line in worker.lines())


async def _explained(scene: Scene, workers: Sequence[Understudy]) -> None:
    """Let them explain what is left; a file announces nothing."""
    with anyio.move_on_after(CALM_SECONDS):
        while unexplained(scene.taps, [worker.lines() for worker in workers]):  # noqa: ASYNC110 - unannounced
            await anyio.sleep(0.1)


async def _sessions(stage: Stage, most: int) -> str | None:
    """Their sessions come back, and none holds a transaction open for nobody."""
    held = idle = 0
    with anyio.move_on_after(CALM_SECONDS):
        while True:
            held, idle = await stage.database.fetchval(SESSIONS), await stage.database.fetchval(FORGOTTEN)
            if held <= most and not idle:
                return None
            await anyio.sleep(0.1)
    return f"{held} sessions, {idle} idle in transaction"


async def _stopped(worker: Understudy) -> str | None:
    """It ends in order when it is told to, and not before."""
    if worker.process.returncode is not None:
        return f"the worker ended by itself with {worker.process.returncode}"
    worker.process.terminate()
    with anyio.move_on_after(STOP_SECONDS):
        code = await worker.process.wait()
        return None if code == 0 else f"the worker ended with {code}"
    return "the worker does not stop"
