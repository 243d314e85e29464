"""Which mistakes are found in a source, and how each reads."""

from __future__ import annotations

import ast

import pytest

from tests.mutate.change import Change, Kind
from tests.mutate.finder import changes


def found(source: str) -> list[tuple[Kind, str]]:
    return [(one.kind, one.applied(source.encode()).decode()) for one in changes("x.py", source.encode())]


@pytest.mark.parametrize(
    ("source", "mistakes"),
    [
        ("x = a < b", ["x = a <= b", "x = a >= b"]),
        ("x = (a) >= (b)", ["x = (a) < (b)", "x = (a) > (b)"]),
        ("x = a == b != c", ["x = a != b != c", "x = a == b == c"]),
        ("x = a is not None", ["x = a is None"]),
        ("x = a not  in b", ["x = a in b"]),
    ],
)
def test_comparison_has_another_border_or_another_sense(source: str, mistakes: list[str]) -> None:
    assert found(source) == [(Kind.COMPARISON, mistake) for mistake in mistakes]


@pytest.mark.parametrize(
    ("source", "mistakes"),
    [
        ("x = a and b", ["x = a or b"]),
        ("x = not (a or b)", ["x = (a or b)", "x = not (a and b)"]),
        ("x = a if b.c else d", ["x = a if not b.c else d"]),
        ("while here():\n  x = 'ä'", ["while not here():\n  x = 'ä'"]),
    ],
)
def test_condition_is_turned_round(source: str, mistakes: list[str]) -> None:
    assert found(source) == [(Kind.CONDITION, mistake) for mistake in mistakes]


@pytest.mark.parametrize(
    ("source", "mistakes"),
    [
        ("x = 0", ["x = 1"]),
        ("x = 30.0", ["x = 300.0"]),
        ("x = 0.0", ["x = 1.0"]),
        ("x = f(y=True)", ["x = f(y=False)"]),
        ("x = 'text'", []),
    ],
)
def test_count_is_off_by_one_and_a_duration_ten_times_too_long(source: str, mistakes: list[str]) -> None:
    assert found(source) == [(Kind.CONSTANT, mistake) for mistake in mistakes]


@pytest.mark.parametrize(
    "statement", ["f()", "await f()", "x.y = z", "x[y] = z", "x += y", "raise x", "return x", "del x[y]"]
)
def test_statement_is_left_out(statement: str) -> None:
    source = f"async def g():\n    {statement}\n    pass"

    assert found(source) == [(Kind.STATEMENT, "async def g():\n    pass\n    pass")]


def test_arguments_change_places() -> None:
    assert found("x = f(a,  b, c)") == [(Kind.ARGUMENTS, "x = f(b,  a, c)"), (Kind.ARGUMENTS, "x = f(a,  c, b)")]


@pytest.mark.parametrize(
    "source",
    [
        '"""Words."""',
        "x = y",
        "x: Literal[1] = y",
        "def f(x: Literal[1]) -> Literal[2]: ...",
        "@dataclass(frozen=True)\nclass X: ...",
        "assert x > 1",
        "assert_never(x, y)",
        "x = max(y, z)",
        "x = zip(y, strict=True)",
        "X = TypeVar('X', covariant=True)",
        "x = f(*y, *z)",
        "x = f(y, y)",
    ],
)
def test_what_no_test_could_find_is_left_alone(source: str) -> None:
    assert found(source) == []


def test_place_is_told_by_lines_also_after_letters_of_two_bytes() -> None:
    source = "x = 'ä'\ny = (\n    a\n    < b\n)\n".encode()
    change = changes("x.py", source)[0]

    assert (change.line(source), change.before(source), change.after(source)) == (4, "< b", "<= b")


def test_each_mistake_in_a_source_of_ours_is_still_python() -> None:
    with open(__file__, "rb") as file:
        source = file.read()

    assert all(ast.parse(change.applied(source)) for change in changes("test_finder.py", source))


def test_lines_that_a_change_removes_are_told_in_one() -> None:
    source = b"x = 1\nf(\n    a,\n)\n"
    change = Change("x.py", Kind.STATEMENT, source.index(b"f("), source.index(b"\n)") + 2, "pass")

    assert (change.before(source), change.after(source)) == ("f( a, )", "pass")
