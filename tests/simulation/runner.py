"""Plays many seeds on all cores, and explains the first failures while the others are still running."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, Protocol

from tests.simulation.failure import Failure, shrunk_failure
from tests.simulation.plan import Plan
from tests.simulation.shrink import Budget, Simulate
from tests.simulation.tally import Tally

MOST_EXPLAINED = 3
LARGEST_CHUNK = 4
CHUNKS_A_JOB = 8
NEWS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Trial:
    """How a seed becomes a world: what is drawn, and what plays it. It travels to other processes."""

    draw: Callable[[int], Plan]
    simulate: Simulate
    backend: str = "trio"


class Audience(Protocol):
    """Who is told how it goes."""

    def told(self, tally: Tally) -> None:
        """Hear what is done so far; called at least every half second."""

    def shown(self, failure: Failure) -> None:
        """Hear of a failure, made small."""


def play_all(trial: Trial, seeds: range) -> Tally:
    """Play these seeds, one after the other, here."""
    tally = Tally()
    for seed in seeds:
        tally.add(trial.simulate(trial.draw(seed)))
    return tally


def explain(trial: Trial, seed: int, budget: Budget) -> Failure:
    """Play a seed that failed once more, and make its world small."""
    return shrunk_failure(trial.simulate, trial.simulate(trial.draw(seed)), trial.backend, budget)


@dataclass
class Runner:
    """Hands chunks of seeds to an executor; one failing seed of each broken promise is explained, three at most."""

    trial: Trial
    executor: Executor
    audience: Audience
    budget: Budget
    tally: Tally = field(default_factory=Tally)
    _chunks: list[Future[Tally]] = field(default_factory=list)  # in order of their seeds
    _failures: list[Future[Failure]] = field(default_factory=list)
    _explained: set[str] = field(default_factory=set)

    def run(self, seeds: range, jobs: int) -> tuple[Tally, float]:
        """Play them all; answers the sums, and the seconds until the last seed was played."""
        began = self.budget.clock()
        size = max(1, min(LARGEST_CHUNK, len(seeds) // (jobs * CHUNKS_A_JOB)))
        self._chunks = [self.executor.submit(play_all, self.trial, chunk) for chunk in chunks(seeds, size)]
        try:
            while self._chunks:
                self._wait_for(self._chunks + self._failures)
            seconds = self.budget.clock() - began
            while self._failures:
                self._wait_for(self._failures)
        finally:
            self.executor.shutdown(wait=False, cancel_futures=True)
        return self.tally, seconds

    def _wait_for(self, work: Sequence[Future[Any]]) -> None:
        wait(work, NEWS_SECONDS, FIRST_COMPLETED)
        self._join_chunks()
        self._show_failures()
        self.audience.told(self.tally)

    def _join_chunks(self) -> None:
        for chunk in [one for one in self._chunks if one.done()]:
            self._chunks.remove(chunk)
            self.tally.join(chunk.result())
            for seed, invariant in sorted(chunk.result().failed.items()):
                self._explain(seed, invariant)

    def _explain(self, seed: int, invariant: str) -> None:
        if invariant not in self._explained and len(self._explained) < MOST_EXPLAINED:
            self._explained.add(invariant)
            self._failures.append(self.executor.submit(explain, self.trial, seed, self.budget))

    def _show_failures(self) -> None:
        for failure in [one for one in self._failures if one.done()]:
            self._failures.remove(failure)
            self.audience.shown(failure.result())


def chunks(seeds: range, size: int) -> Iterator[range]:
    """Cut the seeds into pieces of one size; the last may be shorter."""
    return (seeds[start : start + size] for start in range(0, len(seeds), size))


def processes(jobs: int) -> ProcessPoolExecutor:
    """As many processes, each started afresh: nothing of this one's state reaches a world."""
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_at_an_interrupt)


def _end_at_an_interrupt() -> None:
    """Ctrl-C reaches every process of a terminal; a traceback from each would hide what was found."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
