"""`make media`: adds each kind of file, holds what is published to the rules, and writes the table of docs/media.md."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.media.adding import add
from tests.media.table import KINDS, PAGE, Row, written


def measure() -> int:
    """Add each kind; returns the exit status: 1 if one of them became something else than it should."""
    rows, wrong = [], 0
    for kind in KINDS:
        with TemporaryDirectory() as folder:
            path = Path(folder) / kind.file_name
            kind.make(path)
            faults, row = _in_a_process_of_its_own(kind.name, path)
        rows.append(row)
        wrong += bool(faults)
        sys.stdout.write(f"{row.name}: {'; '.join(faults) or row.published}, {row.seconds:.1f} s, {row.megabytes} MB\n")
        sys.stdout.flush()
    if not wrong:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
    sys.stdout.write(f"{len(rows) - wrong} passed, {wrong} failed\n")
    return 1 if wrong else 0


def _in_a_process_of_its_own(name: str, path: Path) -> tuple[list[str], Row]:
    """One each, because a process tells the most that any of its children needed of memory, and never less again."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(add, name, path).result()


if __name__ == "__main__":
    sys.exit(measure())
