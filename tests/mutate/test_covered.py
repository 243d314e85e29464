"""Which tests run through a line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from coverage import CoverageData

from tests.mutate.covered import MOST, Covered, read


def test_most_particular_tests_of_a_line_come_first_and_not_too_many() -> None:
    many = [f"t{number}" for number in range(MOST + 5)]
    sizes = Counter({"wide": 900, "narrow": 3, **dict.fromkeys(many, 10)})
    covered = Covered({"x.py": {7: ["wide", "narrow"], 9: many}}, sizes)

    assert covered.near("x.py", range(7, 8)) == ["narrow", "wide"]
    assert len(covered.near("x.py", range(7, 10))) == MOST
    assert covered.near("x.py", range(10, 11))[0] == "narrow"
    assert covered.near("x.py", range(90, 91)) == covered.near("y.py", range(7, 8)) == []


def test_what_runs_at_an_import_belongs_to_no_test(tmp_path: Path) -> None:
    source = str(tmp_path / "source.py")
    data = CoverageData(str(tmp_path / "data"))
    data.add_lines({source: [1]})
    data.set_context("test_x.py::test_it|setup")
    data.add_lines({source: [2]})
    data.set_context("test_x.py::test_it|run")
    data.add_lines({source: [3, 4]})
    data.write()

    covered = read(tmp_path / "data", tmp_path, 1.5)

    assert covered.tests == {"source.py": {1: [], 2: [], 3: ["test_x.py::test_it"], 4: ["test_x.py::test_it"]}}
    assert (covered.sizes, covered.slowest_seconds) == ({"test_x.py::test_it": 2}, 1.5)
