"""The promises are those of docs/guarantees.md, their mistakes can be made, a command that proves nothing is told."""

from __future__ import annotations

import ast
import shlex
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.mutant import Edit, edited
from tests.promises.__main__ import figures
from tests.promises.promise import Promise, promise, promised
from tests.promises.table import PROMISES
from tests.promises.trial import ROOT, Ended, Trial, try_promise

GREEN, RED = Ended(0, "all is well", 1.0), Ended(2, "FAILED tests/x.py::test_it", 1.0)
PROMISE = promise("it", "It holds", "make it", "it does not")
EDIT = Edit("it.sh", "exit 0", "echo broken; exit 1")
BY_NAME = {promise.name: promise for promise in PROMISES}


def toy(tmp_path: Path, script: str) -> Path:
    """A project whose command is a script."""
    (tmp_path / "it.sh").write_text(script, encoding="utf-8")
    return tmp_path


def toy_promise(tells: str = "broken") -> Promise:
    return promise("it", "It holds", "sh it.sh", "it does not", EDIT, tells=tells)


def test_the_table_of_guarantees_is_this_one() -> None:
    page = (ROOT / "docs/guarantees.md").read_text(encoding="utf-8")

    assert sorted(promised(page)) == sorted((one.says, one.command) for one in PROMISES)


def test_a_table_is_read_line_by_line() -> None:
    table = "\n| promise | shown by |\n|---|---|\n| One | `make one` |\n| Two | `make two`; more: `make more` |\n"
    page = f"## The table\n{table}\n## Else\n\n| x | `y` |\n"

    assert promised(page) == [("One", "make one"), ("Two", "make two")]


def test_promises_are_told_apart_by_name() -> None:
    assert [name for name, count in Counter(one.name for one in PROMISES).items() if count > 1] == []


@pytest.mark.parametrize("promise", PROMISES, ids=[promise.name for promise in PROMISES])
def test_each_mistake_fits_the_source(promise: Promise) -> None:
    sources = {edit.path: (ROOT / edit.path).read_text(encoding="utf-8") for edit in promise.edits}

    for edit in promise.edits:
        sources[edit.path] = edited(edit, sources[edit.path])

    assert promise.edits
    assert all(ast.parse(source) for path, source in sources.items() if path.endswith(".py"))


@pytest.mark.parametrize(
    "promise", [one for one in PROMISES if one.sample], ids=[one.name for one in PROMISES if one.sample]
)
def test_a_sample_is_the_same_command_with_less_of_it(promise: Promise) -> None:
    sample, command = shlex.split(promise.sample), shlex.split(promise.command)

    assert sample[:2] == command[:2]
    assert command[1] != "test" or sample[2].startswith(f"{command[2]} ")


@pytest.mark.parametrize(
    ("trial", "wrong"),
    [
        (Trial(PROMISE, GREEN, RED), None),
        (Trial(PROMISE, GREEN, GREEN), "its command stays green when it is broken"),
        (Trial(PROMISE, RED, None), "its command ends with 2 though nothing is broken"),
        (
            Trial(PROMISE, GREEN, Ended(2, "ImportError", 1.0)),
            "its command is red for another reason: it does not say 'FAILED tests/'",
        ),
    ],
)
def test_command_that_proves_nothing_is_told(trial: Trial, wrong: str | None) -> None:
    assert trial.wrong == wrong
    assert figures([trial])["proven"] == (wrong is None)


def test_command_that_notices_its_mistake_proves_its_promise(tmp_path: Path) -> None:
    trial = try_promise(toy_promise(), toy(tmp_path, "exit 0\n"))

    assert (trial.wrong, trial.broken and trial.broken.status) == (None, 1)
    assert (tmp_path / "it.sh").read_text(encoding="utf-8") == "exit 0\n"


def test_command_that_looks_away_proves_nothing(tmp_path: Path) -> None:
    trial = try_promise(toy_promise(), toy(tmp_path, "true\nexit $?  # exit 0\n"))

    assert trial.wrong == "its command stays green when it is broken"


def test_command_that_is_red_anyway_proves_nothing(tmp_path: Path) -> None:
    trial = try_promise(toy_promise(), toy(tmp_path, "false || exit 3; exit 0\n"))

    assert trial.wrong == "its command ends with 3 though nothing is broken"


def test_what_looks_whether_the_mistake_can_be_made_notices_nothing(tmp_path: Path) -> None:
    """It is red once the mistake was made, and was all that was red of many a promise."""
    looks = "from pathlib import Path\n\n\ndef test_it():\n    assert 'broken' not in Path('it.sh').read_text()\n"
    folder = toy(tmp_path, f"{sys.executable} -m pytest -q -p no:cacheprovider tests && exit 0\n") / "tests/promises"
    folder.mkdir(parents=True)
    (folder / "test_fits.py").write_text(looks, encoding="utf-8")
    (tmp_path / "tests/test_else.py").write_text("def test_all_is_well():\n    pass\n", encoding="utf-8")
    promise = replace(toy_promise(), edits=(Edit("it.sh", "exit 0", "true  # broken"),))

    trial = try_promise(promise, tmp_path)

    assert trial.wrong == "its command stays green when it is broken"


@pytest.mark.timeout(300)  # two starts of pytest, on a busy machine
def test_forged_link_is_noticed_by_the_tests_of_links() -> None:
    """A real line of the table, of which so much is run that it takes seconds."""
    links = BY_NAME["links"]
    few = promise(links.name, links.says, "python -m pytest -q tests/infra/media/test_links.py", "", *links.edits)

    assert try_promise(few).wrong is None
