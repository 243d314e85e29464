"""Which tests run through a line, the most particular first: what finds a mistake is mostly among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

MOST = 60  # tests; after them all are run
ABOVE = 4
RUN = "|run"


@dataclass(frozen=True, slots=True)
class Covered:
    """By file and line the tests; `sizes`: through how many lines each runs; and how long the slowest took."""

    tests: dict[str, dict[int, list[str]]]
    sizes: Counter[str]
    slowest_seconds: float = 0.0

    def near(self, path: str, lines: range) -> list[str]:
        """Name some tests that run through these lines; none for what runs at an import, or in another process."""
        by_line = self.tests.get(path, {})
        found = {test for line in lines for test in by_line.get(line, ())}
        if not found:  # a long statement is run at its first line
            found = {test for line in range(lines.start - ABOVE, lines.start) for test in by_line.get(line, ())}
        return sorted(found, key=lambda test: (self.sizes[test], test))[:MOST]


def read(place: Path, root: Path, slowest_seconds: float) -> Covered:
    """Read what coverage has written about a run with contexts."""
    data = CoverageData(str(place))
    data.read()
    tests: dict[str, dict[int, list[str]]] = {}
    sizes: Counter[str] = Counter()
    for file in data.measured_files():
        found = {line: _tests(contexts) for line, contexts in data.contexts_by_lineno(file).items()}
        tests[str(Path(file).relative_to(root))] = found
        sizes.update(test for of_a_line in found.values() for test in of_a_line)
    return Covered(tests, sizes, slowest_seconds)


def _tests(contexts: list[str]) -> list[str]:
    return [context.removesuffix(RUN) for context in contexts if context.endswith(RUN)]
