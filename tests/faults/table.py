"""The matrix for a person: steps by faults, with runs, violations and the longest way to the truth in each cell."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from tests.faults.results import Cell, Result, cells, figures

NOT_RUN = "–"


def tables(results: Sequence[Result]) -> list[Table]:
    """One for each stage."""
    return [_table(title, lines) for title, lines in _stages(results)]


def markdown(results: Sequence[Result], command: str) -> str:
    """The same as a page."""
    every = figures(results)
    parts = [
        "# The failure matrix",
        "",
        f"Made by `{command}`.",
        "A cell says how often the fault was made at this step, how many of these runs broke a promise, and the",
        "longest time until caller, rows and cards agreed on the truth.",
        "",
        f"Together: {every['cells']:,} cells, {every['runs']:,} runs; {every['violations']} broken,",
        f"{every['lost']} lost, {every['doubled']} doubled; {every['worst_seconds_to_truth']} s at most to the truth.",
    ]
    for title, lines in _stages(results):
        faults = _faults(lines)
        parts += ["", f"## {title}", "", _line(["step", *faults]), _line(["---"] * (len(faults) + 1))]
        parts += [_line(row) for row in _rows(lines, faults)]
    return "\n".join(parts) + "\n"


def _stages(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    found: dict[str, list[Result]] = {}
    for one in results:
        found.setdefault(f"{one.section}: {one.stage}", []).append(one)
    return list(found.items())


def _faults(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(one.fault for one in results))


def _rows(results: Sequence[Result], faults: list[str]) -> list[list[str]]:
    found = {(step, fault): cell for (_, _, step, fault), cell in cells(results).items()}
    steps = dict.fromkeys(one.step for one in results)
    return [[step, *(_words(found.get((step, fault))) for fault in faults)] for step in steps]


def _words(cell: Cell | None) -> str:
    if cell is None:
        return NOT_RUN
    broken = f", {cell.violations} broken" if cell.violations else ""
    return f"{cell.runs}{broken}, {cell.worst_seconds:.1f} s"


def _line(words: Sequence[str]) -> str:
    return "| " + " | ".join(words) + " |"


def _table(title: str, results: Sequence[Result]) -> Table:
    faults = _faults(results)
    table = Table(title=f"{title} (runs, longest way to the truth)", box=box.ROUNDED, title_justify="left")
    table.add_column("step")
    for fault in faults:
        table.add_column(fault, justify="right")
    for row in _rows(results, faults):
        table.add_row(*row, style="bold red" if any("broken" in word for word in row) else None)
    return table
