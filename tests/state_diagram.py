"""`python -m tests.state_diagram` writes the diagram of an item's states, as TRANSITIONS has them, into its page."""

from __future__ import annotations

import re
from pathlib import Path

from actors.domain.item import FINAL, TRANSITIONS

PAGE = Path(__file__).parents[1] / "docs/architecture.md"
DIAGRAM = re.compile(r"```mermaid\n.*?```", re.DOTALL)


def drawn() -> str:
    """Draw the rule book as a fenced block of mermaid."""
    moves = [f"{before.value} --> {after.value}: {step.value}" for (before, step), after in TRANSITIONS.items()]
    ends = sorted(f"{state.value} --> [*]" for state in FINAL)
    return "\n    ".join(["```mermaid\nstateDiagram-v2", "[*] --> waiting", *moves, *ends]) + "\n```"


def main() -> None:
    """Put it in the place of the one that stands there."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(DIAGRAM.sub(lambda _: drawn(), page, count=1), encoding="utf-8")


if __name__ == "__main__":
    main()
