"""The mutants fit today's source: a mistake that cannot be made proves nothing."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.catalogue import CATALOGUE, ELUSIVE, WRITTEN
from tests.mutants.mutant import DoesNotFit, Edit, Mutant, edited

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", WRITTEN, ids=[mutant.name for mutant in WRITTEN])
def test_each_mistake_fits_the_source_and_is_still_python(mutant: Mutant) -> None:
    sources = {edit.path: (ROOT / edit.path).read_text(encoding="utf-8") for edit in mutant.edits}

    for edit in mutant.edits:
        sources[edit.path] = edited(edit, sources[edit.path])

    assert all(ast.parse(source) for source in sources.values())


def test_mutants_are_told_apart_by_name() -> None:
    assert [name for name, count in Counter(mutant.name for mutant in WRITTEN).items() if count > 1] == []


def test_at_least_thirty_mistakes_are_hunted_and_each_elusive_one_is_written_down() -> None:
    assert len(CATALOGUE) >= 30
    assert {mutant.name for mutant in WRITTEN} >= ELUSIVE


def test_a_promise_that_a_mistake_has_to_break_is_one_of_the_simulation() -> None:
    wanted = [mutant.promise for mutant in WRITTEN if mutant.promise is not None]
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/simulation/*.py"))

    assert len(wanted) >= 5
    assert [promise for promise in wanted if f'"{promise}"' not in sources] == []


def test_table_of_the_readme_is_the_catalogue() -> None:
    table = (ROOT / "tests/mutants/README.md").read_text(encoding="utf-8").split("| --- | --- | --- | --- |\n")[1]

    rows = [line.removeprefix("| ").split(" | ")[:3] for line in table.splitlines()]

    assert rows == [[mutant.name, mutant.key, mutant.mistake.replace("|", "\\|")] for mutant in CATALOGUE]


def test_every_promise_of_the_table_is_one_of_the_simulation() -> None:
    table = (ROOT / "tests/mutants/README.md").read_text(encoding="utf-8").split("| --- | --- | --- | --- |\n")[1]
    promises = (ROOT / "tests/simulation/README.md").read_text(encoding="utf-8")

    broken = {line.removesuffix(" |").rpartition(" | ")[2] for line in table.splitlines()}

    assert {promise for promise in broken if promise not in promises} == set()


def test_an_edit_that_fits_twice_or_never_is_refused() -> None:
    with pytest.raises(DoesNotFit, match="2 times"):
        edited(Edit("x.py", "a", "b"), "a a")
    with pytest.raises(DoesNotFit, match="0 times"):
        edited(Edit("x.py", "a", "b"), "c")
