"""What became of the mutants: a table for people, one for the documents, and a line for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich import box
from rich.table import Table

from tests.mutants.mutant import Mutant
from tests.mutants.trial import Verdict

Tried = Sequence[tuple[Mutant, Sequence[Verdict]]]


def draw_table(tried: Tried, profiles: Sequence[str]) -> Table:
    """A row a mutant, a column a profile: after how many seeds it was found."""
    table = Table(box=box.ROUNDED, title="seeds until each mistake was found")
    for heading in ("mutant", "key", *profiles, "invariant", "seconds"):
        table.add_column(heading, justify="right" if heading in {*profiles, "seconds"} else "left")
    for mutant, verdicts in tried:
        table.add_row(mutant.name, mutant.key, *map(_cell, verdicts), _invariant(verdicts), _seconds(verdicts))
    return table


def as_markdown(tried: Tried, profiles: Sequence[str]) -> str:
    """Write the same table for the documents, with the mistakes in words."""
    headings = ("mutant", "key", "the mistake", *profiles, "the promise that broke")
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    for mutant, verdicts in tried:
        cells = (mutant.name, mutant.key, mutant.mistake, *map(_cell, verdicts), _invariant(verdicts))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def as_json(tried: Tried, control: Verdict) -> str:
    """Write the last line; the control is the hunt without a mistake, which must find nothing."""
    crashed = [mutant.name for mutant, verdicts in tried if any(one.crash for one in verdicts)]
    missed = [mutant.name for mutant, verdicts in tried if not any(one.found for one in verdicts)]
    found = len(tried) - len(missed)
    unharmed = {"seeds": control.seeds, "seed": control.seed, "invariant": control.invariant, "crash": control.crash}
    told = {"mutants": len(tried), "found": found, "missed": missed, "crashed": crashed, "control": unharmed}
    return json.dumps(told)


def _cell(verdict: Verdict) -> str:
    if verdict.crash is not None:
        return "crash"
    return str(verdict.seeds) if verdict.found else f"not in {verdict.seeds}"


def _invariant(verdicts: Sequence[Verdict]) -> str:
    found = dict.fromkeys(verdict.invariant for verdict in verdicts if verdict.invariant is not None)
    return ", ".join(found) or "-"


def _seconds(verdicts: Sequence[Verdict]) -> str:
    return " / ".join(f"{verdict.seconds:.0f}" for verdict in verdicts)
