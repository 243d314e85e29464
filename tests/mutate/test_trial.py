"""How a mutant ends: by tests that turn red twice, in a copy, and what the report makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.mutate.change import Change, Kind
from tests.mutate.report import Tried, as_json, score, survivors
from tests.mutate.trial import End, Run, Verdict, judge, open_copy

GREEN = Run(0, "12 passed")
RED = Run(1, "FAILED tests/test_x.py::test_y[a - b] - assert 1 == 2")
ALL = ["tests/test_w.py", "tests/test_x.py"]


def scripted(*runs: Run) -> tuple[Callable[[Sequence[str]], Run], list[list[str]]]:
    """Runs that end so, and what each was asked for."""
    asked: list[list[str]] = []

    def run(tests: Sequence[str]) -> Run:
        asked.append(list(tests))
        return runs[len(asked) - 1]

    return run, asked


def test_what_turns_red_twice_is_killed_by_that_test() -> None:
    run, asked = scripted(RED, RED)

    assert judge(run, ALL) == Verdict(End.KILLED, "tests/test_x.py")
    assert asked == [ALL, ["tests/test_x.py"]]


def test_what_turns_red_by_chance_has_found_nothing() -> None:
    run, asked = scripted(RED, GREEN, GREEN)

    assert judge(run, ALL) == Verdict(End.SURVIVED)
    assert asked == [ALL, ["tests/test_x.py"], ALL]


def test_run_that_hung_by_chance_has_found_nothing() -> None:
    hung = Run(1, "+++++ Timeout +++++")
    run, asked = scripted(hung, GREEN, GREEN)

    assert judge(run, ALL) == Verdict(End.SURVIVED)
    assert asked == [ALL, ALL, ALL]


def test_slowest_test_of_a_run_is_known_from_what_it_prints() -> None:
    printed = ["12 passed", "0.41s call     tests/test_x.py::test_y", "1.50s setup    tests/test_w.py::test_z"]

    assert (Run(0, "\n".join(printed)).slowest_seconds, GREEN.slowest_seconds) == (1.5, 0.0)


@pytest.mark.parametrize(
    ("run", "end"),
    [
        (GREEN, End.SURVIVED),
        (Run(None, ""), End.ENDLESS),
        (Run(4, "ImportError while loading conftest"), End.KILLED),
        (Run(-11, ""), End.KILLED),
    ],
    ids=["green", "stopped by us", "unusable", "crashed"],
)
def test_run_ends_a_mutant_in_one_way(run: Run, end: End) -> None:
    assert judge(scripted(run, run)[0], ALL) == Verdict(end)


def test_run_without_tests_is_a_fault_of_ours() -> None:
    with pytest.raises(AssertionError, match="no tests ran"):
        judge(scripted(Run(5, "no tests ran"))[0], ALL)


def test_mistake_is_made_in_a_copy_and_undone_there(tmp_path: Path) -> None:
    (tmp_path / "source.py").write_text("BOUND = 1\n")
    (tmp_path / "test_bound.py").write_text("from source import BOUND\ndef test_it(): assert BOUND == 1\n")
    change = Change("source.py", Kind.CONSTANT, 8, 9, "2")

    with open_copy(tmp_path) as copy, copy.changed(change):
        run = copy.run(["test_bound.py"])

    assert (run.is_red, run.failed) == (True, "test_bound.py")
    assert (tmp_path / "source.py").read_text() == "BOUND = 1\n"


def tried(place: str, verdict: Verdict | None) -> Tried:
    return Tried("actors", place, "constant", "x = 1", "x = 2", verdict)


TRIED = [
    tried("b.py:2", Verdict(End.SURVIVED)),
    tried("a.py:1", Verdict(End.ENDLESS)),
    *[tried(f"c.py:{line}", Verdict(End.KILLED, "test_c.py")) for line in range(6)],
    tried("d.py:9", None),
]


def test_score_is_of_mistakes_alone_and_an_endless_run_has_found_nothing() -> None:
    counted = score(TRIED)

    assert (counted.mutants, counted.equivalent, counted.killed, counted.survived) == (9, 1, 6, 2)
    assert (counted.percent, score([]).percent) == (75.0, 100.0)


def test_survivors_are_told_in_order_with_what_they_change() -> None:
    assert [one.place for one in survivors(TRIED)] == ["a.py:1", "b.py:2"]
    assert str(survivors(TRIED)[0]) == "a.py:1: constant: endless\n    - x = 1\n    + x = 2"
    assert json.loads(as_json(TRIED, 95.0))["survived"] == ["a.py:1: x = 1 -> x = 2", "b.py:2: x = 1 -> x = 2"]
