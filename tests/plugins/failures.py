"""`-k failures_table` picks every test that the table of failures names: a table of names alone proves nothing."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
KEYWORD = "failures_table"


@cache
def named() -> frozenset[tuple[Path, str]]:
    """The tests of the table, by file and function."""
    return frozenset((TESTS / file, name) for file, name in TEST.findall((TESTS / "failures.md").read_text("utf-8")))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have the test found by the name of the table."""
    if isinstance(item, pytest.Function) and (item.path, item.originalname) in named():
        item.extra_keyword_matches.add(KEYWORD)
