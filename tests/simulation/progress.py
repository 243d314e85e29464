"""How it goes, while it goes: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tests.simulation.failure import Failure
from tests.simulation.runner import Audience
from tests.simulation.tally import Tally

LINE_SECONDS = 10.0


@dataclass
class Bar:
    """For a terminal."""

    progress: Progress
    task: TaskID

    def told(self, tally: Tally) -> None:
        """Move on."""
        self.progress.update(self.task, completed=tally.seeds, description=_described(tally))

    def shown(self, failure: Failure) -> None:
        """Print above the bar."""
        show(self.progress.console, failure)


@dataclass
class Lines:
    """For a log: one line every ten seconds of `clock`."""

    console: Console
    total: int
    clock: Callable[[], float]
    next_at: float

    def told(self, tally: Tally) -> None:
        """Print, if it is time again."""
        if self.clock() >= self.next_at:
            self.next_at = self.clock() + LINE_SECONDS
            self.console.print(f"{tally.seeds:,} of {self.total:,} seeds, {_described(tally)}", highlight=False)

    def shown(self, failure: Failure) -> None:
        """Print at once."""
        show(self.console, failure)


@contextmanager
def following(console: Console, total: int) -> Iterator[Audience]:
    """Open what fits the console."""
    if not console.is_terminal:
        yield Lines(console, total, time.perf_counter, time.perf_counter() + LINE_SECONDS)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True) as progress:
        yield Bar(progress, progress.add_task("", total=total))


def show(console: Console, failure: Failure) -> None:
    """Print a failure as it is: what people wrote in it is no markup."""
    for line in ("", *failure.lines, ""):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _described(tally: Tally) -> str:
    return f"{tally.taps:,} taps, {tally.violations.total():,} violations"
