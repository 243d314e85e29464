"""The table of docs/media.md: a row for each kind of file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.media.kinds_of_films import FILMS
from tests.media.kinds_of_pictures import PICTURES

KINDS = (*PICTURES, *FILMS)
PAGE = Path(__file__).parents[2] / "docs" / "media.md"
HEAD = "| kind | what goes live | seconds | MB |\n|---|---|---|---|\n"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| [0-9.]+ \| [0-9]+ \|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """What became of one kind; `megabytes` is the most that one process needed at once."""

    name: str
    published: str
    seconds: float
    megabytes: int


def written(page: str, rows: Sequence[Row]) -> str:
    """Return the page with these rows in the place of its own."""
    before, _, after = page.partition(HEAD)
    rest = after.split("\n\n", 1)[1]
    table = "".join(f"| {row.name} | {row.published} | {row.seconds:.1f} | {row.megabytes} |\n" for row in rows)
    return f"{before}{HEAD}{table}\n{rest}"


def rows_of(page: str) -> list[tuple[str, str]]:
    """Return the kinds that a page tells of, and what it says of each."""
    return ROW.findall(page)
