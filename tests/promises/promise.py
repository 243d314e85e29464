"""A line of the table of docs/guarantees.md, and the mistake that breaks exactly what it promises."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.mutants.catalogue import WRITTEN
from tests.mutants.mutant import Edit

# A line of the table: the promise, and the first command in the other column.
LINE = re.compile(r"^\| (.+) \| `([^`]+)`.* \|$", re.MULTILINE)
HEADING = "## The table"
MUTANTS = {mutant.name: mutant for mutant in WRITTEN}


@dataclass(frozen=True, slots=True)
class Promise:
    """`name` picks it; `says` and `command` are what docs/guarantees.md has.

    `edits` break it, as `broken_by` puts it; then the command has to end badly, and to print `tells`.
    `sample`: the same command with less of it, which is what is run unless all of it is asked for.
    """

    name: str
    says: str
    command: str
    broken_by: str
    edits: tuple[Edit, ...]
    tells: str
    sample: str


def promise(
    name: str, says: str, command: str, broken_by: str, *edits: Edit, tells: str = "FAILED tests/", sample: str = ""
) -> Promise:
    """Write a promise down as it stands in the table: the edits after what they come to."""
    return Promise(name, says, command, broken_by, edits, tells, sample)


def tests(words: str) -> str:
    """The command that picks tests by name."""
    return f"make test ARGS='-k \"{words}\"'"


def tests_in(words: str, *places: str) -> str:
    """The same, looked for in these places only: to collect all tests takes longer than to run a few."""
    return f"make test ARGS='-k \"{words}\" {' '.join(places)}'"


def known(name: str) -> tuple[Edit, ...]:
    """The mistake of this name in the catalogue of those that the simulation must find."""
    return MUTANTS[name].edits


def promised(page: str) -> list[tuple[str, str]]:
    """Read the table: each promise with its command."""
    section = page.split(f"{HEADING}\n", 1)[1].split("\n## ", 1)[0]
    return LINE.findall(section)
