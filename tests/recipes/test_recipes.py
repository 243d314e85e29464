"""Each recipe of CONTRIBUTING.md fits the tree as it stands: `make recipes` plays them whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from infra.settings import child_environment
from tests.mutants.mutant import DoesNotFit
from tests.promises.trial import NOT_COPIED, ROOT
from tests.recipes.recipe import NAMES, edit, read

FLOORS = ("actors", "docs", "infra", "tests")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for floor in FLOORS:
        copytree(ROOT / floor, tmp_path / floor, ignore=ignore_patterns(*NOT_COPIED, "screenshots", "*.xz"))
    return tmp_path


def typed(command: str, folder: Path) -> tuple[int, str]:
    words = [sys.executable if word == "python" else word for word in command.split()]
    around = child_environment({"PYTHONDONTWRITEBYTECODE": "1"})
    ended = subprocess.run(words, cwd=folder, env=around, capture_output=True, text=True, timeout=120, check=False)
    return ended.returncode, ended.stderr


def test_there_are_the_four_of_contributing() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert NAMES == ["actor", "operation", "table", "verb"]
    assert [name for name in NAMES if f"(docs/recipes/{name}.md)" not in page] == []


@pytest.mark.timeout(300)  # copies and starts of Python, on a busy machine
@pytest.mark.parametrize("name", NAMES)
def test_steps_of_a_recipe_fit(copy: Path, name: str) -> None:
    """All but its checks, which take minutes: the edits, and the commands that write files."""
    recipe = read(name)

    for kind, text in recipe.steps:
        if kind == "diff":
            edit(text, copy)
        elif text.startswith("python -m"):
            assert typed(text, copy) == (0, "")

    changed = [text.partition("+++ ")[2].partition("\n")[0] for kind, text in recipe.steps if kind == "diff"]
    assert typed(f"python -m compileall -q {' '.join(path for path in changed if path.endswith('.py'))}", copy)[0] == 0


@pytest.mark.parametrize("name", NAMES)
def test_recipe_ends_with_the_checks(name: str) -> None:
    check, test = read(name).commands[-2:]

    assert check == "make check"
    assert test.startswith('make test ARGS="tests/')


def test_recipe_that_does_not_fit_any_more_is_told(tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text("one = 1\n", encoding="utf-8")

    with pytest.raises(DoesNotFit, match=r"it\.py: the old text stands there 0 times"):
        edit("--- it.py\n+++ it.py\n@@\n two = 2\n+three = 3\n", tmp_path)


def test_edit_changes_what_stands_there_once(tmp_path: Path) -> None:
    (tmp_path / "it.py").write_text("one = 1\ntwo = 2\n", encoding="utf-8")

    edit("--- it.py\n+++ it.py\n@@\n one = 1\n-two = 2\n+two = 3\n", tmp_path)
    edit("--- /dev/null\n+++ new.py\n+it = 1\n+\n+is_new = True\n", tmp_path)

    assert (tmp_path / "it.py").read_text(encoding="utf-8") == "one = 1\ntwo = 3\n"
    assert (tmp_path / "new.py").read_text(encoding="utf-8") == "it = 1\n\nis_new = True\n"
