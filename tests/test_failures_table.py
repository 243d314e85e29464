"""The table of failures.md has a line for each of them, and every test that it names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.plugins.failures import KEYWORD, TEST, named

TESTS = Path(__file__).parent
ROW = re.compile(r"^\| (F\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
KEYS = [f"F{number}" for number in range(1, 41)]


def rows() -> list[tuple[str, str]]:
    """Each key, and what its line names as shown by."""
    return [(key, shown_by) for key, _, shown_by in ROW.findall((TESTS / "failures.md").read_text(encoding="utf-8"))]


@cache
def names_in(file: str) -> frozenset[str]:
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_failure_has_one_line() -> None:
    assert [key for key, _ in rows()] == KEYS


def test_every_line_names_a_test_and_nothing_else() -> None:
    assert [key for key, shown_by in rows() if TEST.sub("", shown_by).strip(", ") or not TEST.search(shown_by)] == []


def test_every_test_of_the_table_is_there() -> None:
    named = [(file, test) for _, shown_by in rows() for file, test in TEST.findall(shown_by)]

    assert [f"{file}::{test}" for file, test in named if test not in names_in(file)] == []


def test_tests_of_the_table_are_picked_by_its_name(request: pytest.FixtureRequest) -> None:
    """So the command that shows the table runs them; and no other test of the table's own file is among them."""
    collected = [item for item in request.session.items if isinstance(item, pytest.Function)]

    picked = {(item.path, item.originalname) for item in collected if KEYWORD in item.extra_keyword_matches}

    assert picked == named() & {(item.path, item.originalname) for item in collected}


def test_failure_that_a_test_bears_in_its_name_has_a_line_with_such_a_test() -> None:
    by_name = re.compile(r"test_(f\d+)_")
    borne = {key.upper() for path in TESTS.rglob("test_*.py") for key in by_name.findall(path.read_text("utf-8"))}

    named = {key for key, shown_by in rows() if f"test_{key.lower()}_" in shown_by}

    assert borne <= named
