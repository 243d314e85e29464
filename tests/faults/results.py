"""What a section is, and what it reports: one result for each run, each in a cell of steps by faults."""

from __future__ import annotations

from collections.abc import Iterable
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

    `stage` is what it was played on, where a section has several. `notes`: figures that have no column.
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


class Section(Protocol):
    """A part of the matrix, with a stage of its own."""

    @property
    def name(self) -> str:
        """One word, for `--only`."""
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


def figures(results: Iterable[Result]) -> dict[str, Any]:
    """The last line."""
    every = list(results)
    return {
        "cells": len(cells(every)),
        "runs": len(every),
        "violations": sum(one.wrong is not None for one in every),
        "lost": sum(one.lost for one in every),
        "doubled": sum(one.doubled for one in every),
        "worst_seconds_to_truth": round(max((one.seconds for one in every), default=0.0), 2),
    }
