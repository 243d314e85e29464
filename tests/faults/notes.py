"""The figures of a section that have no column in the matrix."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from tests.faults.results import Result


def show_notes(title: str, results: Sequence[Result]) -> None:
    """Print them on stderr, run by run."""
    table = Table("run", "seconds", "notes", title=title, box=box.ROUNDED, title_justify="left")
    for one in results:
        table.add_row(one.name, f"{one.seconds:.1f}", one.notes)
    Console(stderr=True, width=180).print(table)
