"""What came of all worlds, as a table for a person and as one line for machines."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich import box
from rich.table import Table

from tests.simulation.coverage import CELLS
from tests.simulation.tally import Tally

MOST_FAILED = 20


def figures(tally: Tally, seconds: float) -> dict[str, Any]:
    """The last line."""
    return {
        "seeds": tally.seeds,
        "taps": tally.taps,
        "simulated_hours": round(tally.simulated_seconds / 3600, 2),
        "schedules_per_second": round(tally.seeds / seconds, 2),
        "cells_covered": len(tally.cells),
        "cells": CELLS,
        "violations": tally.violations.total(),
        "violations_by_invariant": dict(sorted(tally.violations.items())),
        "faults": dict(sorted(tally.faults.items())),
        "failed_seeds": sorted(tally.failed)[:MOST_FAILED],
        "trace": tally.trace,
    }


def summary(tally: Tally, seconds: float) -> Table:
    """Everything that the last line says, and the cells that each fault was seen in."""
    table = Table(title="what was simulated", box=box.ROUNDED, title_justify="left")
    table.add_column("")
    table.add_column("count", justify="right")
    table.add_column("cells", justify="right")
    _add_sums(table, tally, seconds)
    _add_faults(table, tally)
    _add_violations(table, tally)
    return table


def _add_sums(table: Table, tally: Tally, seconds: float) -> None:
    table.add_row("seeds", f"{tally.seeds:,}")
    table.add_row("taps", f"{tally.taps:,}")
    table.add_row("simulated hours", f"{tally.simulated_seconds / 3600:,.1f}")
    table.add_row("schedules a second", f"{tally.seeds / seconds:,.1f}")
    table.add_row("cells (state × message × fault)", f"{CELLS:,}", f"{len(tally.cells):,}", end_section=True)


def _add_faults(table: Table, tally: Tally) -> None:
    cells = Counter(fault for _, _, fault in tally.cells)
    table.add_row("faults", f"{tally.faults.total():,}", style="bold")
    for fault in sorted(cells | tally.faults):
        table.add_row(f"  {fault}", f"{tally.faults[fault]:,}", f"{cells[fault]:,}")
    table.add_section()


def _add_violations(table: Table, tally: Tally) -> None:
    table.add_row("violations", f"{tally.violations.total():,}", style="bold red" if tally.violations else "bold green")
    for invariant, count in tally.violations.most_common():
        table.add_row(f"  {invariant}", f"{count:,}")
    if tally.failed:
        table.add_row("  seeds that failed", f"{len(tally.failed):,}")
