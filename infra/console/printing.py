"""Prints lines: one JSON object each for programs, a table for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.domain.escaping import escaped, in_one_line
from infra.console.program import in_full

Line: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = Mapping[str, Callable[[Line], object]]

PIPED_WIDTH = 200


def show_lines(lines: Iterable[Line]) -> None:
    """Print each line as JSON; what the stream lacks or a terminal would obey is escaped: a program loses nothing."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    for line in lines:
        _print(escaped(json.dumps(line, ensure_ascii=not is_unicode)))


def show_table(lines: Iterable[Line], columns: Columns, widest: int = PIPED_WIDTH) -> None:
    """Print a table with one row a line; what a column's function returns is shown as plain text."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for line in lines:
        table.add_row(*(_cell(read(line)) for read in columns.values()))
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)
    console.print(table, width=min(widest, console.width))


def show_sentence(sentence: str) -> None:
    """Print one sentence."""
    _print(in_full(in_one_line(sentence)))


def _print(text: str) -> None:
    # Not typer.echo: it takes an ASCII stream for a mistake, and writes UTF-8 into it.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _cell(value: object) -> Text:
    """Names come from strangers: no markup, and nothing that a terminal would obey."""
    if value is None or value == "":
        return Text("–")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    return Text(in_one_line(str(value)))
