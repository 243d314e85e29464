"""A recipe of docs/recipes/: its blocks are steps, edits and commands, which can be played in a copy of the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import Edit, edited

FOLDER = Path(__file__).parents[2] / "docs/recipes"
NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))
BLOCK = re.compile(r"^```(diff|sh)\n(.*?)^```", re.DOTALL | re.MULTILINE)
NEW = "--- /dev/null\n"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`steps` are in the page's order: an edit of one file (a diff without line numbers), or a command."""

    name: str
    steps: tuple[tuple[str, str], ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """What is typed."""
        return tuple(text for kind, text in self.steps if kind == "sh")


def read(name: str) -> Recipe:
    """Read the page of this name."""
    return Recipe(name, tuple(_steps((FOLDER / f"{name}.md").read_text(encoding="utf-8"))))


def edit(diff: str, root: Path) -> None:
    """Change one file below this folder as a diff says; raises DoesNotFit where its old text is not there once."""
    head, _, body = diff.partition("\n+++ ")
    path, _, body = body.partition("\n")
    place = root / path
    if f"{head}\n" == NEW:
        assert not place.exists(), f"{path} is there already"
        place.write_text(_side(body, "+"), encoding="utf-8")
        return
    text = place.read_text(encoding="utf-8")
    for hunk in body.split("@@\n")[1:]:
        text = edited(Edit(path, _side(hunk, "-"), _side(hunk, "+")), text)
    place.write_text(text, encoding="utf-8")


def _steps(page: str) -> Iterator[tuple[str, str]]:
    for kind, text in BLOCK.findall(page):
        if kind == "diff":
            yield kind, text
        else:
            yield from ((kind, line) for line in text.splitlines())


def _side(hunk: str, side: str) -> str:
    """The text before (`-`) or after (`+`) the change."""
    return "".join(line[1:] or line for line in hunk.splitlines(keepends=True) if line[0] in {" ", "\n", side})
