"""Prints lines: one JSON object each for programs, a table for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.console.program import in_full

Line: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = Mapping[str, Callable[[Line], object]]

PIPED_WIDTH = 200


def show_lines(lines: Iterable[Line]) -> None:
    """Print each line as JSON."""
    for line in lines:
        typer.echo(json.dumps(line, ensure_ascii=False))


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
    typer.echo(in_full(_printable(sentence)))


def _cell(value: object) -> Text:
    """Names come from strangers: no markup, and nothing that a terminal would obey."""
    if value is None or value == "":
        return Text("–")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    return Text(_printable(str(value)))


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
