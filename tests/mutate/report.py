"""What became of the mutants: a table by folder, those that no test found, and a line for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

from tests.mutate.trial import End, Verdict

HEADINGS = ("folder", "mutants", "equivalent", "killed", "survived", "score")


@dataclass(frozen=True, slots=True)
class Tried:
    """One mutant, as the report tells of it; `verdict` None: it is known as no mistake, or was not tried."""

    folder: str
    place: str
    kind: str
    before: str
    after: str
    verdict: Verdict | None

    @property
    def is_missed(self) -> bool:
        """Tell whether it is a mistake that no test found."""
        return self.verdict is not None and self.verdict.end is not End.KILLED

    def __str__(self) -> str:
        said = self.verdict or "not tried"
        return f"{self.place}: {self.kind}: {said}\n    - {self.before}\n    + {self.after}"


@dataclass(frozen=True, slots=True)
class Score:
    """How many of some mutants were found."""

    mutants: int
    equivalent: int
    killed: int

    @property
    def survived(self) -> int:
        """Count those that no test found."""
        return self.mutants - self.equivalent - self.killed

    @property
    def percent(self) -> float:
        """Return the share that was found, of those that are mistakes."""
        mistakes = self.mutants - self.equivalent
        return 100.0 * self.killed / mistakes if mistakes else 100.0


def score(tried: Sequence[Tried]) -> Score:
    """Count them."""
    mistakes = [one for one in tried if one.verdict is not None]
    missed = [one for one in mistakes if one.is_missed]
    return Score(len(tried), len(tried) - len(mistakes), len(mistakes) - len(missed))


def survivors(tried: Sequence[Tried]) -> list[Tried]:
    """List those that no test found, in the order of the source."""
    return sorted((one for one in tried if one.is_missed), key=lambda one: one.place)


def draw_table(tried: Sequence[Tried]) -> Table:
    """A row a folder, and one for all."""
    table = Table(*HEADINGS, box=box.ROUNDED, title="mutants that the tests of their folder found")
    for folder in dict.fromkeys(one.folder for one in tried):
        table.add_row(folder, *_cells([one for one in tried if one.folder == folder]))
    table.add_section()
    table.add_row("all", *_cells(tried))
    return table


def as_json(tried: Sequence[Tried], goal: float) -> str:
    """Write the last line."""
    whole = score(tried)
    missed = [f"{one.place}: {one.before} -> {one.after}" for one in survivors(tried)]
    counts = {"mutants": whole.mutants, "equivalent": whole.equivalent, "killed": whole.killed}
    return json.dumps({**counts, "percent": round(whole.percent, 1), "goal": goal, "survived": missed})


def _cells(tried: Sequence[Tried]) -> tuple[str, ...]:
    counted = score(tried)
    numbers = (counted.mutants, counted.equivalent, counted.killed, counted.survived)
    return (*map(str, numbers), f"{counted.percent:.0f} %")
