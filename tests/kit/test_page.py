"""The examples of README.md pass as they stand there, and the test in each is ten lines at most."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
EXAMPLES: list[str] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def lines_of_its_test(example: str) -> int:
    _, test = example.split("async def test_")
    return len([line for line in test.splitlines() if line.strip()])


def test_examples_of_the_page_pass(pytester: pytest.Pytester, play: Callable[..., pytest.RunResult]) -> None:
    pytester.makepyfile(**{f"test_{number}": example for number, example in enumerate(EXAMPLES)})

    play().assert_outcomes(passed=2 * len(EXAMPLES))


def test_actor_is_tested_in_ten_lines() -> None:
    assert len(EXAMPLES) >= 3
    assert max(map(lines_of_its_test, EXAMPLES)) <= 10
