"""What a section is, and what it reports: one result for each run, each in a cell of steps by faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked for; `run`: the one of this name alone, as a failure's command gives it."""

    seed: int = 1
    quick: bool = False
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One run; `name` plays it again. `seconds`: from the question, or the fault's end, to the truth.

    `stage` is what it was played on, where a section has several. `notes`: figures that have no column. Not `sprung`:
    the fault never came, so the run shows nothing.
    """

    section: str
    stage: str
    step: str
    fault: str
    name: str
    seconds: float
    wrong: str | None = None
    lost: bool = False
    doubled: bool = False
    notes: str = ""
    sprung: bool = True


NO_PIECE = "none that came"


def never_sprung(section: str, cell: tuple[str, str, str], name: str) -> Result:
    """Tell of a run whose fault never came: of this stage, step and fault."""
    return Result(section, *cell, name, 0.0, "its trap never sprang", sprung=False)


class Section(Protocol):
    """A part of the matrix, with a stage of its own."""

    @property
    def name(self) -> str:
        """One word, for `--only`."""
        ...

    def least(self, settings: Settings) -> int:
        """How many runs there are at least: with fewer something was left out in silence."""
        ...

    async def run(self, settings: Settings) -> list[Result]:
        """Do it all; a quick one takes its share of four minutes."""
        ...


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one fault at one step."""

    runs: int
    violations: int
    worst_seconds: float


Place = tuple[str, str, str, str]


def place(result: Result) -> Place:
    """The cell to which a run belongs."""
    return result.section, result.stage, result.step, result.fault


def cells(results: Iterable[Result]) -> dict[Place, Cell]:
    """Sum up, in the order in which they came."""
    found: dict[Place, Cell] = {}
    for one in results:
        cell = found.get(place(one), Cell(0, 0, 0.0))
        found[place(one)] = Cell(
            cell.runs + 1, cell.violations + (one.wrong is not None), max(cell.worst_seconds, one.seconds)
        )
    return found


def incomplete(sections: Sequence[Section], settings: Settings, results: Sequence[Result]) -> list[str]:
    """Say what was not played though it was asked for."""
    if settings.run is not None:
        return [] if results else [f"no run of {_names(sections)} is called {settings.run!r}"]
    counts = Counter(one.section for one in results)
    least = {one.name: max(1, one.least(settings)) for one in sections}
    return [f"{name}: {counts[name]} runs, {few} at least" for name, few in least.items() if counts[name] < few]


def _names(sections: Sequence[Section]) -> str:
    return ", ".join(section.name for section in sections)


def figures(results: Iterable[Result]) -> dict[str, Any]:
    """The last line."""
    every = list(results)
    return {
        "cells": len(cells(every)),
        "runs": len(every),
        "violations": sum(one.wrong is not None for one in every),
        "lost": sum(one.lost for one in every),
        "doubled": sum(one.doubled for one in every),
        "never_sprung": sum(not one.sprung for one in every),
        "worst_seconds_to_truth": round(max((one.seconds for one in every), default=0.0), 2),
    }
